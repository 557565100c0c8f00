"""A figure of equal panels laid out in inches, direct labels that keep apart, and saving.

The layout is computed, not negotiated, because labels stand outside the axes: the margin that they need is known from
their widths, and text can then neither overlap nor be clipped.
"""

import os
import textwrap

import matplotlib.pyplot as plt
from matplotlib.transforms import blended_transform_factory

from . import style
from .errors import Broken

TITLE = 15
PANEL_TITLE = 12


def grid(count, columns, size, margins, title, subtitle):
    """`count` axes of `size` (width, height), each with `margins` (left, right, bottom) around it, all in inches, under
    a title and a subtitle. Unused places of the last row stay empty."""
    style.apply()
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    (width, height), (left, right, bottom) = size, margins
    above = 0.5  # the panel's own title
    cell = left + width + right
    # A single narrow panel still has to hold the title, and the subtitle in a few lines.
    total = max(columns * cell, 6.4, style.width_in(title, TITLE, "bold") + 0.5)
    lines = _wrap(subtitle, total - 0.4)
    head = 0.55 + 0.2 * len(lines)
    high = head + rows * (above + height + bottom) + 0.1
    figure = plt.figure(figsize=(total, high))
    figure.text(0.2 / total, 1 - 0.16 / high, title, size=TITLE, weight="bold", va="top")
    for number, line in enumerate(lines):
        at = 1 - (0.5 + 0.2 * number) / high
        figure.text(0.2 / total, at, line, size=style.SMALL, color=style.MUTED, va="top")
    axes = []
    for index in range(count):
        row, column = divmod(index, columns)
        x = column * cell + left
        y = high - head - row * (above + height + bottom) - above - height
        axes.append(figure.add_axes([x / total, y / high, width / total, height / high]))
    return figure, axes


def columns_for(points):
    """How many panels a row, for (workload, threads) points: a workload's panels fill whole rows where that can be."""
    most = max(sum(1 for workload, _ in points if workload == one) for one, _ in points)
    return 2 if most in (1, 2, 4) else 3


def _wrap(text, inches):
    per_char = style.width_in("abcdefghijklmnopqrstuvwxyz, " * 2, style.SMALL) / 56
    return textwrap.wrap(text, max(30, int(inches / per_char)))


def panel_title(axes, text, note=""):
    """The panel's title above its left corner, and a note in the margin's grey after it."""
    offset = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom", "annotation_clip": False}
    # The right margin, at least this wide in every plot, is free at the height of the title.
    room = axes.get_window_extent().width / axes.figure.dpi + 0.8 - style.width_in(note, style.SMALL)
    shown = style.fitted(text, room, PANEL_TITLE, "bold")
    axes.annotate(shown, (0, 1), (0, 9), size=PANEL_TITLE, weight="bold", ha="left", **offset)
    if note:
        at = style.width_in(shown, PANEL_TITLE, "bold") * 72 + 12
        axes.annotate(note, (0, 1), (at, 9.5), size=style.SMALL, color=style.MUTED, ha="left", **offset)


LABEL_GAP_IN = 0.19
LABEL_KEY_IN = 0.32


def label_width(names):
    """The right margin, in inches, that direct labels of these texts need."""
    return LABEL_KEY_IN + 0.2 + max((style.width_in(name, style.SMALL) for name in names), default=0) + 0.15


def label_height(count):
    """The panel's height, in inches, from which on so many labels fit beside it."""
    return count * LABEL_GAP_IN + 0.3


def label_ends(axes, ends):
    """Names lines at their right ends, beside the panel: (x, y, strategy, text) each. Labels keep their order and are
    pushed apart; a thin line leads to the end that each one names. Call it when the axes' limits are final."""
    dpi = axes.figure.dpi
    box = axes.get_window_extent()
    ends = sorted(ends, key=lambda end: (axes.transData.transform(end[:2])[1], end[3]))
    wanted = [axes.transData.transform(end[:2])[1] for end in ends]
    placed = _apart(wanted, LABEL_GAP_IN * dpi, box.y0, box.y1)
    margin = blended_transform_factory(axes.transAxes, axes.transAxes)
    for (x, y, strategy, text), pixel in zip(ends, placed, strict=True):
        look = style.look(strategy)
        at = (pixel - box.y0) / box.height
        key = 1 + LABEL_KEY_IN * dpi / box.width
        end = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))
        axes.plot(
            [end[0], key - 0.09 * dpi / box.width],
            [end[1], at],
            transform=margin,
            clip_on=False,
            color=look.colour,
            linewidth=0.8,
            alpha=0.55,
            zorder=1,
        )
        axes.plot([key], [at], transform=margin, clip_on=False, linestyle="none", **look.mark())
        axes.annotate(
            text,
            (key, at),
            (9, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            size=style.SMALL,
            va="center_baseline",
            annotation_clip=False,
        )


def _apart(wanted, gap, low, high):
    """Positions in the order of `wanted` (ascending), at least `gap` apart, each group centred on what its members
    want, and inside [low, high] as long as they fit."""
    groups = []
    for want in wanted:
        groups.append([want, 1])
        while len(groups) > 1 and _top(groups[-2], gap) + gap > _bottom(groups[-1], gap):
            centre, size = groups.pop()
            before, others = groups[-1]
            # The mean of what all members want; their offsets inside the group cancel out.
            groups[-1] = [(before * others + centre * size) / (others + size), others + size]
    placed = [_bottom(group, gap) + gap * i for group in groups for i in range(group[1])]
    for i, position in enumerate(placed):
        floor = low if i == 0 else placed[i - 1] + gap
        placed[i] = max(position, floor)
    for i in reversed(range(len(placed))):
        ceiling = high if i == len(placed) - 1 else placed[i + 1] - gap
        placed[i] = min(placed[i], ceiling)
    return placed


def _bottom(group, gap):
    return group[0] - (group[1] - 1) * gap / 2


def _top(group, gap):
    return group[0] + (group[1] - 1) * gap / 2


def save(figure, out, name):
    """Writes NAME.svg and NAME.png and yields their paths. Each appears whole or not at all."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Broken(f"{out} is not a directory; --out must name one, or a new one") from None
    metadata = {"svg": {"Date": None, "Title": f"headlock: {name}"}, "png": {"Title": f"headlock: {name}"}}
    for kind, facts in metadata.items():
        path = out / f"{name}.{kind}"
        draft = out / f".{name}.{kind}.part"
        try:
            figure.savefig(draft, format=kind, metadata=facts)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        yield path
    plt.close(figure)
