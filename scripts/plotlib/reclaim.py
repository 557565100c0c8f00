"""What deferred reclamation costs: the most nodes that were held back, and how long one was. Drawn only if a strategy retired any."""

import polars as pl

from . import bars, panels, style, units

PEAK = "Peak unreclaimed nodes"
PEAK_AXIS = "nodes retired and not yet reclaimed"
PEAK_NOTE = "The most nodes retired and not yet reclaimed at any moment: the worst undisturbed trial, and the median trial."
WAIT = "from retired to reclaimed (log)"
WAIT_NOTE = "Right, how long a node waits: the median, a line to the 99th percentile, a tick at the longest."
# Without a wait on record: each thread releases what it retires, or a list that does not tell.
AT_ONCE, UNTOLD = "at once", "not recorded"


def draw(results):
    rows = results.deciding_trials().filter(~pl.col("strategy").is_in(["floor", "aa-control"]))
    retiring = rows.filter(pl.col("retired") > 0)["strategy"].unique().to_list()
    peaks = (
        rows.filter(pl.col("strategy").is_in(retiring))
        .group_by("workload", "strategy", "threads")
        .agg(
            pl.col("peak_unreclaimed").max(),
            pl.col("peak_unreclaimed").median().alias("middle"),
            pl.col("retired").max(),
        )
        .filter(pl.col("retired") > 0)
    )
    if peaks.is_empty():
        return
    bars_of = {}
    for workload in results.workloads():
        here = peaks.filter(pl.col("workload") == workload).iter_rows(named=True)
        if found := sorted(map(_bar, here), key=lambda bar: (style.sort_key(bar.strategy), bar.threads)):
            bars_of[workload] = found
    waits = _waits(results)
    if waits:
        yield "reclaim", _peaks_and_waits(bars_of, waits)
    else:
        yield "reclaim", bars.figure(bars_of, PEAK, PEAK_NOTE, PEAK_AXIS, units.whole)


def _bar(row):
    worst, middle = row["peak_unreclaimed"], row["middle"]
    text = units.whole(worst) if worst == middle else f"{units.whole(worst)} (median {units.whole(middle)})"
    return bars.Bar(row["strategy"], row["threads"], worst, text)


def _waits(results):
    """(workload, strategy, threads) -> the row of latency.csv that says how long its nodes wait."""
    if results.latency is None:
        return {}
    rows = results.latency.filter((pl.col("op") == "reclaim") & (pl.col("count") > 0))
    return {(row["workload"], row["strategy"], row["threads"]): row for row in rows.iter_rows(named=True)}


def _peaks_and_waits(bars_of, waits):
    """Two panels a workload, rows at the same height in both."""
    left, right, height = bars.room(bars_of)
    right = max(right, max(style.width_in(_text(row), style.SMALL) for row in waits.values()) + 0.3)
    figure, grid = panels.grid(
        2 * len(bars_of),
        2,
        (3.2, height),
        (left, right, 0.65),
        "Peak unreclaimed nodes, and how long a node waits",
        f"Left: {PEAK_NOTE[0].lower()}{PEAK_NOTE[1:]} {WAIT_NOTE}",
    )
    ends = [max(row[column], 1) for row in waits.values() for column in ("p50_ns", "max_ns")]
    limits = (min(ends) / 1.7, max(ends) * 1.7)
    for workload, peak, wait in zip(bars_of, grid[::2], grid[1::2], strict=True):
        bars.panel(peak, bars_of, workload, PEAK_AXIS, units.whole)
        _wait_panel(wait, bars_of[workload], workload, waits, limits)
        wait.set_ylim(height, 0)
        panels.panel_title(wait, workload)
    return figure


def _wait_panel(axes, rows, workload, waits, limits):
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    units.log_axis(axes.xaxis, *limits, units.duration, most=6)
    axes.set_xlabel(WAIT)
    axes.grid(axis="y", visible=False)
    at, _ = bars.places(rows)
    bars.name_groups(axes, at, rows, len({row.threads for row in rows}) > 1)
    for place, bar in zip(at, rows, strict=True):
        look = style.look(bar.strategy)
        wait = waits.get((workload, bar.strategy, bar.threads))
        if wait is not None:
            middle, far, longest = (max(wait[column], 1) for column in ("p50_ns", "p99_ns", "max_ns"))
            axes.plot([middle, far], [place, place], color=look.colour, linewidth=2, zorder=2)
            axes.plot([far, longest], [place, place], color=look.colour, linewidth=0.8, alpha=0.6, zorder=1)
            axes.plot([longest], [place], color=look.colour, marker="|", markersize=8, zorder=2)
            axes.plot([middle], [place], zorder=3, **look.mark(0.8))
        axes.annotate(
            _text(wait) if wait is not None else AT_ONCE if bar.value <= bar.threads else UNTOLD,
            (1, place),
            (8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            size=style.SMALL,
            color=style.MUTED if wait is None else style.INK,
            va="center_baseline",
            annotation_clip=False,
        )


def _text(row):
    return f"{units.duration(row['p50_ns'])} (p99 {units.duration(row['p99_ns'])})"
