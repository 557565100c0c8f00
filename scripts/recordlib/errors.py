"""What goes wrong, in one line for the user."""


class RecordError(Exception):
    """Why there is no trace."""
