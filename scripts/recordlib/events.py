"""What the probes note: one line for each call, `<monotonic ns> <thread> <word> <number> ...`."""

from dataclasses import dataclass

from .errors import RecordError

# Numbers after each word.
WORDS = {
    "group_init": 1,
    "list_new": 2,
    "timer_init": 3,
    "timer_deinit": 1,
    "mod": 2,
    "anticipate": 2,
    "del": 1,
    "expired": 1,
    "deadline": 1,
    "run": 1,
    "group_deadline": 1,
    "group_run": 1,
    "clock_run": 1,
    "all_run": 0,
    "clock": 3,
}
SIGNED = {"mod": 1, "anticipate": 1, "clock": 1}


@dataclass(frozen=True)
class Event:
    """A call of a watched function."""

    time: int
    thread: int
    word: str
    numbers: tuple


def parse(line, number):
    """The event on a line."""
    parts = line.split()
    try:
        time, thread, word = int(parts[0]), int(parts[1]), parts[2]
        numbers = [int(part, 0) for part in parts[3:]]
        if len(numbers) != WORDS[word]:
            raise ValueError
    except (IndexError, KeyError, ValueError):
        raise RecordError(f"line {number} of what was noted is no event: {line.strip()[:80]!r}") from None
    if word in SIGNED:
        at = SIGNED[word]
        numbers[at] = (numbers[at] + 2**63) % 2**64 - 2**63
    return Event(time, thread, word, tuple(numbers))


def read(lines):
    """All events in the order of their times. Lines that begin with # are the recorder's own notes."""
    events = [parse(line, number) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    # Probes on different processors hand their notes over in any order.
    return sorted(events, key=lambda event: event.time)
