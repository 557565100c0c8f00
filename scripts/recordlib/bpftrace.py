"""Recording by uprobes: QEMU runs at nearly its own speed, and the kernel notes each call."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from .errors import RecordError
from .probes import NEW_LIST, READ_CLOCK
from .session import Watch, arguments

# Pages of the buffer of each processor, 16 MiB; bpftrace 0.17 does not get four times as much, and waits for it for ever.
PAGES = "4096"


def obstacle(qemu):
    """Why it cannot be used here; None if it can."""
    if not shutil.which("bpftrace"):
        return "it is not installed"
    if os.geteuid() != 0:
        return "it needs root"
    if not Path("/sys/bus/event_source/devices/uprobe").exists():
        return "the kernel has no uprobes (CONFIG_UPROBES, CONFIG_BPF_EVENTS)"
    if not any(Path(place, "uprobe_events").exists() for place in ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")):
        return "tracefs is not mounted (mount -t tracefs nodev /sys/kernel/tracing)"
    program = f"uprobe:{qemu}:timer_mod_ns {{ }} interval:ms:1 {{ exit(); }}"
    tried = subprocess.run(["bpftrace", "-e", program], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        complaint = [line for line in tried.stderr.splitlines() if "ERROR" in line] or [f"it ended with {tried.returncode}"]
        return complaint[0]
    return None


def program(qemu, pid, probes):
    """The bpftrace program that notes every call in one process."""
    only = f"/pid == {pid}/"
    reading = 'printf("%llu %d clock %d 0x%llx %llu\\n", $now, tid, $kind, retval, $called);'
    lines = ['BEGIN { printf("# ready\\n"); }']
    for probe in probes:
        form = " 0x%llx" * probe.arguments
        values = "".join(f", arg{number}" for number in range(probe.arguments))
        lines.append(f'uprobe:{qemu}:{probe.function} {only} {{ printf("%llu %d {probe.word}{form}\\n", nsecs, tid{values}); }}')
    lines += [
        f"uprobe:{qemu}:{NEW_LIST} {only} {{ @new[tid] = arg0; }}",
        f'uretprobe:{qemu}:{NEW_LIST} {only} {{ printf("%llu %d list_new 0x%llx 0x%llx\\n", nsecs, tid, @new[tid], retval); }}',
        # A reading is noted if it says more of the clock's lead than those before: clocks.py.
        f"uprobe:{qemu}:{READ_CLOCK} {only} {{ @kind[tid] = arg0; @called[tid] = nsecs; }}",
        f"uretprobe:{qemu}:{READ_CLOCK} {only} {{ $kind = @kind[tid]; $called = @called[tid]; $now = nsecs; "
        "$least = (int64)(retval - $now); $most = (int64)(retval - $called); "
        "if (@seen[$kind] == 0 || $least > @most[$kind] || $most < @least[$kind]) { "
        f"@seen[$kind] = 1; @least[$kind] = $least; @most[$kind] = $most; {reading} }} "
        f"else {{ if ($least > @least[$kind]) {{ @least[$kind] = $least; {reading} }} "
        f"if ($most < @most[$kind]) {{ @most[$kind] = $most; {reading} }} }} }}",
        "END { clear(@new); clear(@kind); clear(@called); clear(@seen); clear(@least); clear(@most); }",
    ]
    return "\n".join(lines) + "\n"


def record(qemu, words, probes, seconds, scratch):
    """Runs QEMU; answers with the notes' file, the recording's end and the threads' names."""
    notes, said = scratch / "notes", scratch / "said"
    # QEMU waits until it is watched: the shell stops itself, and becomes QEMU when it is woken.
    waiting = ["/bin/sh", "-c", 'kill -STOP $$; exec "$@"', "sh", *arguments(qemu, words)]
    with subprocess.Popen(waiting, stdin=subprocess.DEVNULL) as guest:
        try:
            script = scratch / "program.bt"
            script.write_text(program(qemu, guest.pid, probes), encoding="utf-8")
            environment = {**os.environ, "BPFTRACE_PERF_RB_PAGES": PAGES, "BPFTRACE_LOG_SIZE": "10000000"}
            # Not by its -o, which keeps back what is written until the end, and with it that it is ready.
            with open(notes, "w", encoding="utf-8") as noted, open(said, "w", encoding="utf-8") as complaints:
                command = ["bpftrace", "-B", "line", script]
                tracer = subprocess.Popen(command, stdout=noted, stderr=complaints, env=environment)
            with tracer:
                wait_until_ready(notes, said, tracer)
                guest.send_signal(18)  # SIGCONT
                watch = Watch(guest.pid, tracer)
                end = watch.last(seconds)
                guest.wait()
                tracer.send_signal(2)  # SIGINT: it writes what it still holds
        finally:
            if guest.poll() is None:
                guest.kill()
    text = notes.read_text(encoding="utf-8", errors="replace")
    lost = re.findall(r"Lost (\d+) events", text + said.read_text(encoding="utf-8", errors="replace"))
    if lost:
        raise RecordError(f"the kernel's buffer overran and {sum(map(int, lost))} calls were lost; record for fewer seconds or by gdb")
    # Between the calls stands what it says of itself, such as how many probes it attaches.
    notes.write_text("".join(line for line in text.splitlines(True) if line[:1].isdigit()), encoding="utf-8")
    return notes, end, watch.names


def wait_until_ready(notes, said, tracer):
    """Until every probe is in place."""
    for _ in range(600):
        if notes.exists() and "# ready" in notes.read_text(encoding="utf-8", errors="replace"):
            return
        if tracer.poll() is not None:
            break
        time.sleep(0.1)
    tracer.kill()
    lines = [line for line in said.read_text(encoding="utf-8", errors="replace").splitlines() if "ERROR" in line]
    raise RecordError(f"bpftrace: {lines[0] if lines else 'did not start within a minute'}")
