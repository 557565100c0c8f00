"""The campaigns: what is run, how often, and what has to come of it. Every flag that a figure depends on is here."""

from dataclasses import dataclass, field

from . import goals

# Two strategies at one point: the baseline, and the baseline once more as the A/A control.
ALONE = ["--strategies", "mutex"]
# One poller, no writer.
ONE_POLLER = ["--workload", "hot", "--mix", "deadline=1", "--threads", "1"]
TWO_HOT = ["--workload", "hot", "--threads", "2"]

# Of an A/A campaign: twice the resolution that is asked of it, so that `same` is said of what is seen and not at its very edge.
SAME_AT_ONE = ["--threshold", "1%"]
SAME_AT_TWO = ["--threshold", "4%"]
# Of an injected slow-down: below every share that is injected, so that the interval and the resolution decide alone; and all the
# time for what decides.
VERDICT_ALONE = ["--threshold", "0.1%", "--no-latency"]


@dataclass(frozen=True)
class Variant:
    """What sets some of a campaign's runs apart from the others."""

    name: str
    flags: list
    # A busy process is bound to the first processor for the middle third of the run.
    busy: bool = False


@dataclass(frozen=True)
class Run:
    """One run to be played."""

    # From 1.
    number: int
    variant: Variant
    # So that no two runs of a variant play the same scripts in the same order, and variants can be set side by side.
    seed: int


@dataclass(frozen=True)
class Campaign:
    """A question, and the runs that answer it."""

    title: str
    # Each is run `times` times, in turn.
    variants: list
    times: int
    goals: list = field(default_factory=list)
    # Seconds of a run; of a criterion bench, of its measurement.
    budget: int = 30
    by_criterion: bool = False
    # The program's name; its file has the same.
    program: str = "headlock"

    @property
    def total(self):
        return self.times * len(self.variants)

    def runs(self):
        """All runs in their order: every variant once, then every variant again, so that a drift hits all alike."""
        number = 0
        for seed in range(1, self.times + 1):
            for variant in self.variants:
                number += 1
                yield Run(number, variant, seed)


def injected(share, point):
    return Variant(share, [*ALONE, *point, "--inject", share, *VERDICT_ALONE])


def counting(name, load):
    """A list that counts its lock acquisitions, over itself without."""
    flags = ["--strategies", name, "--baseline", f"{name}-uncounted", "--workload", "hot", "--threads", "1"]
    return Variant(f"{name}, {load}", [*flags, "--mix", f"{load}=1", "--threshold", "2%"])


CAMPAIGNS = {
    "aa-1": Campaign(
        title="the baseline against itself: one poller, no writer",
        variants=[Variant("aa", [*ALONE, *ONE_POLLER, *SAME_AT_ONE])],
        times=20,
        goals=[goals.Called("aa-control", "same", 19), goals.Resolution(0.005)],
    ),
    "aa-2": Campaign(
        title="the baseline against itself: two threads of the hot workload",
        variants=[Variant("aa", [*ALONE, *TWO_HOT, *SAME_AT_TWO])],
        times=20,
        goals=[goals.Called("aa-control", "same", 19), goals.Resolution(0.02)],
    ),
    "inject-1": Campaign(
        title="a slow-down of 1 %: one poller, no writer",
        variants=[injected("1%", ONE_POLLER)],
        times=20,
        goals=[goals.Called("injected", "slower", 19)],
    ),
    "inject-2": Campaign(
        title="a slow-down of 5 %: two threads of the hot workload",
        variants=[injected("5%", TWO_HOT)],
        times=20,
        goals=[goals.Called("injected", "slower", 19)],
    ),
    "curve-1": Campaign(
        title="how often smaller slow-downs are seen: one poller, no writer",
        variants=[injected(share, ONE_POLLER) for share in ("0.25%", "0.5%")],
        times=10,
    ),
    "curve-2": Campaign(
        title="how often smaller slow-downs are seen: two threads of the hot workload",
        variants=[injected(share, TWO_HOT) for share in ("1%", "2%")],
        times=10,
    ),
    "disturbed": Campaign(
        title="verdicts with a busy process on one of the cores for the middle third of the run, and without",
        variants=[
            Variant(name, ["--strategies", "mutex,rcu-membarrier,arc-swap,atomic-deadline", *TWO_HOT], busy=name == "busy")
            for name in ("idle", "busy")
        ],
        times=5,
        goals=[goals.Marked(), goals.Unchanged()],
    ),
    "counting": Campaign(
        title="what counting lock acquisitions costs: lists that count over the same lists without, one thread",
        variants=[
            counting("mutex", "deadline"),
            counting("mutex-inline", "deadline"),
            counting("mutex-std", "deadline"),
            counting("rwlock", "deadline"),
            counting("mutex", "modify"),
        ],
        times=3,
        goals=[goals.Costs(0.02)],
        program="headlock-specimens",
    ),
    "criterion": Campaign(
        title="criterion's benches compared with their own previous run, for contrast",
        variants=[
            Variant("criterion", ["deadline alone/mutex", "deadline alone/rcu-epoch", "deadline beside a writer/mutex"])
        ],
        times=20,
        # criterion's own default.
        budget=5,
        by_criterion=True,
    ),
}
