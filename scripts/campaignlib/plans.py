"""The campaigns: what is run, how often, and what has to come of it. Every flag that a figure depends on is here."""

from dataclasses import dataclass, field

from . import goals, headlock, variance

# Two strategies at one point: the baseline, and the baseline once more as the A/A control.
ALONE = ["--strategies", "mutex"]
# One poller, no writer.
ONE_POLLER = ["--workload", "hot", "--mix", "deadline=1", "--threads", "1"]
TWO_HOT = ["--workload", "hot", "--threads", "2"]

# Of an A/A campaign: three times the half-width that is asked of it.
SAME_AT_ONE = ["--threshold", "1%"]
SAME_AT_TWO = ["--threshold", "3%"]
# Of an injected slow-down: half of what is injected or less.
SEEN_AT_ONE = ["--threshold", "0.2%", "--no-latency"]
SEEN_AT_TWO = ["--threshold", "1%", "--no-latency"]


@dataclass(frozen=True)
class Variant:
    """What sets some of a campaign's runs apart from the others."""

    name: str
    flags: list
    # A busy process is bound to the first processor for the middle third of the run.
    busy: bool = False
    # The subcommand.
    command: str = "run"


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
    # The rows of ratios.csv that answer.
    metric: str = "ns_per_op"
    op: str = "all"
    # Those of each state of the machine too, and not of all blocks together alone.
    by_state: bool = False
    # Seconds from the end of a run to the start of the next one.
    gap: int = 0
    # What else its runs are asked: of the directory, lines.
    further: object = None

    @property
    def played_in(self):
        """The pass that the rows which answer are of."""
        return "throughput" if self.metric == "ns_per_op" else "latency"

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


def injected(share, point, margin):
    return Variant(share, [*ALONE, *point, "--inject", share, *margin])


def counting(name, load):
    """A list that counts its lock acquisitions, over itself without."""
    flags = ["--strategies", name, "--baseline", f"{name}-uncounted", "--workload", "hot", "--threads", "1"]
    return Variant(f"{name}, {load}", [*flags, "--mix", f"{load}=1", "--threshold", "2%"])


CAMPAIGNS = {
    "aa-1": Campaign(
        title="the baseline against itself: one poller, no writer",
        variants=[Variant("aa", [*ALONE, *ONE_POLLER, *SAME_AT_ONE])],
        times=20,
        goals=[goals.Called("aa-control", "same", 19), goals.HalfWidth("aa-control", 0.003)],
    ),
    "aa-2": Campaign(
        title="the baseline against itself: two threads of the hot workload",
        variants=[Variant("aa", [*ALONE, *TWO_HOT, *SAME_AT_TWO])],
        times=20,
        goals=[goals.Called("aa-control", "same", 19), goals.HalfWidth("aa-control", 0.01)],
    ),
    "inject-1": Campaign(
        title="a slow-down of 0.5 %, and the baseline against itself: one poller, no writer",
        variants=[injected("0.5%", ONE_POLLER, SEEN_AT_ONE)],
        times=20,
        goals=[
            goals.Called("injected", "slower", 19),
            goals.Within("aa-control", 0.01, 19),
            goals.HalfWidth("aa-control", 0.003),
        ],
    ),
    "inject-2": Campaign(
        title="a slow-down of 2 %, and the baseline against itself: two threads of the hot workload",
        variants=[injected("2%", TWO_HOT, SEEN_AT_TWO)],
        times=20,
        goals=[
            goals.Called("injected", "slower", 19),
            goals.Within("aa-control", 0.03, 19),
            goals.HalfWidth("aa-control", 0.01),
        ],
    ),
    "tail": Campaign(
        title="operations of more than 0.8 µs 10 % longer, two threads of the hot workload: the 99th percentile of polls",
        variants=[Variant("10%", [*ALONE, *TWO_HOT, "--inject", "10%", "--inject-beyond", "800ns", *SAME_AT_TWO])],
        times=20,
        # Not `same`: a difference below a step of the clock, none at all too, has no verdict.
        goals=[goals.Called("injected", "slower", 19), goals.Within("aa-control", 0.03, 19)],
        budget=60,
        metric="p99_ns",
        op="deadline",
    ),
    "rivals": Campaign(
        title="the core strategies, two threads of the hot workload, again and again: unchanged code that is called different",
        variants=[Variant("core", [*TWO_HOT])],
        times=10,
        goals=[goals.Agree(0.05)],
        by_state=True,
        # So that ten runs lie over an hour.
        gap=360,
    ),
    "variance": Campaign(
        title="where the variance arises: between slices, processes, layouts of the program, and runs minutes apart",
        variants=[
            Variant(f"{load}, {kind}", [*flags, *added], command=command)
            for load, command, long, flags in (
                ("disk", "replay", "50ms", [f"{headlock.ROOT}traces/disk.csv.zst"]),
                ("hot 1", "run", "20ms", ["--workload", "hot", "--threads", "1"]),
                ("hot 2", "run", "20ms", ["--workload", "hot", "--threads", "2"]),
            )
            for kind, added in (
                (variance.PLAIN, ["--no-latency"]),
                (variance.LONG, ["--no-latency", "--trial", long]),
                (variance.LAYOUTS, ["--no-latency", "--layouts", f"{headlock.ROOT}target/layouts"]),
            )
        ],
        times=6,
        budget=20,
        further=variance.report,
    ),
    "curve-1": Campaign(
        title="how often smaller slow-downs are seen: one poller, no writer",
        variants=[injected(share, ONE_POLLER, SEEN_AT_ONE) for share in ("0.25%", "0.35%")],
        times=10,
    ),
    "curve-2": Campaign(
        title="how often smaller slow-downs are seen: two threads of the hot workload",
        variants=[injected(share, TWO_HOT, SEEN_AT_TWO) for share in ("1.25%", "1.5%")],
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
