"""How quantities are written on axes and beside marks."""

import math

from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator


def si(value, unit=""):
    """`20 M`, `1.5 k`, `300`: a count with its prefix."""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor * 0.9995:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".rstrip()


def duration(ns):
    """`25 ns`, `1.5 µs`, `20 ms`: a time with its unit."""
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= factor * 0.9995:
            return f"{ns / factor:.3g} {unit}"
    return f"{ns:.3g} ns"


def whole(value):
    """`1,234`, `56.7 M`: a count of things."""
    return f"{value:,.0f}" if value < 99_999.5 else si(value)


def per_op(value):
    """A count per operation. Below a thousandth, per million operations, so that nobody counts zeros."""
    if value == 0:
        return "0"
    if value < 1e-3:
        return f"{value * 1e6:.2g} per million"
    return f"{value:.2g}" if value < 0.0995 else f"{value:.2f}"


def percent(part, whole):
    """A share, with decimals only where whole per cents would say 0 or 100."""
    share = 100 * part / whole if whole else 0
    if share == 0 or 1 <= share <= 99 or share == 100:
        return f"{share:.0f} %"
    return "under 1 %" if share < 1 else "over 99 %"


def log_axis(axis, low, high, text, most=9):
    """A log axis from `low` to `high`, labelled at as many round values as there are up to `most`."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    choices = [
        [sub * 10.0**n for n in decades for sub in subs] for subs in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
    ]
    choices += [[10.0**n for n in decades if n % step == 0] for step in (2, 3, 5, 10)]
    inside = [[value for value in ticks if low <= value <= high] for ticks in choices]
    axis.set_major_locator(FixedLocator(next((ticks for ticks in inside if len(ticks) <= most), inside[-1])))
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
