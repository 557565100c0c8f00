"""Horizontal bars, a group a strategy, a bar a thread count, one panel a workload: what `locks` and `reclaim` share."""

from dataclasses import dataclass

from matplotlib.ticker import FuncFormatter, MaxNLocator

from . import panels, style

BAR_IN = 0.24
GROUP_GAP_IN = 0.16


@dataclass
class Bar:
    """One bar. `hatched` is the part of `value` that is drawn hatched; `text` stands at the bar's end."""

    strategy: str
    threads: int
    value: float
    text: str
    hatched: float = 0.0


def figure(bars_of, title, subtitle, axis, text):
    """`bars_of`: workload -> bars. `axis` names the quantity and its unit, `text` writes one value of it."""
    left, right, height = room(bars_of)
    shown, grid = panels.grid(len(bars_of), 2, (3.6, height), (left, right, 0.65), title, subtitle)
    for axes, workload in zip(grid, bars_of, strict=True):
        panel(axes, bars_of, workload, axis, text)
    return shown


def room(bars_of):
    """What a panel of bars needs: the margins for the names on its left and the texts on its right, and its height, inches."""
    every = [bar for bars in bars_of.values() for bar in bars]
    names = max(style.width_in(style.fitted(bar.strategy, 2.2), style.BASE) for bar in every)
    texts = max(style.width_in(bar.text, style.SMALL) for bar in every)
    return names + (1.15 if _several(every) else 0.3), texts + 0.3, max(places(bars)[1] for bars in bars_of.values())


def panel(axes, bars_of, workload, axis, text):
    """One workload's bars, on the scale and with the height of all: the eye compares lengths across panels whether it may or
    not."""
    every = [bar for bars in bars_of.values() for bar in bars]
    several = _several(every)
    bars = bars_of[workload]
    most = max(bar.value for bar in every) or 1
    at, _ = places(bars)
    axes.set_xlim(0, most * 1.02)
    axes.set_ylim(room(bars_of)[2], 0)
    for place, bar in zip(at, bars, strict=True):
        _draw(axes, place, bar)
    name_groups(axes, at, bars, several)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))
    axes.set_xlabel(axis)
    axes.grid(axis="y", visible=False)
    panels.panel_title(axes, workload, "" if several else _threads(every[0].threads))


def _several(bars):
    """Whether the bars are of more than one thread count, so that each must say which."""
    return len({bar.threads for bar in bars}) > 1


def places(bars):
    """Each bar's centre from the top, and the height of all, in inches; bars of one strategy touch."""
    places, edge = [], GROUP_GAP_IN / 2
    for before, bar in zip([None, *bars], bars, strict=False):
        if before is not None and before.strategy != bar.strategy:
            edge += GROUP_GAP_IN
        places.append(edge + BAR_IN / 2)
        edge += BAR_IN
    return places, edge + GROUP_GAP_IN / 2


def _draw(axes, place, bar):
    look = style.look(bar.strategy)
    axes.barh(place, bar.value, height=BAR_IN * 0.86, color=look.colour, zorder=2)
    if bar.hatched > 0:
        # White strokes over the strategy's own colour, so that the colour still names it.
        axes.barh(
            place,
            bar.hatched,
            height=BAR_IN * 0.86,
            color=look.colour,
            edgecolor="white",
            hatch="////",
            linewidth=0,
            zorder=3,
        )
    axes.annotate(
        bar.text,
        (bar.value, place),
        (5, 0),
        textcoords="offset points",
        size=style.SMALL,
        va="center_baseline",
        annotation_clip=False,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1},
    )


def name_groups(axes, places, bars, several):
    """Thread counts beside the bars, if there are several, and the strategy's name once, beside its group."""
    groups = {}
    for place, bar in zip(places, bars, strict=True):
        groups.setdefault(bar.strategy, []).append(place)
    axes.tick_params(axis="y", length=0)
    if not several:
        axes.set_yticks(places, [style.fitted(bar.strategy, 2.2) for bar in bars], size=style.BASE)
        return
    labels = axes.set_yticks(places, [_threads(bar.threads) for bar in bars], size=9)
    for label in labels:
        label.label1.set_color(style.MUTED)
    for strategy, at in groups.items():
        axes.annotate(
            style.fitted(strategy, 2.2),
            (0, sum(at) / len(at)),
            (-0.92 * 72, 0),
            ha="right",
            va="center_baseline",
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            annotation_clip=False,
        )


def _threads(count):
    return f"{count} thread{'s'[: count != 1]}"
