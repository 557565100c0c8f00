"""Where strategies begin and cease to beat the baseline: the ratio along what was varied, with the crossings, and the map of
two things varied at once."""

import math

import polars as pl
from matplotlib.ticker import NullLocator

from . import panels, style, units

NAMES = {
    "mods": "share of operations that change the list",
    "threads": "threads",
    "timers": "timers",
    "rate": "operations a second (open load)",
    "think": "time between operations",
    "hold": "extra time in a writer's critical section",
}
SAID = {
    "always": "always faster",
    "never": "never faster",
    "unclear": "unclear",
}
# Faster is blue and slower is orange, which stay apart under the common forms of colour blindness; the word says it too.
FACES = {"faster": "#cfe3f3", "slower": "#f9dcc4", "same": "#eceff1", "unclear": style.PAPER}
MAP_CELL_IN = (1.15, 0.48)


def draw(results):
    if results.crossover_points is not None:
        points = results.crossover_points.filter(pl.col("ratio").is_finite().fill_null(False))
        if not points.is_empty():
            yield "crossover", _curves(results, points)
    if results.crossover_map is not None:
        cells = results.crossover_map.filter(pl.col("ratio").is_finite().fill_null(False))
        if not cells.is_empty():
            yield "crossover-map", _map(cells)


def value(vary, number):
    """A value of what is varied, with its unit."""
    if vary == "mods":
        return f"{100 * number:.3g} %"
    if vary in ("think", "hold"):
        return units.duration(number)
    return units.si(number) if vary == "rate" else f"{number:,.0f}"


def _curves(results, points):
    vary = points["vary"][0]
    baseline = style.fitted(points["baseline"][0], 2.2)
    names = sorted(points["strategy"].unique(), key=style.sort_key)
    labels = {name: _label(results, name) for name in names}
    title = f"From where on strategies beat {baseline}"
    subtitle = (
        f"Ratio to {baseline}, below 1 is faster. Filled marks were decided (whiskers: their intervals, which hold together "
        "with 95 %), hollow ones were not. Bars at the foot: the interval of each crossing."
    )
    size = (6.2, max(3.4, panels.label_height(len(names))))
    margins = (0.95, panels.label_width(labels.values()), 0.7)
    figure, (axes,) = panels.grid(1, 1, size, margins, title, subtitle)
    low, high = points["value"].min(), points["value"].max()
    _value_axis(axes, vary, low, high)
    # Intervals of what was looked at a few times only reach beyond any scale; the decided ones and the medians set it.
    decided = points.filter(pl.col("verdict") != "unclear")
    bottom = min(points["ratio"].min(), decided["ci_low"].min() or 1.0, 0.95)
    top = max(points["ratio"].max(), decided["ci_high"].max() or 1.0, 1.05)
    crossings = _crossings(results)
    # Room for a bar a crossing under the curves.
    reach = (top / bottom) ** 0.06
    lane = (top / bottom) ** 0.035
    foot = bottom / reach / lane ** (len(crossings) + 1)
    axes.set_yscale("log")
    axes.set_ylim(foot, top * reach)
    units.log_axis(axes.yaxis, foot, top * reach, lambda ratio: f"{ratio:.3g}", most=9)
    axes.set_ylabel(f"ratio to {baseline} (log)")
    axes.axhline(1, color=style.INK, linewidth=0.9, zorder=1)
    ends = []
    for name in names:
        line = points.filter(pl.col("strategy") == name).sort("value")
        look = style.look(name)
        axes.plot(line["value"], line["ratio"], color=look.colour, linestyle=look.line, linewidth=1.4, zorder=2)
        for row in line.iter_rows(named=True):
            _mark(axes, row, look)
        ends.append((line["value"][-1], line["ratio"][-1], name, labels[name]))
    for place, row in enumerate(crossings):
        at = foot * lane ** (len(crossings) - place)
        look = style.look(row["strategy"])
        axes.plot([row["ci_low"], row["ci_high"]], [at, at], color=look.colour, linewidth=5, alpha=0.45)
        axes.plot([row["crossing"]], [at], **look.mark(0.8))
    panels.panel_title(axes, _panel_name(points), f"{points['value'].n_unique()} values")
    panels.label_ends(axes, ends)
    return figure


def _panel_name(points):
    workload, vary = points["workload"][0], points["vary"][0]
    return workload.split(f"-{vary}-")[0]


def _mark(axes, row, look):
    decided = row["verdict"] != "unclear"
    if decided and row["ci_low"] and row["ci_high"]:
        axes.plot([row["value"]] * 2, [row["ci_low"], row["ci_high"]], color=look.colour, linewidth=1.2, alpha=0.6)
    mark = look.mark(0.85)
    if not decided:
        mark["markerfacecolor"] = style.PAPER
    axes.plot([row["value"]], [row["ratio"]], zorder=3, **mark)


def _crossings(results):
    if results.crossover is None:
        return []
    rows = results.crossover.filter(pl.col("crossing").is_not_null())
    return sorted(rows.iter_rows(named=True), key=lambda row: (style.sort_key(row["strategy"]), row["crossing"]))


def _label(results, name):
    """The strategy, and in a few words what was found of it."""
    shown = style.fitted(name, 2.2, style.SMALL)
    if results.crossover is None:
        return shown
    said = []
    for row in results.crossover.filter(pl.col("strategy") == name).iter_rows(named=True):
        if row["verdict"] in SAID:
            said.append(SAID[row["verdict"]])
        else:
            word = "from" if row["verdict"] == "starts" else "up to"
            said.append(f"{word} {value(row['vary'], row['crossing'])}")
    return f"{shown}: {', '.join(said)}" if said else shown


def _value_axis(axes, vary, low, high):
    axes.set_xlabel(NAMES.get(vary, vary) + ("" if vary == "threads" else " (log)"))
    if vary == "threads":
        axes.set_xlim(low - 0.2, high + 0.2)
        step = max(1, math.ceil((high - low) / 12))
        axes.set_xticks(range(int(low), int(high) + 1, step))
        axes.xaxis.set_minor_locator(NullLocator())
        return
    axes.set_xscale("log")
    reach = (high / low) ** 0.03
    axes.set_xlim(low / reach, high * reach)
    units.log_axis(axes.xaxis, low / reach, high * reach, lambda number: value(vary, number), most=7)


def _map(cells):
    names = sorted(cells["strategy"].unique(), key=style.sort_key)
    vary_x, vary_y = cells["vary_x"][0], cells["vary_y"][0]
    xs, ys = sorted(cells["x"].unique()), sorted(cells["y"].unique())
    baseline = style.fitted(cells["baseline"][0], 2.2)
    left = max(style.width_in(value(vary_y, y), style.SMALL) for y in ys) + 0.6
    size = (len(xs) * MAP_CELL_IN[0], len(ys) * MAP_CELL_IN[1])
    figure, grid = panels.grid(
        len(names),
        2 if len(xs) <= 6 else 1,
        size,
        (left, 0.3, 0.75),
        f"Where strategies beat {baseline}",
        f"Each cell: the ratio to {baseline} (below 1 is faster) and the verdict. Blue is faster, orange slower, grey the same, "
        "white undecided; all intervals hold together with 95 %.",
    )
    for axes, name in zip(grid, names, strict=True):
        axes.grid(visible=False)
        axes.set_xlim(0, len(xs))
        axes.set_ylim(0, len(ys))
        axes.set_xticks([place + 0.5 for place in range(len(xs))], [value(vary_x, x) for x in xs])
        axes.set_yticks([place + 0.5 for place in range(len(ys))], [value(vary_y, y) for y in ys])
        axes.tick_params(length=0)
        axes.set_xlabel(NAMES.get(vary_x, vary_x))
        axes.set_ylabel(vary_y)
        for row in cells.filter(pl.col("strategy") == name).iter_rows(named=True):
            _cell(axes, xs.index(row["x"]), ys.index(row["y"]), row)
        panels.panel_title(axes, name)
    return figure


def _cell(axes, x, y, row):
    axes.fill_between(
        [x, x + 1], y, y + 1, facecolor=FACES.get(row["verdict"], style.PAPER), edgecolor=style.GRID, linewidth=0.8
    )
    axes.text(x + 0.5, y + 0.62, f"{row['ratio']:.3g}", ha="center", va="center", size=style.BASE)
    muted = {"style": "italic", "color": style.MUTED} if row["verdict"] == "unclear" else {"color": style.INK}
    axes.text(x + 0.5, y + 0.25, row["verdict"], ha="center", va="center", size=style.SMALL, **muted)
