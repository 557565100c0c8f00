"""What can be wrong, each told to the user in one line."""


class Broken(Exception):
    """The result directory cannot be plotted. The message says where, what is wrong, and what would be right."""


class Usage(Exception):
    """The command line asks for something that the directory does not have."""


def one_line(message):
    """The message without line breaks and control characters, which a file's content may have brought in."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(str(message).split()))


def shown(cell):
    """A cell's text as quoted in a message: short, whatever the file holds."""
    return f'"{cell[:40]}…"' if len(cell) > 40 else f'"{cell}"'
