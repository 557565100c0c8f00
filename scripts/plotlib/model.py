"""A model's results: time per poll and per change against threads, both axes logarithmic, with the band of the model's error."""

import polars as pl

from . import panels, style, throughput, units

TITLE = "Model, not measured"
# What a poll and a change are by default: the two operations that strategies differ in.
POLL, CHANGE = "deadline", "modify"
NAMES = {POLL: "poll", CHANGE: "change"}


def draw(results):
    rows = results.predicted
    ops = [results.op] if results.op else [POLL, CHANGE]
    rows = rows.filter(pl.col("op").is_in(ops) & (pl.col("ns") > 0))
    if rows.is_empty():
        results.warn(f"operations.csv has no time of {' or '.join(ops)}: no picture of it; --op names another")
        return
    error = results.model_error
    reach = 1 + (error or 0)
    rows = rows.with_columns(low=pl.col("ns_low") / reach, high=pl.col("ns_high") * reach)
    told = "; the description's error is unknown, and not in them"
    if error is not None:
        told = f", and the description's error, ±{error:.0%}"
    subtitle = (
        f"{results.machine}. Lines: with the description's costs as stated. Bands: costs lowest to highest{told}. "
        "No band is a confidence interval."
    )
    shown = [(w, op) for w in results.workloads() for op in ops if not _at(rows, w, op).is_empty()]
    names = sorted(rows["strategy"].unique(), key=style.sort_key)
    labels = [style.fitted(name, 2.2, style.SMALL) for name in names]
    size = (4.6, max(3.4, panels.label_height(len(names))))
    margins = (0.95, panels.label_width(labels), 0.65)
    figure, grid = panels.grid(len(shown), 2, size, margins, TITLE, subtitle)
    for axes, (workload, op) in zip(grid, shown, strict=True):
        _panel(axes, _at(rows, workload, op), names)
        what = NAMES.get(op, op)
        axes.set_ylabel(f"ns per {what} (log), model")
        panels.panel_title(axes, workload, f"{what}: {op}" if what != op else op)
        _label(axes, _at(rows, workload, op), names, labels)
    yield "model", figure


def _at(rows, workload, op):
    return rows.filter((pl.col("workload") == workload) & (pl.col("op") == op)).sort("threads")


def _panel(axes, here, names):
    throughput.thread_axis(axes, sorted(here["threads"].unique()), log=True)
    low, high = here["low"].min() / 1.25, here["high"].max() * 1.25
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    units.log_axis(axes.yaxis, low, high, lambda value: f"{value:g}", most=8)
    for strategy in names:
        line = here.filter(pl.col("strategy") == strategy)
        if line.is_empty():
            continue
        look = style.look(strategy)
        axes.fill_between(line["threads"], line["low"], line["high"], color=look.colour, alpha=0.13, linewidth=0)
        axes.plot(line["threads"], line["ns"], linestyle=look.line, **look.mark())


def _label(axes, here, names, labels):
    ends = []
    for strategy, label in zip(names, labels, strict=True):
        line = here.filter(pl.col("strategy") == strategy)
        if not line.is_empty():
            ends.append((line["threads"][-1], line["ns"][-1], strategy, label))
    panels.label_ends(axes, ends)
