"""What has to come of a campaign. Each goal judges the rows of its summary: a sentence, and whether it is reached."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from math import hypot, log
from statistics import median


def of(rows, strategy):
    return [row for row in rows if row["strategy"] == strategy]


@dataclass(frozen=True)
class Called:
    """A strategy gets a verdict in at least so many runs."""

    strategy: str
    verdict: str
    least: int

    def judge(self, rows):
        verdicts = Counter(row["verdict"] for row in of(rows, self.strategy))
        found, runs = verdicts[self.verdict], verdicts.total()
        return f"`{self.strategy}` called `{self.verdict}` in at least {self.least} runs: {found} of {runs}", found >= self.least


@dataclass(frozen=True)
class HalfWidth:
    """Half of a strategy's interval is at most so wide in the median run, as a fraction."""

    strategy: str
    most: float

    def judge(self, rows):
        met = median(row["half_width"] for row in of(rows, self.strategy))
        return f"median half-width of `{self.strategy}` at most {percent(self.most)}: {percent(met)}", met <= self.most


@dataclass(frozen=True)
class Agree:
    """Of all pairs of runs of the same code, state by state, at most this share differ by more than both intervals allow."""

    most: float

    def judge(self, rows):
        alike = {}
        for row in rows:
            alike.setdefault((row["strategy"], row["state"]), []).append((log(row["ratio"]), log(1 + row["half_width"])))
        pairs = [pair for each in alike.values() for pair in combinations(each, 2)]
        # The half-width of a difference, as of two independent figures.
        apart = sum(abs(one - other) > hypot(wide, width) for (one, wide), (other, width) in pairs)
        text = f"pairs of runs that differ by more than their intervals allow at most {percent(self.most)}: {share(apart, len(pairs))}"
        return text, bool(pairs) and apart <= self.most * len(pairs)


@dataclass(frozen=True)
class Marked:
    """Of the trials that are played beside the busy process, most are marked, and far more than of the others."""

    def judge(self, rows):
        busy = [row for row in rows if row["variant"] == "busy"]
        during, marked = (sum(row[name] for row in busy) for name in ("busy_trials", "busy_disturbed"))
        others = sum(row["trials"] for row in rows) - during
        others_marked = sum(row["disturbed"] for row in rows) - marked
        text = (
            f"at least 90 % of the trials beside the busy process are marked: {share(marked, during)}; of all others, "
            f"{share(others_marked, others)}"
        )
        return text, during > 0 and marked >= 0.9 * during


@dataclass(frozen=True)
class Unchanged:
    """Each strategy's verdict is the same with the busy process and without, run by run."""

    def judge(self, rows):
        # Both runs of a pair have the same seed.
        verdicts = {(row["seed"], row["strategy"], row["variant"]): row["verdict"] for row in rows}
        pairs = [
            (strategy, idle, verdicts[seed, strategy, "busy"])
            for (seed, strategy, variant), idle in verdicts.items()
            if variant == "idle" and strategy != "aa-control" and (seed, strategy, "busy") in verdicts
        ]
        changed = [f"{strategy} from {idle} to {busy}" for strategy, idle, busy in pairs if idle != busy]
        text = f"verdicts unchanged: {len(pairs) - len(changed)} of {len(pairs)}" + "".join(f"; {one}" for one in changed)
        return text, bool(pairs) and not changed


@dataclass(frozen=True)
class Costs:
    """Every variant's strategy takes at most so much more than its baseline in the median run, as a fraction."""

    most: float

    def judge(self, rows):
        ratios = {}
        for row in rows:
            if row["strategy"] != "aa-control":
                ratios.setdefault(row["variant"], []).append(row["ratio"])
        worst = max(ratios, key=lambda variant: median(ratios[variant]))
        ratio = median(ratios[worst])
        return f"each at most {1 + self.most:.2f} times its baseline: at most {ratio:.4f} ({worst})", ratio <= 1 + self.most


def share(part, whole):
    return f"{part} of {whole} ({percent(part / whole)})" if whole else "none played"


def percent(fraction):
    return f"{fraction * 100:.2f} %"
