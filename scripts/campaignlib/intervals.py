"""The interval of a median, as src/stats/interval.rs has it: interpolated order statistics (Hettmansperger and Sheather, 1986), at a level
that is raised by what neighbours in time have in common (Newey and West, 1987)."""

import math
from statistics import NormalDist, median

MIN_BLOCKS = 6
# The fewest values whose order says how much neighbours have in common.
ORDER_TELLS = 12


def median_interval(values, confidence=0.95):
    """Lower end, median and upper end; the ends are infinite where the values cannot bound them."""
    count, middle = len(values), median(values)
    if count < MIN_BLOCKS:
        return -math.inf, middle, math.inf
    miss = missed(confidence, dependence(values, middle))
    values = sorted(values)
    place = rank(count, miss)
    if place is None:
        past = (values[-1] - values[0]) * max(0.0, miss ** (-1 / (count - 1)) / 2 - 1)
        return (values[0] - past, middle, values[-1] + past) if past > 0 else (-math.inf, middle, math.inf)
    outer, inward = place
    inner = min(outer + 1, count - 1)
    low = values[outer] + inward * (values[inner] - values[outer])
    high = values[-1 - outer] + inward * (values[-1 - inner] - values[-1 - outer])
    return min(low, middle), middle, max(high, middle)


def dependence(values, middle):
    """By how much the number of values on either side of the median varies more, in variance, than if they were independent."""
    count = len(values)
    if count < ORDER_TELLS:
        return 1.0
    sides = [(value > middle) - (value < middle) for value in values]
    lags = int(count ** (1 / 3) + 1e-9)  # A cube is not to fall short of its root.
    factor = 1.0
    for lag in range(1, lags + 1):
        both = sum(one * later for one, later in zip(sides, sides[lag:]))
        factor += 2 * (1 - lag / (lags + 1)) * (both + (count - lag) / count) / count
    return max(1.0, factor)


def missed(confidence, factor):
    """How often an interval for independent values may miss, for one that holds with `confidence` where they depend on each other."""
    if factor <= 1:
        return 1 - confidence
    normal = NormalDist()
    return 2 * normal.cdf(math.sqrt(factor) * normal.inv_cdf((1 - confidence) / 2))


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
