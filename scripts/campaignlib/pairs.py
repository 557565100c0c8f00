"""What each block of a run says: the ratios to the baseline that its intervals rest on, from the run's own files."""

import csv
import gzip
import io
import math
from collections import defaultdict
from dataclasses import dataclass, replace

from .errors import Failed

# Kept of each run of a campaign, in place of the files that it follows from.
NAME = "block-ratios.csv.gz"
COLUMNS = ["workload", "threads", "strategy", "block", "state", "layout", "slices", "log_ratio"]
PASSES = {"ns_per_op": "throughput", "service_ns": "latency"}


@dataclass(frozen=True)
class Pair:
    """A strategy against the baseline in one block."""

    workload: str
    threads: int
    strategy: str
    block: int
    # Empty if it is not known.
    state: str
    # The program that played it, if it was drawn among several.
    layout: str
    # Of one contestant, 0 if each trial was a process.
    slices: int
    # The natural logarithm of strategy over baseline.
    log_ratio: float


def table(path):
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise Failed(f"{path} does not exist; expected the directory of a run") from error


def of_run(directory, baseline):
    """All pairs of a result directory, by the rule of src/stats/ratios: undisturbed trials of the pass that decides, several in one
    block as one."""
    played = blocks(directory)
    trials = [trial for trial in table(directory / "trials.csv") if trial["disturbed"] == "false" and float(trial["ns_per_op"]) > 0]
    flat_out = {point(trial) for trial in trials if trial["pass"] == "throughput"}
    cells = defaultdict(list)
    for trial in trials:
        decides = "throughput" if point(trial) in flat_out else "latency"
        if trial["pass"] == decides and played[(*point(trial), int(trial["block"]))]["counted"] == "true":
            cells[(*point(trial), trial["strategy"], int(trial["block"]))].append(trial)
    found = []
    for (workload, threads, strategy, block), own in cells.items():
        base = cells.get((workload, threads, baseline, block))
        if strategy == baseline or strategy.partition("@")[0] == "floor" or base is None:
            continue
        paired = [trial["log_ratio"] for trial in own]
        log_ratio = mean(map(float, paired)) if all(paired) else log_ns(own) - log_ns(base)
        block_row = played[workload, threads, block]
        slices = int(own[0]["slices"] or 0)
        found.append(Pair(workload, threads, strategy, block, block_row["state"], block_row["layout"], slices, log_ratio))
    return sorted(found, key=lambda pair: (pair.workload, pair.threads, pair.strategy, pair.block))


def blocks(directory):
    """The row of each block. One that was played again has a row for each time; the last stands."""
    found = defaultdict(lambda: {"state": "", "layout": "", "counted": "true"})
    path = directory / "blocks.csv"
    for row in table(path) if path.exists() else []:
        found[(*point(row), int(row["block"]))] = row
    return found


def point(row):
    return row["workload"], int(row["threads"])


def log_ns(trials):
    return mean(math.log(float(trial["ns_per_op"])) for trial in trials)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def with_log(pair, log_ratio):
    return replace(pair, log_ratio=log_ratio)


def write(path, pairs):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        writer.writerow([*(getattr(pair, name) for name in COLUMNS[:-1]), f"{pair.log_ratio:.8f}"])
    # Without the time of writing, the same pairs are the same bytes.
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def read(path):
    kinds = Pair.__annotations__
    return [Pair(**{name: kinds[name](row[name]) for name in COLUMNS}) for row in table(path)]
