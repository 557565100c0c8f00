"""Reads latency.hlog, the HdrHistogram log: a line a histogram, `Tag=workload/strategy/threads/op/kind,start,length,max,payload`.

The lines are split here and the payload is decoded by the `hdrhistogram` package, whose own log reader would decode
every operation's histograms and could not say which line is broken.
"""

from dataclasses import dataclass
from urllib.parse import unquote

from hdrh.histogram import HdrHistogram

from .errors import Broken

KINDS = ("service", "response")


@dataclass(frozen=True)
class Tag:
    """What a histogram holds."""

    workload: str
    strategy: str
    threads: int
    op: str
    kind: str


def parse_tag(text):
    """`workload/strategy/threads/op/kind`, names quoted as in a URL; None for any other tag."""
    workload, _, rest = text.partition("/")
    parts = rest.rsplit("/", 3)
    if len(parts) != 4 or parts[3] not in KINDS or not parts[1].isdigit():
        return None
    strategy, threads, op, kind = parts
    return Tag(unquote(workload), unquote(strategy), int(threads), op, kind)


class Log:
    """The lines of a log that can be attributed. Nothing is decoded until an operation is asked for."""

    def __init__(self, path, warnings):
        self.path = path
        lines = path.read_bytes().decode("utf-8", errors="replace").split("\n")
        if lines.pop():
            where = f"{path}:{len(lines) + 1}"
            warnings.append(f"{where}: the last line is cut short, as an interrupted run leaves it: left out")
        # (line number, tag, fields) a histogram. Comments, the legend and histograms with a foreign tag are passed by.
        self.entries = []
        for number, line in enumerate(lines, start=1):
            if line.startswith("Tag="):
                fields = line[len("Tag=") :].rstrip("\r").split(",")
                if tag := parse_tag(fields[0]):
                    self.entries.append((number, tag, fields))

    def ops(self):
        """The operations that have histograms, in the order of the file."""
        return list(dict.fromkeys(tag.op for _, tag, _ in self.entries))

    def histograms(self, op):
        """Tag -> {value in ns: count} of one operation. Several histograms of one tag are added up."""
        found = {}
        for number, tag, fields in self.entries:
            if tag.op != op:
                continue
            if len(fields) != 5:
                where = f"{self.path}:{number}"
                raise Broken(f"{where}: {len(fields)} fields; it must be Tag=…,start,length,max,histogram")
            counts = found.setdefault(tag, {})
            for value, count in _decode(self.path, number, fields[4]):
                counts[value] = counts.get(value, 0) + count
        return found


def _decode(path, number, payload):
    try:
        histogram = HdrHistogram.decode(payload)
    except Exception as error:  # The package raises many types, its C half's among them, for a payload that is not one.
        raise Broken(f"{path}:{number}: not a compressed HdrHistogram V2 ({error}); run headlock again") from None
    for step in histogram.get_recorded_iterator():
        yield step.value_iterated_to, step.count_added_in_this_iter_step
