"""What has to come of a campaign. Each goal judges the rows of its summary: a sentence, and whether it is reached."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from math import hypot, log, log1p
from statistics import NormalDist, median


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
class Within:
    """A strategy's interval lies within a margin in at least so many runs: what `same` is with that margin as the threshold."""

    strategy: str
    margin: float
    least: int

    def judge(self, rows):
        rows = of(rows, self.strategy)
        found = sum(1 / (1 + self.margin) <= row["ci_low"] and row["ci_high"] <= 1 + self.margin for row in rows)
        text = f"interval of `{self.strategy}` within a margin of {percent(self.margin)} in at least {self.least} runs"
        return f"{text}: {found} of {len(rows)}", found >= self.least


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
    """Of all pairs of runs of the same code, state by state, at most this share is called different, as `headlock compare` calls it.

    The interval of a ratio between two runs joins theirs by MOVER, and what runs differ by anyway (src/stats/changes.rs; the A/A control
    is the same code twice, and is allowed nothing); it is called different if it excludes 1 and does not lie within the margin. Runs whose
    probes say that they met two machines (src/stats/machines.rs) are not compared, but for the control. All blocks together are a mixture of the states that a run's minutes had, and count only where no
    state is known.
    """

    most: float
    # The difference still called the same.
    margin: float = 0.01
    # The standard deviation of a log ratio from run to run: compare's --between-runs.
    between_runs: float = 0.025
    # How far a cycle and a line's way may differ on one machine.
    clock: float = 0.03
    line: float = 0.05

    def judge(self, rows):
        states = [row for row in rows if row["state"] != "all"] or rows
        alike = {}
        for row in states:
            alike.setdefault((row["state"], row["strategy"]), []).append(row)
        called = {key: Counter(self.called(*pair) for pair in combinations(runs, 2)) for key, runs in alike.items()}
        total = sum(called.values(), Counter())
        unlike = total.pop("another machine", 0)
        pairs, apart, small = total.total(), total["different"], total["within the margin"]
        text = f"pairs of runs called different at most {percent(self.most)}: {share(apart, pairs)}"
        text += f" with {percent(self.between_runs)} allowed between runs"
        text += f"; of the others, {small} differ by less than the margin of {percent(self.margin)}"
        if unlike:
            text += f"; {unlike} more met two machines and are not compared"
        for (state, name), found in called.items():
            if found["different"]:
                text += f"; {name}, {state}: {found['different']} of {found.total() - found['another machine']}"
        return text, bool(pairs) and apart <= self.most * pairs

    def called(self, one, other):
        control = one["strategy"] == "aa-control"
        if not control and self.unlike(one, other):
            return "another machine"
        (one_low, one_at, one_high), (low, at, high) = ([log(row[end]) for end in ("ci_low", "ratio", "ci_high")] for row in (one, other))
        allowed = 0 if control else self.between_runs
        minutes = NormalDist().inv_cdf(0.975) * hypot(allowed, allowed)
        ends = at - one_at - hypot(at - low, one_high - one_at, minutes), at - one_at + hypot(high - at, one_at - one_low, minutes)
        if ends[0] <= 0 <= ends[1]:
            return "alike"
        return "within the margin" if max(map(abs, ends)) <= log(1 + self.margin) else "different"

    def unlike(self, one, other):
        shares = {"cycle_ns": self.clock, "line_ns": self.line}
        return any(one[name] and other[name] and abs(log(other[name] / one[name])) > log1p(share) for name, share in shares.items())


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
