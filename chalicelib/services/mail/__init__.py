"""Mail to prospects: written, sent, followed, refused."""
