"""Operations per second against threads: one line a strategy, one panel a workload."""

import polars as pl
from matplotlib.ticker import FuncFormatter, NullLocator

from . import panels, style, units

TITLE = "Throughput"
AXIS = "operations per second, all threads"


def draw(results):
    rows = results.throughput_trials().filter((pl.col("strategy") != "aa-control") & (pl.col("ops_per_s") > 0))
    if rows.is_empty():
        return
    points = (
        rows.group_by("workload", "strategy", "threads")
        .agg(
            pl.col("ops_per_s").median().alias("middle"),
            pl.col("ops_per_s").quantile(0.25, "linear").alias("low"),
            pl.col("ops_per_s").quantile(0.75, "linear").alias("high"),
        )
        .sort("threads")
    )
    workloads = [name for name in results.workloads() if name in points["workload"]]
    blocks = rows["block"].n_unique()
    what = f"Median over {blocks} block{'s'[: blocks != 1]}, undisturbed trials; {{}} from lower to upper quartile."
    if points["threads"].n_unique() > 1:
        yield "throughput", _lines(points, workloads, what.format("bands"))
    else:
        yield "throughput", _dots(points, workloads, what.format("bars"))


def _name(strategy):
    return "floor" if strategy == "floor" else style.fitted(strategy, 2.2, style.SMALL)


def _strategies(points):
    return sorted(points["strategy"].unique(), key=style.sort_key)


def _lines(points, workloads, subtitle):
    names = _strategies(points)
    size = (4.6, max(3.4, panels.label_height(len(names))))
    margins = (0.95, panels.label_width([_name(n) for n in names]), 0.65)
    figure, grid = panels.grid(len(workloads), 2, size, margins, TITLE, subtitle)
    for axes, workload in zip(grid, workloads, strict=True):
        here = points.filter(pl.col("workload") == workload)
        thread_axis(axes, sorted(here["threads"].unique()))
        scale = _rate_axis(axes.yaxis, axes.set_yscale, axes.set_ylim, here)
        axes.set_ylabel(AXIS + scale)
        panels.panel_title(axes, workload)
        ends = []
        for strategy in names:
            line = here.filter(pl.col("strategy") == strategy)
            if line.is_empty():
                continue
            look = style.look(strategy)
            axes.fill_between(line["threads"], line["low"], line["high"], color=look.colour, alpha=0.16, linewidth=0)
            axes.plot(line["threads"], line["middle"], linestyle=look.line, **look.mark())
            ends.append((line["threads"][-1], line["middle"][-1], strategy, _name(strategy)))
        panels.label_ends(axes, ends)
    return figure


def thread_axis(axes, counts, log=False):
    """Linear where few numbers of threads were played, unless it is to be logarithmic."""
    axes.set_xlabel("threads (log)" if log else "threads")
    if log or (len(counts) > 1 and counts[-1] / counts[0] >= 8):
        axes.set_xscale("log", base=2)
        reach = max((counts[-1] / counts[0]) ** 0.04, 1.05 if log else 1)
        axes.set_xlim(counts[0] / reach, counts[-1] * reach)
    else:
        reach = max(0.1, (counts[-1] - counts[0]) * 0.06)
        axes.set_xlim(counts[0] - reach, counts[-1] + reach)
    # Ticks stand where something was measured. Where there are many, only those clear of the one before are named.
    axes.set_xticks(counts)
    axes.xaxis.set_minor_locator(NullLocator())
    place = {count: axes.transData.transform((count, 1))[0] / axes.figure.dpi for count in counts}
    named, last = set(), float("-inf")
    for count in counts:
        if place[count] - last >= 0.3:
            named.add(count)
            last = place[count]
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}" if round(value) in named else ""))


def _rate_axis(axis, set_scale, set_limits, here):
    """Linear from zero, which shows proportions; log where the fastest would press the others to the ground. Returns
    what the axis's label should add."""
    low, high = here["low"].min(), here["high"].max()
    if high / here["middle"].min() > 6:
        set_scale("log")
        set_limits(low / 1.25, high * 1.25)
        units.log_axis(axis, low / 1.25, high * 1.25, units.si, most=8)
        return " (log)"
    set_limits(0, high * 1.06)
    axis.set_major_formatter(FuncFormatter(lambda value, _: units.si(value) if value else "0"))
    return ""


def _dots(points, workloads, subtitle):
    """One thread count leaves no line to draw, so the strategies stand one under the other, the fastest on top."""
    names = _strategies(points)
    left = max(style.width_in(_name(name), style.BASE) for name in names) + 0.35
    size = (4.6, max(1.2, 0.3 * len(names) + 0.2))
    figure, grid = panels.grid(len(workloads), 2, size, (left, 0.95, 0.65), TITLE, subtitle)
    for axes, workload in zip(grid, workloads, strict=True):
        here = points.filter(pl.col("workload") == workload).sort("middle", "strategy")
        axes.set_xlabel(AXIS + _rate_axis(axes.xaxis, axes.set_xscale, axes.set_xlim, here))
        threads = here["threads"][0]
        panels.panel_title(axes, workload, f"{threads} thread{'s'[: threads != 1]}")
        for place, row in enumerate(here.iter_rows(named=True)):
            look = style.look(row["strategy"])
            axes.plot([row["low"], row["high"]], [place, place], color=look.colour, linewidth=5, alpha=0.3)
            axes.plot([row["middle"]], [place], **look.mark(1.15))
            axes.annotate(
                units.si(row["middle"]),
                (1, place),
                (8, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                size=style.SMALL,
                color=style.MUTED,
                va="center_baseline",
                annotation_clip=False,
            )
        axes.set_ylim(-0.6, here.height - 0.4)
        axes.set_yticks(range(here.height), [_name(name) for name in here["strategy"]], size=style.BASE)
        axes.tick_params(axis="y", length=0)
    return figure
