"""The interval of a median, as src/stats/interval.rs has it: interpolated order statistics (Hettmansperger and Sheather, 1986)."""

import math
from statistics import median

MIN_BLOCKS = 6


def median_interval(values, confidence=0.95):
    """Lower end, median and upper end; the ends are infinite where the values cannot bound them."""
    values = sorted(values)
    count, middle, miss = len(values), median(values), 1 - confidence
    if count < MIN_BLOCKS:
        return -math.inf, middle, math.inf
    place = rank(count, miss)
    if place is None:
        past = (values[-1] - values[0]) * max(0.0, miss ** (-1 / (count - 1)) / 2 - 1)
        return (values[0] - past, middle, values[-1] + past) if past > 0 else (-math.inf, middle, math.inf)
    outer, inward = place
    inner = min(outer + 1, count - 1)
    low = values[outer] + inward * (values[inner] - values[outer])
    high = values[-1 - outer] + inward * (values[-1 - inner] - values[-1 - outer])
    return min(low, middle), middle, max(high, middle)


def rank(count, miss):
    """The place from either end at which the interval ends, and the share of the way to the next one; None if the ends miss more."""
    ln_probability, fewer, outside = -count * math.log(2), 0.0, None
    for k in range(1, (count + 1) // 2 + 1):
        fewer += math.exp(ln_probability)
        missed = 2 * fewer
        if missed > miss:
            if outside is None:
                return None
            k, before = outside
            share = (miss - before) / (missed - before)
            return k - 1, (count - k) * share / (k + (count - 2 * k) * share)
        outside = (k, missed)
        ln_probability += math.log((count - k + 1) / k)
    return outside[0] - 1, 0.0
