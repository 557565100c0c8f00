"""Runs inside gdb, as recordlib/gdb.py asks it to: notes every call of a watched function."""

import os
import struct
import time

import gdb

from recordlib.probes import CLOCK_SWITCHES, NEW_LIST, READ_CLOCK

REGISTERS = ("rdi", "rsi", "rdx")
# Readings of each clock that its lead is judged from, after the start and after each switch.
READINGS = 12

notes = open(os.environ["HEADLOCK_NOTES"], "a", buffering=1, encoding="utf-8")


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def register(name):
    return int(gdb.selected_frame().read_register(name)) % 2**64


def thread():
    return gdb.selected_thread().ptid[1]


def address(function):
    return int(gdb.parse_and_eval(f"(unsigned long)&{function}"))


class Call(gdb.Breakpoint):
    """Notes a call and lets it go on."""

    def __init__(self, function, word, arguments):
        super().__init__(f"*{address(function)}", internal=True)
        self.word, self.registers = word, REGISTERS[:arguments]

    def stop(self):
        numbers = "".join(f" {register(name):#x}" for name in self.registers)
        notes.write(f"{now()} {thread()} {self.word}{numbers}\n")
        return False


class Halt(gdb.Breakpoint):
    """Stops the program where its answer or its consequences are wanted, if they are still."""

    # While one call is followed to its return, others go on.
    following = False

    def __init__(self, function, wanted=lambda: True):
        super().__init__(f"*{address(function)}", internal=True)
        self.wanted = wanted

    def stop(self):
        return not Halt.following and self.wanted()


class Return(gdb.Breakpoint):
    """Stops the selected thread where its call returns to."""

    def __init__(self):
        (caller,) = struct.unpack("<Q", gdb.selected_inferior().read_memory(register("rsp"), 8))
        super().__init__(f"*{caller}", internal=True)
        self.caller, self.answer, self.at = thread(), None, None

    def stop(self):
        if thread() != self.caller:
            return False
        self.at, self.answer = now(), register("rax")
        return True


class Clocks:
    """Which clocks have been read how often since their leads may have changed."""

    def __init__(self):
        self.readings = {}

    def wanted(self):
        return self.readings.get(register("rdi"), 0) < READINGS

    def read(self, kind):
        self.readings[kind] = self.readings.get(kind, 0) + 1


def follow(word, with_call=False):
    """Lets the function return, and notes its first argument, its answer and, if asked to, when it went on."""
    first = register("rdi")
    reached = Return()
    Halt.following = True
    called = now()
    gdb.execute("continue", to_string=True)
    Halt.following = False
    if reached.at:
        moment = f" {called}" if with_call else ""
        notes.write(f"{reached.at} {reached.caller} {word} {first:#x} {reached.answer:#x}{moment}\n")
    if gdb.selected_inferior().pid:
        reached.delete()
    return first


def main():
    # Without the thread library's own view of its threads, which is wrong for a moment whenever one of them ends.
    for setting in (
        "pagination off",
        "confirm off",
        "print thread-events off",
        "debuginfod enabled off",
        "auto-load libthread-db off",
        "libthread-db-search-path /",
    ):
        try:
            gdb.execute(f"set {setting}")
        except gdb.error:
            pass  # This gdb does not know it, so it does not do it.
    # QEMU kicks its threads with SIGUSR1 (SIG_IPI), and the recorder ends it with SIGTERM.
    gdb.execute("handle SIGUSR1 SIGUSR2 SIGTERM SIGPIPE SIGALRM nostop noprint pass", to_string=True)
    gdb.execute("starti", to_string=True)
    notes.write(f"# pid {gdb.selected_inferior().pid}\n")
    for probe in os.environ["HEADLOCK_PROBES"].split():
        function, word, arguments = probe.split(":")
        Call(function, word, int(arguments))
    clocks = Clocks()
    new_list = Halt(NEW_LIST)
    read_clock = Halt(READ_CLOCK, clocks.wanted)
    switches = []
    for function in CLOCK_SWITCHES:
        try:
            switches.append(Halt(function))
        except gdb.error:
            pass  # Without it a pause of the guest is seen late.
    hit = []
    gdb.events.stop.connect(lambda stop: hit.extend(getattr(stop, "breakpoints", [])))
    while gdb.selected_inferior().pid:
        del hit[:]
        gdb.execute("continue", to_string=True)
        reached = list(hit)
        if new_list in reached:
            follow("list_new")
        elif read_clock in reached:
            clocks.read(follow("clock", with_call=True))
        elif any(switch in reached for switch in switches):
            clocks.readings.clear()


try:
    main()
except gdb.error as problem:
    # At the end threads go while gdb looks at them; whether it is the end, the recorder knows.
    notes.write(f"# trouble {now()} {problem}\n")
