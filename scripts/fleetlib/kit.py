"""The kit: what is sent to every host, in one archive whose content names it."""

import hashlib
import os
import re
import shlex
import tarfile
from pathlib import Path

from .errors import Failed

quoted = shlex.quote


def pack(folder, binary, command, worker):
    """Puts `kit.tar` and `worker` into the folder, and answers with the kit's name: a hash of all that is in it."""
    files = {"headlock": Path(binary)}
    words = [word if "\n" not in word else refuse_line_end() for word in (sent(word, files) for word in command)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "command").write_text("".join(f"{word}\n" for word in words))
    files["command"] = folder / "command"
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(f"{digest(path)}  {name}\n" for name, path in files.items()))
    files["SHA256SUMS"] = sums
    with tarfile.open(folder / "kit.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        for name, path in files.items():
            archive.add(path, name, recursive=False, filter=plain)
    (folder / "worker").write_bytes(worker.read_bytes())
    return hashlib.sha256(sums.read_bytes() + worker.read_bytes()).hexdigest()[:16]


def plain(member):
    """The same content makes the same archive, whoever packs it and when."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.name == "headlock" else 0o644
    return member


def sent(word, files):
    """The word as a host will read it. A file that it names is added to `files`, with what stands beside a trace."""
    flag, equals, path = word.partition("=") if word.startswith("--") else ("", "", word)
    if not path or not re.search(r"[./]", path) or not os.path.exists(path):
        return word
    if not os.path.isfile(path):
        raise Failed(f"{path} is no file, and only files go along; name a file", 2)
    path = Path(path)
    stem = re.sub(r"\.csv(\.\w+)?$", "", path.name)
    beside = [path] if stem == path.name else [path, *path.parent.glob(f"{glob_safe(stem)}.*.csv*")]
    for file in beside:
        name = f"files/{file.name}"
        if files.setdefault(name, file) != file:
            raise Failed(f"{file} and {files[name]} have one name; rename one of them", 2)
    # With a slash, so that the loader takes it for a path.
    return f"{flag}{equals}./files/{path.name}"


def glob_safe(text):
    return re.sub(r"([*?[])", r"[\1]", text)


def refuse_line_end():
    raise Failed("a word of the command holds a line's end, which cannot be sent; leave it out", 2)


def digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}; build it, or name another", 1) from None
