"""What can go wrong, told to the user in one line."""


class Failed(Exception):
    """A run cannot be played or its files cannot be read. The message says which, and what would be right."""
