"""Where the variance of a ratio arises: between slices, between processes, between layouts of the program, between runs.

All figures are deviations of the logarithm of a ratio, in the state of the machine that most blocks of a load met. With `V` the variance
of a run's blocks, from their quartiles, and `s` the slices of a block:

- slices: blocks of many slices vary less. V(s) = processes² + slices² / s, solved with the runs whose blocks are longer.
- processes: what is left of V in blocks of any length.
- layouts: the variance of the layouts' medians, less what their own blocks explain (pi/2 V / n, of a median of n).
- runs: the variance of the runs' medians, less the same.

A component that is smaller than what its estimate varies by may come out as 0.
"""

import math
from collections import Counter, defaultdict
from statistics import harmonic_mean, median, quantiles, variance

from . import pairs
from .goals import percent
from .intervals import MIN_BLOCKS, median_interval

PLAIN, LONG, LAYOUTS = "as ever", "longer blocks", "layouts"
# Quartiles of a normal distribution lie so many deviations apart.
QUARTILES = 1.3489795
# The variance of a median over that of a mean.
OF_MEDIAN = math.pi / 2


def report(out, rows):
    """The lines of the answer, from the runs that the summary's rows are of."""
    variants = {row["run"]: row["variant"] for row in rows}
    loads = defaultdict(lambda: defaultdict(list))
    for run, variant in variants.items():
        load, _, kind = variant.partition(", ")
        loads[load][kind].append(pairs.read(out / f"{run:02}" / pairs.NAME))
    yield ""
    yield "Deviations of a ratio (`scripts/campaignlib/variance.py` says how they are taken):"
    yield ""
    yield "| load | strategy | state | one slice | slices, in a block | processes | layouts | runs | half-width of a run's interval |"
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|"
    for load, kinds in loads.items():
        state = commonest(pair for runs in kinds.values() for run in runs for pair in run)
        for strategy in dict.fromkeys(pair.strategy for run in kinds[PLAIN] for pair in run):
            of = {kind: [own(run, strategy, state) for run in runs] for kind, runs in kinds.items()}
            found = components(of.get(PLAIN, []), of.get(LONG, []), of.get(LAYOUTS, []))
            yield f"| {load} | {strategy} | {state} | {' | '.join('–' if it is None else percent(it) for it in found)} |"


def commonest(found):
    return Counter(pair.state for pair in found).most_common(1)[0][0]


def own(run, strategy, state):
    return [pair for pair in run if (pair.strategy, pair.state) == (strategy, state)]


def components(plain, long, layouts):
    """Deviations: of one slice, of what slices leave in a block, of processes, layouts and runs; then the half-width of a run's own
    interval. Each argument is a list of runs, a run a list of pairs. None where there is too little to tell."""
    plain, long, layouts = ([run for run in runs if len(run) >= MIN_BLOCKS] for runs in (plain, long, layouts))
    if not plain:
        return [None] * 6
    spread = within(plain)
    slices = in_block = processes = None
    if long and (shorter := length(plain)) < (longer := length(long)):
        slices = max(0.0, (spread - within(long)) / (1 / shorter - 1 / longer))
        # No more than there is.
        in_block = min(slices / shorter, spread)
        processes = spread - in_block
        slices = in_block * shorter
    ends = [median_interval([pair.log_ratio for pair in run]) for run in plain]
    half_width = sum(high - low for low, _, high in ends) / 2 / len(ends)
    found = [slices, in_block, processes, of_layouts(layouts), of_groups(plain, spread)]
    return [None if it is None else math.sqrt(it) for it in found] + [half_width]


def length(runs):
    """Slices of a block, as far as their number divides a variance."""
    return harmonic_mean([pair.slices or 1 for run in runs for pair in run])


def within(groups):
    """The variance inside groups, from the quartiles of what lies around their medians."""
    around = [log for group in groups for log in centred(group)]
    low, _, high = quantiles(around, n=4)
    return ((high - low) / QUARTILES) ** 2


def centred(group):
    middle = median(pair.log_ratio for pair in group)
    return [pair.log_ratio - middle for pair in group]


def of_groups(groups, spread):
    """The variance between groups of blocks beyond what the spread of their blocks explains; None of fewer than three."""
    if len(groups) < 3:
        return None
    medians = [median(pair.log_ratio for pair in group) for group in groups]
    explained = sum(OF_MEDIAN * spread / len(group) for group in groups) / len(groups)
    return max(0.0, variance(medians) - explained)


def of_layouts(runs):
    """The variance between layouts, all runs together once each is taken around its own median."""
    by_layout = defaultdict(list)
    for run in runs:
        for pair, log in zip(run, centred(run)):
            by_layout[pair.layout].append(pairs.with_log(pair, log))
    groups = [group for group in by_layout.values() if len(group) >= MIN_BLOCKS]
    return of_groups(groups, within(groups)) if groups else None
