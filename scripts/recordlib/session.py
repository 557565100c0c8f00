"""What both ways of recording share: a QEMU that runs for a while, its threads' names, and its end."""

import os
import signal
import time
from pathlib import Path


def monotonic():
    """The clock that every note is stamped with, ns. It is also QEMU's REALTIME clock."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def arguments(qemu, words):
    """QEMU's command line. Its threads are given names, which changes nothing else."""
    return [qemu, "-name", "debug-threads=on", *words]


class Watch:
    """Watches a QEMU for so many seconds, or until it ends by itself or the user has had enough."""

    def __init__(self, pid, tracer):
        self.pid, self.tracer = pid, tracer
        self.names = {}

    def look(self):
        """Notes the threads' names, which QEMU sets when it is under way."""
        try:
            for task in Path(f"/proc/{self.pid}/task").iterdir():
                self.names[int(task.name)] = (task / "comm").read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            pass  # A thread or the process has just ended.

    def running(self):
        """Whether QEMU is there and somebody records it."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        except OSError:
            return False
        return state not in "ZX" and self.tracer.poll() is None

    def last(self, seconds):
        """Waits; answers with the moment at which the recording ends."""
        until = monotonic() + int(seconds * 1e9)
        try:
            while monotonic() < until and self.running():
                time.sleep(0.1)
                self.look()
        except KeyboardInterrupt:
            pass
        end = monotonic()
        self.stop(signal.SIGTERM)
        for _ in range(100):
            if not self.running():
                break
            time.sleep(0.1)
        else:
            self.stop(signal.SIGKILL)
        return end

    def stop(self, number):
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass
