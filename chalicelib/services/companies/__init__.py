"""The company: its people, its rules, what it has subscribed to."""
