"""The common look: one colour and one marker a strategy, the same in every plot, and the page that they stand on.

No palette has twenty colours that everybody can tell apart. So the strategies that are compared by default have the
colours of Okabe and Ito ("Color Universal Design", 2008), which stay distinct under the common forms of colour
blindness, the others have darker or paler ones and a broken line, and no two share a marker: shape alone tells them
apart too.
"""

import functools
import zlib
from dataclasses import dataclass

import matplotlib
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

INK = "#1f2328"
MUTED = "#57606a"
GRID = "#e3e6ea"
SHADE = "#cfd3d8"
PAPER = "#ffffff"

# Points. At half size on a screen, text of this size is still 11 pixels high.
BASE = 11
SMALL = 10

SOLID = "-"
BROKEN = (0, (5, 1.6))
DOTTED = (0, (1.5, 1.3))


@dataclass(frozen=True)
class Look:
    """How a strategy is drawn."""

    colour: str
    marker: str
    line: object = SOLID
    # Markers differ in area at one size; this evens them out.
    size: float = 7
    hollow: bool = False

    def mark(self, scale=1.0):
        """The marker, as keyword arguments of `plot`."""
        face = PAPER if self.hollow else self.colour
        return {
            "color": self.colour,
            "marker": self.marker,
            "markersize": self.size * scale,
            "markerfacecolor": face,
            "markeredgewidth": 1.5,
        }


LOOKS = {
    "mutex": Look("#000000", "o"),
    "mutex-peek": Look("#e69f00", "s", size=6.5),
    "mutex-inline": Look("#8c510a", ">", BROKEN),
    "mutex-std": Look("#6b6b6b", "<", BROKEN),
    "rwlock": Look("#bf812d", "p", BROKEN, 8),
    "rcu-epoch": Look("#0072b2", "^"),
    "rcu-epoch-validated": Look("#332288", "X", BROKEN, 8),
    "rcu-epoch-copy": Look("#6a8fd4", "2", BROKEN, 11),
    "rcu-membarrier": Look("#56b4e9", "v"),
    "rcu-qsbr": Look("#1b7a8c", "d", BROKEN, 8),
    "hazard": Look("#882255", "H", BROKEN, 8),
    "hyaline": Look("#aa4499", (6, 1, 0), BROKEN, 9),
    "arc-swap": Look("#009e73", "D", size=6.5),
    "arc-swap-list": Look("#3f6b1f", (4, 1, 0), BROKEN, 10),
    "seqlock": Look("#cc79a7", "P", size=8),
    "left-right": Look("#8a8a00", (6, 2, 0), BROKEN, 9),
    "atomic-deadline": Look("#d55e00", "*", size=11),
    "floor": Look("#9aa0a6", "x"),
    "aa-control": Look("#b4b8bd", "+"),
}

# A plug-in's look is drawn from these by its name, so that it is the same in every plot and run. The dotted line and
# the hollow marker say that it is none of the built-in ones.
PLUGIN_COLOURS = ("#7a0403", "#b3126b", "#6a3dd1", "#00504e", "#2f5d00", "#5c3a00")
PLUGIN_MARKERS = ("o", "s", "^", "D", "v", "p")


def look(strategy):
    if strategy in LOOKS:
        return LOOKS[strategy]
    # crc32, because Python's own hash of a string differs from one process to the next.
    seed = zlib.crc32(strategy.encode())
    colour = PLUGIN_COLOURS[seed % len(PLUGIN_COLOURS)]
    marker = PLUGIN_MARKERS[seed // len(PLUGIN_COLOURS) % len(PLUGIN_MARKERS)]
    return Look(colour, marker, DOTTED, hollow=True)


def apply():
    """Sets matplotlib up, whatever the user's own settings are: same input, same bytes."""
    matplotlib.rcdefaults()
    matplotlib.use("Agg")
    matplotlib.rcParams.update(
        {
            # Text in an SVG stays text, so that it can be searched, selected and read aloud.
            "svg.fonttype": "none",
            "svg.hashsalt": "headlock",
            "font.family": ["DejaVu Sans", "sans-serif"],
            # Names come from files; a dollar sign in one is no formula.
            "text.parse_math": False,
            "font.size": BASE,
            "figure.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "savefig.dpi": 150,
            "text.color": INK,
            "axes.edgecolor": "#8b949e",
            "axes.labelcolor": INK,
            "axes.labelsize": BASE,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "grid.linewidth": 0.8,
            "xtick.color": "#8b949e",
            "ytick.color": "#8b949e",
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "hatch.linewidth": 1.6,
            "lines.linewidth": 2,
            "lines.solid_capstyle": "round",
        }
    )


@functools.cache
def width_in(text, size=BASE, weight="normal"):
    """The width of a text in inches, so that margins can be made to fit what stands in them."""
    font = FontProperties(family="DejaVu Sans", weight=weight, size=size)
    return text_to_path.get_text_width_height_descent(text, font, False)[0] / 72 if text else 0.0


@functools.cache
def fitted(text, inches, size=BASE, weight="normal"):
    """The text, shortened with an ellipsis where it would be wider than `inches`; unprintable characters are replaced,
    since XML cannot hold them."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    if width_in(text, size, weight) <= inches:
        return text
    while text and width_in(text + "…", size, weight) > inches:
        text = text[:-1]
    return text + "…"


def sort_key(strategy):
    """The order of the table above, then plug-ins by name, so that colours and rows come in one order everywhere."""
    names = list(LOOKS)
    return (names.index(strategy) if strategy in LOOKS else len(names), strategy)
