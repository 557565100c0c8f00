"""Calls that hide other calls: a group's run is one run for each of its lists.

Whether the inner function is called or was compiled into the outer one depends on the build. Where it is called, it is noted
too, directly after the outer call on the same thread; then the outer one says nothing new.
"""

from .errors import RecordError

OUTER = ["group_deadline", "group_run", "clock_run", "all_run"]
INNER = {
    "group_deadline": {"deadline"},
    "group_run": {"run"},
    "clock_run": {"run"},
    "all_run": {"run", "clock_run"},
}


def hiding(events):
    """The outer words whose inner calls are not noted by themselves."""
    seen = {word: [0, 0] for word in OUTER}
    latest = {}
    for event in events:
        if event.word == "clock":
            continue
        outer = latest.get(event.thread)
        if outer in seen:
            seen[outer][event.word in INNER[outer]] += 1
        latest[event.thread] = event.word
    hidden = set()
    for word, (alone, followed) in seen.items():
        # A list is left out when its clock is of no use, so that now and then nothing follows.
        if followed == 0:
            hidden.add(word)
        elif alone > followed:
            raise RecordError(f"cannot tell whether {word} calls what it does or contains it: {followed} of {alone + followed} did")
    return hidden
