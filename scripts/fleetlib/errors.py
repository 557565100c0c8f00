"""What a user is told in one line."""


class Failed(Exception):
    """Ends the script with this message and exit status."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status
