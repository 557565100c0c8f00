"""Where results come home to: a folder a host, whole or absent, and nothing overwritten."""

import base64
import binascii
import fcntl
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import threading
from urllib.parse import quote

from .errors import Failed


class Home:
    """OUT, with what is under way in hidden folders that `headlock pool` does not read."""

    def __init__(self, out):
        self.out = out
        self.kit = None
        self.failed = {}

    def open(self, pack):
        """Packs the kit, and refuses a folder that holds results of another one."""
        self.out.mkdir(parents=True, exist_ok=True)
        # Held until the script ends: two at once would be in each other's way.
        self.lock = open(self.out / ".lock", "w", encoding="utf-8")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failed(f"another scripts/fleet is at work on {self.out}") from None
        packing = self.out / ".packing"
        shutil.rmtree(packing, ignore_errors=True)
        kit_id = pack(packing)
        kept = sorted(path.name for path in self.out.glob(".kit-*"))
        if kept and kept != [f".kit-{kit_id}"]:
            shutil.rmtree(packing)
            raise Failed(f"{self.out} was begun with another binary, command or file; name another --out")
        if not kept and any(not path.name.startswith(".") for path in self.out.iterdir()):
            shutil.rmtree(packing)
            raise Failed(f"{self.out} holds something else; name a folder that does not exist yet")
        self.kit = self.out / f".kit-{kit_id}"
        shutil.rmtree(self.kit, ignore_errors=True)
        packing.rename(self.kit)
        return kit_id

    def place(self, login):
        """The folder of a host."""
        name = quote(login, safe="@:+")
        return self.out / (name.replace(".", "%2E", 1) if name.startswith(".") else name)

    def has(self, login):
        """Whether a host's results are home."""
        return self.place(login).is_dir()

    def receive(self, missing, engine):
        """Runs the engine in the kit's folder; keeps each host's line as it comes, and what a host said last."""
        said = {}
        # The engine is told by its hosts, so their status is no news.
        try:
            process = subprocess.Popen(
                engine, cwd=self.kit, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise Failed(f"cannot start {engine[0]}: {error.strerror}; install it (Debian: {engine[0]})") from None
        listener = threading.Thread(target=listen, args=(process.stderr, missing, said))
        listener.start()
        for line in process.stdout:
            login, _, rest = line.decode(errors="replace").rstrip("\n").partition("\t")
            self.keep(login, rest)
        process.wait()
        listener.join()
        silent = "no answer: it died, or the way to it"
        if not any(login in said or self.has(login) for login in missing):
            silent = said.get(None, silent)
        for login in missing:
            if not self.has(login):
                self.failed.setdefault(login, said.get(login, silent))

    def drop_kit(self):
        """Leaves of the kit its name alone, which says what the results are of."""
        for path in self.kit.rglob("*"):
            if path.is_file():
                path.unlink()

    def collect_files(self, missing, engine, script):
        """Runs an engine that leaves files."""
        try:
            ended = subprocess.run(engine, input=script, text=True, capture_output=True, check=False)
        except OSError as error:
            raise Failed(f"cannot start {engine[0]}: {error.strerror}; run this where Slurm is installed") from None
        for name in missing:
            number = name.removeprefix("node-")
            line, said = (self.kit / f"{number}.{ending}" for ending in ("line", "said"))
            if line.exists() and line.stat().st_size:
                self.keep(name, line.read_text(errors="replace").rstrip("\n"))
            if not self.has(name):
                words = said.read_text(errors="replace").split("\n") if said.exists() else [ended.stderr.strip()]
                last = [word for word in words if word.strip()]
                self.failed.setdefault(name, last[-1] if last else "no answer: the job died, or never ran")

    def keep(self, login, line):
        """Unpacks what a host sent beside its place, then puts it there in one step."""
        place = self.place(login)
        arriving = self.out / f".arriving-{place.name}"
        shutil.rmtree(arriving, ignore_errors=True)
        try:
            checksum, _, packed = line.partition(" ")
            content = base64.b64decode(packed, validate=True)
            if hashlib.sha256(content).hexdigest() != checksum:
                raise ValueError("its checksum is wrong")
            unpack(content, arriving)
            if place.exists():
                raise ValueError(f"{place} is there already and stands")
            arriving.rename(place)
        except (ValueError, binascii.Error, tarfile.TarError, OSError, EOFError) as error:
            shutil.rmtree(arriving, ignore_errors=True)
            self.failed[login] = f"what came home is not whole: {error}"


def unpack(content, folder):
    """Files below `result/`, and nothing else: a host is not trusted with any other place."""
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            parts = member.name.split("/")
            if parts[0] != "result" or ".." in parts or not (member.isdir() or member.isfile()):
                raise ValueError(f"it holds {member.name!r}")
            to = folder.joinpath(*parts[1:])
            if member.isdir():
                to.mkdir(parents=True, exist_ok=True)
            else:
                to.parent.mkdir(parents=True, exist_ok=True)
                with open(to, "xb") as file:
                    shutil.copyfileobj(archive.extractfile(member), file)


def listen(stream, missing, said):
    """Keeps the last line that each host complained with; those that bear no host's name are the engine's."""
    for line in stream:
        text = line.decode(errors="replace").rstrip()
        login, tab, words = text.partition("\t")
        of_host = tab and login in missing
        # ssh ends its lines with a carriage return, and what follows it is another tag.
        words = (words if of_host else text).split("\r")[0]
        if words.strip():
            said[login if of_host else None] = words.strip()
            print(f"{login}: {words}" if of_host else words, file=sys.stderr)
