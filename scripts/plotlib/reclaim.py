"""Peak unreclaimed nodes: the memory that a deferring strategy holds back. Drawn only if a strategy retired any."""

import polars as pl

from . import bars, style, units

TITLE = "Peak unreclaimed nodes"


def draw(results):
    rows = results.deciding_trials().filter(~pl.col("strategy").is_in(["null", "null-control"]))
    retiring = rows.filter(pl.col("retired") > 0)["strategy"].unique().to_list()
    peaks = (
        rows.filter(pl.col("strategy").is_in(retiring))
        .group_by("workload", "strategy", "threads")
        .agg(pl.col("peak_unreclaimed").max(), pl.col("peak_unreclaimed").median().alias("middle"))
    )
    if peaks.is_empty():
        return
    bars_of = {}
    for workload in results.workloads():
        here = peaks.filter(pl.col("workload") == workload).iter_rows(named=True)
        if found := sorted(map(_bar, here), key=lambda bar: (style.sort_key(bar.strategy), bar.threads)):
            bars_of[workload] = found
    subtitle = (
        "The most nodes retired and not yet reclaimed at any moment: the worst undisturbed trial, and the median trial."
    )
    yield "reclaim", bars.figure(bars_of, TITLE, subtitle, "nodes retired and not yet reclaimed", units.whole)


def _bar(row):
    worst, middle = row["peak_unreclaimed"], row["middle"]
    text = units.whole(worst) if worst == middle else f"{units.whole(worst)} (median {units.whole(middle)})"
    return bars.Bar(row["strategy"], row["threads"], worst, text)
