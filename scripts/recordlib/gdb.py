"""Recording by breakpoints: works wherever gdb may trace a process, and slows QEMU down at every call."""

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from .errors import RecordError
from .session import Watch, arguments

INSIDE = Path(__file__).resolve().parent / "inside_gdb.py"


def obstacle():
    """Why it cannot be used here; None if it can."""
    if not shutil.which("gdb"):
        return "it is not installed"
    if platform.machine() != "x86_64":
        return f"it reads the arguments of calls from x86-64's registers, and this is {platform.machine()}"
    asked = subprocess.run(["gdb", "-nx", "-batch", "-ex", "python print(1)"], capture_output=True, text=True, check=False)
    return None if asked.stdout.strip() == "1" else "it was built without Python"


def record(qemu, words, probes, seconds, scratch):
    """Runs QEMU; answers with the notes' file, the recording's end and the threads' names."""
    notes, said = scratch / "notes", scratch / "said"
    notes.touch()
    environment = {
        **os.environ,
        "HEADLOCK_NOTES": str(notes),
        "HEADLOCK_PROBES": " ".join(f"{probe.function}:{probe.word}:{probe.arguments}" for probe in probes),
        "PYTHONPATH": str(INSIDE.parent.parent),
    }
    command = ["gdb", "-nx", "-q", "-batch", "-x", str(INSIDE), "--args", *arguments(qemu, words)]
    with open(said, "w", encoding="utf-8") as log:
        tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment)
    with tracer:
        watch = Watch(wait_for_pid(notes, said, tracer), tracer)
        end = watch.last(seconds)
        try:
            tracer.wait(30)
        except subprocess.TimeoutExpired:
            tracer.kill()
    if trouble := trouble_before(end, notes):
        raise RecordError(f"gdb: {trouble}")
    return notes, end, watch.names


def trouble_before(end, notes):
    """What gdb could not do while the recording was on; None if it did everything."""
    for line in notes.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("# trouble "):
            at, problem = line.split(maxsplit=3)[2:]
            if int(at) < end:
                return problem
    return None


def wait_for_pid(notes, said, tracer):
    """The number of the process that gdb has started, which stands in the first note."""
    for _ in range(600):
        first = notes.read_text(encoding="utf-8").partition("\n")
        if first[1] and first[0].startswith("# pid "):
            return int(first[0].split()[2])
        if tracer.poll() is not None:
            break
        time.sleep(0.1)
    tracer.kill()
    text = said.read_text(encoding="utf-8", errors="replace")
    if "ptrace" in text or "race the inferior" in text:
        raise RecordError("gdb may not trace a process here: a container needs --cap-add=SYS_PTRACE, a system kernel.yama.ptrace_scope below 3")
    lines = [line for line in text.splitlines() if line.strip()]
    raise RecordError(f"gdb: {lines[-1] if lines else 'did not start QEMU within a minute'}")
