"""Latency by percentile on the HDR axis: x is 1/(1-p), so that each further nine gets as much room as the one before.

One panel a workload and thread count. The floor does nothing, so its curve is what the machine and the harness
add to every other one: no strategy can be judged in the grey area below it.
"""

import math

import polars as pl
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from . import panels, style, units
from .hlog import KINDS

FROM_CSV = {"p50_ns": 50, "p90_ns": 90, "p99_ns": 99, "p999_ns": 99.9, "p9999_ns": 99.99}
PER_DECADE = 150


def draw(results):
    curves = _from_histograms(results.histograms) or _from_csv(results)
    for kind in KINDS:
        of_kind = {key[:3]: curve for key, curve in curves.items() if key[3] == kind and key[1] != "aa-control"}
        if of_kind:
            name = "latency" if kind == "service" else f"latency-{kind}"
            yield name, _figure(results, kind, of_kind)


def _from_histograms(histograms):
    """Key -> [(x, ns)], a step at each recorded value: up to the share that ends at x, the latency is at most ns."""
    return {key: _steps(counts) for key, counts in histograms.items()}


def _steps(counts):
    total, seen, steps = sum(counts.values()), 0, []
    for ns in sorted(counts):
        seen += counts[ns]
        # The largest value belongs to the last sample. Its percentile is taken as 1 - 1/total, since 1 has no place on
        # the axis.
        x = total / max(total - seen, 1)
        # Steps closer than can be seen are merged into the later one, or a curve would be a megabyte of SVG.
        if len(steps) > 1 and math.log10(x / steps[-2][0]) < 1 / PER_DECADE:
            steps[-1] = (x, ns)
        else:
            steps.append((x, ns))
    return steps


def _from_csv(results):
    """The same from the six percentiles of latency.csv, for want of the histograms."""
    curves = {}
    # No operation is chosen where none was timed: --no-latency.
    if results.latency is None or results.op is None:
        return curves
    for row in results.latency.filter((pl.col("op") == results.op) & (pl.col("count") > 0)).iter_rows(named=True):
        points = [(1.0, row["min_ns"])]
        points += [(100 / (100 - p), row[name]) for name, p in FROM_CSV.items() if 100 / (100 - p) < row["count"]]
        points.append((max(row["count"], 1.0), row["max_ns"]))
        curves[row["workload"], row["strategy"], row["threads"], row["kind"]] = points
    return curves


def _figure(results, kind, curves):
    order = {workload: place for place, workload in enumerate(results.workloads())}
    points = sorted({(w, t) for w, _, t in curves}, key=lambda point: (order.get(point[0], len(order)), *point))
    names = {strategy for _, strategy, _ in curves}
    size = (4.9, max(3.5, panels.label_height(len(names))))
    margins = (1.0, panels.label_width([_name(n) for n in names]), 0.65)
    title = f"{kind.capitalize()} time of {style.fitted(results.op, 3)} operations, by percentile"
    figure, grid = panels.grid(
        len(points), panels.columns_for(points), size, margins, title, _subtitle(results, kind, "floor" in names)
    )
    for axes, (workload, threads) in zip(grid, points, strict=True):
        here = {s: curve for (w, s, t), curve in curves.items() if (w, t) == (workload, threads)}
        _panel(axes, here, _clock_ns(results, workload, threads, kind), stepped=bool(results.histograms))
        axes.set_ylabel(f"{kind} time (log)")
        panels.panel_title(axes, workload, f"{threads} thread{'s'[: threads != 1]}")
    return figure


def _subtitle(results, kind, floor):
    start = "its actual start" if kind == "service" else "its intended start, so waiting behind others counts"
    text = f"Each operation timed from {start}."
    if floor:
        text += (
            " Grey: what an operation that does nothing takes here; "
            "a curve inside it cannot be told from the machine's own."
        )
    if not results.histograms:
        text += " From latency.csv: only the marked points are known, the lines between them are not."
    return text


def _name(strategy):
    return "floor (machine's own tail)" if strategy == "floor" else style.fitted(strategy, 2.2, style.SMALL)


def _clock_ns(results, workload, threads, kind):
    if results.latency is None:
        return None
    same = {"workload": workload, "threads": threads, "op": results.op, "kind": kind}
    rows = results.latency.filter(*(pl.col(column) == value for column, value in same.items()), pl.col("clock_ns") > 0)
    return rows["clock_ns"].median()


def _panel(axes, curves, clock_ns, stepped):
    # A value of 0 ns is below the clock's resolution; 1 ns is the lowest place that a log axis of ns has a use for.
    curves = {name: [(x, max(ns, 1)) for x, ns in curve] for name, curve in curves.items()}
    most = max(curve[-1][0] for curve in curves.values())
    every = [ns for curve in curves.values() for _, ns in curve] + ([clock_ns] if clock_ns else [])
    low, high = min(every) / 1.7, max(every) * 1.5
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1, max(most, 10) * 1.15)
    axes.set_ylim(low, high)
    units.log_axis(axes.yaxis, low, high, units.duration)
    _percentile_axis(axes, max(most, 10))

    for strategy in sorted(curves, key=style.sort_key):
        curve, look = curves[strategy], style.look(strategy)
        xs, ys = [1.0] + [x for x, _ in curve], [curve[0][1]] + [ns for _, ns in curve]
        drawing = {"drawstyle": "steps-pre"} if stepped else {}
        if strategy == "floor":
            step = {"step": "pre"} if stepped else {}
            axes.fill_between(xs, ys, low, color=style.SHADE, alpha=0.55, linewidth=0, zorder=0.5, **step)
        axes.plot(xs, ys, color=look.colour, linestyle=look.line, linewidth=1.8, **drawing)
        marks = _at_nines(curve) if stepped else curve
        axes.plot([x for x, _ in marks], [ns for _, ns in marks], linestyle="none", **look.mark(0.9))
    if clock_ns:
        axes.axhline(clock_ns, color=style.MUTED, linewidth=0.9, linestyle=(0, (2, 2)), alpha=0.7, zorder=0.8)
        text = f"reading the clock: {units.duration(clock_ns)}"
        axes.annotate(
            text,
            (1, clock_ns),
            (-3, -2),
            ha="right",
            va="top",
            size=9,
            color=style.MUTED,
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )
    panels.label_ends(axes, [(*curve[-1], strategy, _name(strategy)) for strategy, curve in curves.items()])


def _at_nines(curve):
    """The curve at 90 %, 99 %, …, where the markers stand, and at its end."""
    marks, x = [curve[-1]], 10.0
    while x < curve[-1][0]:
        marks.append((x, next(ns for end, ns in curve if end >= x)))
        x *= 10
    return marks


def _percentile_axis(axes, most):
    nines = range(int(math.log10(most) + 1e-9) + 1)
    text = {10.0**n: "0" if n == 0 else "90" if n == 1 else "99" if n == 2 else "99." + "9" * (n - 2) for n in nines}
    axes.xaxis.set_major_locator(FixedLocator(list(text)))
    axes.xaxis.set_minor_locator(NullLocator())
    # Names of far percentiles are long. From the right, each is kept that leaves room for the one to its right.
    kept, edge = set(), float("inf")
    for x in reversed(text):
        centre = axes.transData.transform((x, 1))[0] / axes.figure.dpi
        half = style.width_in(text[x], style.SMALL) / 2
        if centre + half + 0.08 < edge:
            kept.add(x)
            edge = centre - half
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: text.get(x, "") if x in kept else ""))
    axes.set_xlabel("percentile (%)")
