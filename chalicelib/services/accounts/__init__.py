"""A user's account: signing up, getting in, proving who one is, and what is held about oneself."""
