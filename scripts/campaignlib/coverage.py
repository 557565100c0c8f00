"""How often the interval of a single row holds the truth, by whole runs.

What is drawn is a run as it was, or so many consecutive blocks of one, in their order: what blocks that follow each other have in
common, and what a run's minutes did to all of them, stays in. All places in a run are tried, each run counts alike, and the truth is 1
for the A/A control and for others the median of what the runs found. The range of a coverage comes from drawing whole runs anew, with
replacement.
"""

import math
import random
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from .goals import percent
from .intervals import MIN_BLOCKS, median_interval

CONTROL = "aa-control"
ALL = "all"
# Consecutive blocks that are drawn; 0 stands for whole runs.
LENGTHS = (12, 48, 192, 0)
WANTED = 0.94
# Of whole runs with replacement.
DRAWS = 1_000


@dataclass(frozen=True)
class Held:
    """What the intervals of one run came to."""

    run: int
    # The share of them that hold the truth.
    share: float
    # Half of their width on the logarithm, mean.
    half_width: float


def rows(runs):
    """By point, strategy and state: the logarithms of each run's blocks, in order, by the run's number."""
    found = defaultdict(dict)
    for run, pairs in enumerate(runs):
        for pair in sorted(pairs, key=lambda pair: pair.block):
            for state in filter(None, dict.fromkeys((ALL, pair.state))):
                found[pair.workload, pair.threads, pair.strategy, state].setdefault(run, []).append(pair.log_ratio)
    whole = {key: {run: logs for run, logs in of.items() if len(logs) >= MIN_BLOCKS} for key, of in found.items()}
    return {key: of for key, of in sorted(whole.items()) if len(of) > 1}


def held(row, strategy, length):
    """What each run's intervals over `length` consecutive blocks came to; runs that are shorter are left out."""
    truth = 0.0 if strategy == CONTROL else median(median(logs) for logs in row.values())
    return [of_run(run, logs, length or len(logs), truth) for run, logs in row.items() if len(logs) >= length]


def of_run(run, logs, length, truth):
    step = max(1, length // 4)
    ends = [median_interval(logs[start : start + length]) for start in range(0, len(logs) - length + 1, step)]
    bounded = [(low, high) for low, _, high in ends if math.isfinite(high - low)]
    holds = sum(low <= truth <= high for low, _, high in ends)
    return Held(run, holds / len(ends), sum(high - low for low, high in bounded) / 2 / max(1, len(bounded)))


def share(found):
    return sum(one.share for one in found) / len(found)


def around(found):
    """The range that holds the coverage in 95 of 100 draws of whole runs: what happens to a run happens to all of its rows."""
    by_run = defaultdict(list)
    for one in found:
        by_run[one.run].append(one)
    draw, runs = random.Random(1), list(by_run.values())
    shares = sorted(share([one for own in draw.choices(runs, k=len(runs)) for one in own]) for _ in range(DRAWS))
    return shares[DRAWS // 40], shares[-1 - DRAWS // 40]


def half_width(found):
    return math.expm1(sum(one.half_width for one in found) / len(found))


def kind(strategy, state):
    if strategy == CONTROL:
        return "the A/A control"
    return "other strategies, all blocks of a run" if state == ALL else "other strategies, state by state"


def report(runs):
    """The lines of the answer for these runs, each a list of pairs."""
    names = [f"{length} blocks" if length else "whole runs" for length in LENGTHS]
    yield f"| point | strategy | state | runs | {' | '.join(names)} |"
    yield f"|---|---|---|---:|{'---:|' * len(LENGTHS)}"
    totals = defaultdict(lambda: [[] for _ in LENGTHS])
    for (workload, threads, strategy, state), row in rows(runs).items():
        cells = []
        for place, length in enumerate(LENGTHS):
            found = held(row, strategy, length)
            totals[kind(strategy, state)][place] += found
            cells.append(f"{percent(share(found))} ± {percent(half_width(found))}" if found else "–")
        yield f"| {workload}/{threads} | {strategy} | {state} | {len(row)} | {' | '.join(cells)} |"
    yield ""
    yield "A cell is the share of 95 % intervals that hold the truth, and half of their mean width."
    for name, by_length in totals.items():
        yield ""
        for label, found in zip(names, by_length):
            if found:
                low, high = around(found)
                reached = "reached" if share(found) >= WANTED else "open" if high >= WANTED else "missed"
                yield (
                    f"- {name}, {label}: {percent(share(found))} ({percent(low)} to {percent(high)}), mean half-width "
                    f"{percent(half_width(found))}; at least {percent(WANTED)}: {reached}"
                )
