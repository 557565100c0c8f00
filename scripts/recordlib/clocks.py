"""From the time of one of QEMU's clocks to the time that rows are stamped with, CLOCK_MONOTONIC.

A clock's lead on CLOCK_MONOTONIC is what it showed less the moment at which it was read. That moment lies between the call and
its return, so each reading bounds the lead from both sides, and several together bound it more tightly. Bounds that exclude each
other mean that the clock was stopped, started, set or slewed in between.
"""

from .errors import RecordError

# The order of QEMUClockType.
NAMES = ["REALTIME", "VIRTUAL", "HOST", "VIRTUAL_RT"]
NEVER = 2**63 - 1


class Clocks:
    """Each clock's lead on CLOCK_MONOTONIC through time, from the readings that the program took."""

    def __init__(self, events):
        self.leads = {kind: [] for kind in range(len(NAMES))}
        for event in events:
            if event.word == "clock" and event.numbers[0] in self.leads:
                kind, shown, called = event.numbers
                self.read(self.leads[kind], called, shown - event.time, shown - called)

    @staticmethod
    def read(spans, at, least, most):
        """Adds a reading to the spans of time in which the lead was the same: start, least and most lead."""
        if spans and max(least, spans[-1][1]) <= min(most, spans[-1][2]):
            spans[-1][1:] = max(least, spans[-1][1]), min(most, spans[-1][2])
        else:
            spans.append([at, least, most])

    def monotonic(self, kind, expire, at):
        """The CLOCK_MONOTONIC time at which the clock shows `expire`, judged at the time `at`."""
        if expire == NEVER:
            return NEVER
        spans = self.leads[kind]
        if not spans:
            raise RecordError(f"a timer was set on the clock {NAMES[kind]}, which nobody was seen to read")
        _, least, most = next((span for span in reversed(spans) if span[0] <= at), spans[0])
        # QEMU has no deadline before its clock's zero.
        return max(expire, 0) - (least + most) // 2
