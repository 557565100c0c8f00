"""Lock acquisitions per operation, and the share of them that found the lock taken. The acquisitions do not depend on
the machine's mood, so theirs is the plot that another machine reproduces."""

import polars as pl

from . import bars, style, units

TITLE = "Lock acquisitions per operation"


def draw(results):
    # The floor has no lock, and the A/A control is the baseline once more.
    rows = results.deciding_trials().filter(~pl.col("strategy").is_in(["floor", "aa-control"]))
    sums = (
        rows.group_by("workload", "strategy", "threads")
        .agg(pl.col("ops", "lock_acquisitions", "lock_contended").sum())
        .filter(pl.col("ops") > 0)
    )
    if sums.is_empty():
        return
    bars_of = {}
    for workload in results.workloads():
        here = sums.filter(pl.col("workload") == workload).iter_rows(named=True)
        if found := sorted(map(_bar, here), key=lambda bar: (style.sort_key(bar.strategy), bar.threads)):
            bars_of[workload] = found
    subtitle = "All undisturbed trials together. Hatched: the acquisitions that found the lock taken (contended)."
    yield (
        "locks",
        bars.figure(bars_of, TITLE, subtitle, "lock acquisitions per operation", lambda value: f"{value:.4g}"),
    )


def _bar(row):
    ops, taken, contended = row["ops"], row["lock_acquisitions"], row["lock_contended"]
    text = units.per_op(taken / ops)
    if contended:
        text += f", {units.percent(contended, taken)} contended"
    return bars.Bar(row["strategy"], row["threads"], taken / ops, text, contended / ops)
