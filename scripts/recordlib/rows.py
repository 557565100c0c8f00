"""From events to the rows of a trace: numbers for addresses, a row for each list that a call concerns, one base of time."""

from collections import Counter
from dataclasses import dataclass, field

from .calls import hiding
from .clocks import NAMES, NEVER, Clocks
from .errors import RecordError

MAIN = "main_loop_tlg"
LARGEST = 2**63 - 1


@dataclass
class Recording:
    """A trace: the content of its four files."""

    rows: list = field(default_factory=list)
    init: list = field(default_factory=list)
    lists: list = field(default_factory=list)
    threads: list = field(default_factory=list)


@dataclass
class Timer:
    """A timer of the program, from one initialisation to the next."""

    number: int
    list: int
    clock: int
    # On CLOCK_MONOTONIC; None if it is not pending.
    expire: int | None = None


class Recorder:
    """Walks over the events; rows are written from the time `start` to the time `end`, CLOCK_MONOTONIC."""

    def __init__(self, events, start, end, names):
        self.clocks = Clocks(events)
        self.hidden = hiding(events)
        self.start, self.end, self.names = start, end, names
        self.groups = {}  # address of a group -> its name and its lists' numbers, by clock
        self.lists = {}  # address of a list -> its number
        self.listed = []  # by number: clock, name of the group
        self.filling = {}  # thread -> the group that it is initialising
        self.timers = {}  # address -> Timer
        self.count = 0
        self.threads = {}  # thread -> number
        self.users = {}  # group's name -> how often each thread ran it
        self.recording = Recording()
        self.begun = False

    def record(self, events):
        """The whole recording."""
        self.groups[MAIN] = (MAIN, {})
        for event in events:
            if event.time > self.end:
                break
            if not self.begun and event.time >= self.start:
                self.begin()
            getattr(self, event.word)(event, *event.numbers)
        if not self.begun:
            self.begin()
        recording = self.recording
        recording.lists = [(number, NAMES[clock], self.owner(group)) for number, (clock, group) in enumerate(self.listed)]
        recording.threads = [(number, self.names.get(thread, "")) for thread, number in self.threads.items()]
        return recording

    def begin(self):
        """The trace starts: what is pending now stands in its init file."""
        self.begun = True
        pending = [timer for timer in self.timers.values() if timer.expire is not None]
        # Equal deadlines fire in the order in which they were set, which is that of the numbers where nothing else is known.
        for timer in sorted(pending, key=lambda timer: (timer.expire, timer.number)):
            self.recording.init.append((timer.list, timer.number, self.base(timer.expire)))

    def base(self, expire):
        """A deadline in the trace's time."""
        return NEVER if expire == NEVER else max(-LARGEST - 1, min(LARGEST - 1, expire - self.start))

    def row(self, event, number, op, timer="", expire=""):
        """Notes an operation, if the trace has begun."""
        if self.begun:
            thread = self.threads.setdefault(event.thread, len(self.threads))
            self.recording.rows.append((event.time - self.start, thread, number, op, timer, expire))

    def owner(self, group):
        """The group's name, with the thread that runs it most."""
        if group not in self.users:
            return group
        thread, _ = self.users[group].most_common(1)[0]
        name = self.names.get(thread)
        return f"{group} ({name})" if name else group

    # What each word does. A group that was never initialised is the main loop's, which is initialised by hand.

    def group(self, address):
        return self.groups.get(address, self.groups[MAIN])

    def group_init(self, event, address):
        self.groups[address] = (f"event loop {len(self.groups)}", {})
        self.filling[event.thread] = address

    def list_new(self, event, clock, address):
        if clock >= len(NAMES):
            raise RecordError(f"a list on clock {clock}, of which this recorder knows {len(NAMES)}: another QEMU than it was made for")
        group = self.filling.get(event.thread, MAIN)
        name, lists = self.groups[group]
        self.lists[address] = lists[clock] = len(self.listed)
        self.listed.append((clock, name))
        if len(lists) == len(NAMES):
            self.filling.pop(event.thread, None)

    def timer_init(self, event, address, group, clock):
        _, lists = self.group(group)
        if clock not in lists:
            raise RecordError(f"a timer on clock {clock} of a group whose lists were not seen to be made")
        timer = self.timers[address] = Timer(self.count, lists[clock], clock)
        self.count += 1
        self.row(event, timer.list, "create", timer.number)

    def timer_deinit(self, event, address):
        timer = self.timers.pop(address, None)
        if timer:
            self.row(event, timer.list, "free", timer.number)

    def mod(self, event, address, expire, op="mod"):
        timer = self.timers.get(address)
        if timer is None:
            raise RecordError(f"{op} of a timer that was not seen to be initialised")
        expire = self.clocks.monotonic(timer.clock, expire, event.time)
        if op == "mod" or timer.expire is None or expire < timer.expire:
            timer.expire = expire
        self.row(event, timer.list, op, timer.number, self.base(expire))

    def anticipate(self, event, address, expire):
        self.mod(event, address, expire, "anticipate")

    # The word is a statement of Python's.
    def cancel(self, event, address):
        timer = self.timers.get(address)
        # QEMU lets a timer be deleted that belongs to no list, and does nothing.
        if timer:
            timer.expire = None
            self.row(event, timer.list, "del", timer.number)

    def poll(self, event, address, op):
        if address not in self.lists:
            raise RecordError(f"{op} of a list that was not seen to be made")
        self.row(event, self.lists[address], op)

    def deadline(self, event, address):
        self.poll(event, address, "deadline")

    def expired(self, event, address):
        self.poll(event, address, "expired")

    def run(self, event, address):
        if address not in self.lists:
            raise RecordError("run of a list that was not seen to be made")
        self.run_list(event, self.lists[address])

    def run_list(self, event, number):
        """A run of a list; what is due by now fires, and is not pending any more."""
        for timer in self.timers.values() if not self.begun else ():
            if timer.list == number and timer.expire is not None and timer.expire <= event.time:
                timer.expire = None
        self.users.setdefault(self.listed[number][1], Counter())[event.thread] += 1
        self.row(event, number, "run")

    def group_deadline(self, event, address):
        if "group_deadline" in self.hidden:
            for _, number in sorted(self.group(address)[1].items()):
                self.row(event, number, "deadline")

    def group_run(self, event, address):
        if "group_run" in self.hidden:
            for _, number in sorted(self.group(address)[1].items()):
                self.run_list(event, number)

    def clock_run(self, event, clock):
        if "clock_run" in self.hidden and clock in self.groups[MAIN][1]:
            self.run_list(event, self.groups[MAIN][1][clock])

    def all_run(self, event):
        if "all_run" in self.hidden:
            for _, number in sorted(self.groups[MAIN][1].items()):
                self.run_list(event, number)

    def clock(self, _event, _kind, _shown, _called):
        """Read beforehand."""


setattr(Recorder, "del", Recorder.cancel)
