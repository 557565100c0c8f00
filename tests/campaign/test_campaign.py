"""Checks what scripts/campaign says of made-up result files, and its command line. Nothing is measured.

    python3 -m unittest discover -s tests/campaign
"""

import math
import random
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

from campaignlib import coverage, criterion, goals, headlock, intervals, pairs, summary, variance  # noqa: E402
from campaignlib.errors import Failed  # noqa: E402
from campaignlib.plans import CAMPAIGNS  # noqa: E402

TRIALS = "workload,strategy,threads,block,pass,ops,elapsed_ns,ns_per_op,disturbed,slices,log_ratio\n"
RATIOS = (
    "workload,threads,metric,strategy,baseline,ratio,ci_low,ci_high,blocks,verdict,confidence,threshold,state,op\n"
    "hot,1,ns_per_op,injected,mutex,1.0100,1.0080,1.0120,90,slower,0.9875,0.001,all,all\n"
    "hot,1,ns_per_op,aa-control,mutex,1.0001,0.9970,1.0040,90,unclear,0.9875,0.001,all,all\n"
    "hot,1,service_ns,injected,mutex,1.5,1.4,1.6,90,slower,0.9875,0.001,all,deadline\n"
    "hot,1,net_ns_per_op,injected,mutex,1.0200,0.9900,1.0500,90,unclear,0.9875,0.001,all,all\n"
    "hot,1,net_ns_per_op,aa-control,mutex,1.0002,0.9950,1.0090,90,unclear,0.9875,0.001,all,all\n"
)
RUN_JSON = (
    '{"command": ["headlock", "run", "--budget", "30s"], "parameters": {"baseline": "mutex"}, "headlock_version": "0.1.0", "started": "2026-11-24T10:00:00Z",'
    ' "warnings": ["a neighbour"], "host": {"cpu_model": "A CPU", "logical_cpus": 2, "hypervisor": "kvm", "kernel": "6.1",'
    ' "rustc": "rustc 1.95.0"}}'
)
CRITERION = """\
deadline alone/mutex    time:   [7.9 ns 8.0 ns 8.1 ns]
                        change: [\u22121.2345% +0.3000% +1.9000%] (p = 0.70 > 0.05)
                        No change in performance detected.
Found 5 outliers among 100 measurements (5.00%)
deadline alone/rcu-epoch
                        time:   [8.9 ns 9.0 ns 9.1 ns]
                        change: [+2.0000% +3.0000% +4.0000%] (p = 0.00 < 0.05)
                        Performance has regressed.
deadline beside a writer/mutex
                        time:   [89.0 ns 90.0 ns 91.0 ns]
                        change: [-30.000% -20.000% -10.000%] (p = 0.00 < 0.05)
                        Performance has improved.
"""


def first(name):
    return next(CAMPAIGNS[name].runs())


def row(strategy, verdict, **columns):
    plain = dict.fromkeys(summary.COLUMNS) | {"run": 1, "variant": "aa", "seed": 1, "state": "all", "ratio": 1.0, "half_width": 0.004}
    return plain | {"strategy": strategy, "verdict": verdict} | columns


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)

    def made_up_run(self, marks=()):
        trials = [("mutex", "false"), ("injected", "true"), ("injected", "false"), ("aa-control", "false")]
        lines = [f"hot,{name},1,{number},throughput,1,1,1,{flag},50,0" for number, (name, flag) in enumerate(trials)]
        lines.append("hot,injected,1,4,latency,1,1,1,true,50,0")
        (self.dir / "trials.csv").write_text(TRIALS + "".join(f"{line}\n" for line in lines))
        (self.dir / "ratios.csv").write_text(RATIOS)
        return headlock.rows(self.dir, first("inject-1"), marks, CAMPAIGNS["inject-1"])


class Rows(Scratch):
    def test_what_the_probes_read_is_kept_where_several_threads_play(self):
        blocks = ["hot,1,0.2,", "hot,2,0.24,60", "hot,2,0.26,62", "hot,2,0.25,90"]
        (self.dir / "blocks.csv").write_text("workload,threads,addition_ns,hop_ns\n" + "".join(f"{block}\n" for block in blocks))
        self.assertEqual(headlock.probed(self.dir / "blocks.csv"), {("hot", "2"): {"cycle_ns": 0.25, "line_ns": 62}})
        self.assertEqual(headlock.probed(self.dir / "none.csv"), {})

    def test_rows_hold_the_deciding_ratios_and_count_the_deciding_trials(self):
        injected, control = self.made_up_run()
        self.assertEqual([injected["strategy"], control["strategy"]], ["injected", "aa-control"])
        self.assertEqual((injected["verdict"], injected["ratio"], injected["half_width"]), ("slower", 1.01, 0.0019821625))
        self.assertEqual((injected["trials"], injected["disturbed"]), (2, 1))
        self.assertEqual((control["trials"], control["disturbed"]), (1, 0))
        self.assertEqual((injected["busy_trials"], injected["busy_disturbed"]), (0, 0))

    def test_trials_beside_the_busy_process_are_those_that_ended_meanwhile(self):
        injected, control = self.made_up_run(marks=[1, 2])
        self.assertEqual((injected["busy_trials"], injected["busy_disturbed"]), (1, 1))
        self.assertEqual(control["busy_trials"], 0)

    def test_a_run_without_a_ratio_is_no_run(self):
        self.made_up_run()
        (self.dir / "ratios.csv").write_text(RATIOS.splitlines()[0] + "\n")
        with self.assertRaisesRegex(Failed, "not idle"):
            headlock.rows(self.dir, first("inject-1"), [], CAMPAIGNS["inject-1"])

    def test_too_few_blocks_have_an_infinite_width(self):
        self.assertEqual(headlock.half_width({"ci_low": "0.0", "ci_high": "inf"}), math.inf)

    def test_a_tail_is_answered_by_its_own_row_and_pass(self):
        self.made_up_run()
        header = RATIOS.splitlines(keepends=True)[0]
        rows = "".join(
            f"hot,2,{metric},injected,mutex,{ratio},{ratio - 0.01},{ratio + 0.01},30,{verdict},0.99,0.03,{state},{op}\n"
            for metric, op, state, ratio, verdict in (
                ("ns_per_op", "all", "all", 1.02, "unclear"),
                ("p99_ns", "modify", "all", 1.0, "unclear"),
                ("p99_ns", "deadline", "all", 1.1, "slower"),
                ("p99_ns", "deadline", "threads apart", 1.2, "slower"),
                ("p999_ns", "deadline", "all", 1.3, "slower"),
            )
        )
        (self.dir / "ratios.csv").write_text(header + rows)
        (found,) = headlock.rows(self.dir, first("tail"), [], CAMPAIGNS["tail"])
        self.assertEqual((found["ratio"], found["verdict"], found["threads"]), (1.1, "slower", 2))
        self.assertEqual((found["trials"], found["disturbed"]), (1, 1), "the latency pass is what answers")
        rows = [dict(found, run=run) for run in range(1, 20)] + [dict(found, run=20, verdict="unclear")]
        control = dict(found, strategy="aa-control", verdict="unclear", ratio=1, ci_low=0.98)
        rows += [dict(control, run=run, ci_high=1.02 if run < 19 else 1.04) for run in range(1, 21)]
        self.assertEqual(
            list(summary.goals(CAMPAIGNS["tail"], rows)),
            [
                "- `injected` called `slower` in at least 19 runs: 19 of 20: reached",
                "- interval of `aa-control` within a margin of 3.00 % in at least 19 runs: 18 of 20: missed",
            ],
        )

    def test_the_summary_is_read_as_it_was_written(self):
        found = summary.append(self.dir, self.made_up_run())
        found += summary.append(self.dir, [dict(one, run=2) for one in self.made_up_run()])
        self.assertEqual(summary.read(self.dir), found)
        self.assertEqual({one["run"] for one in found}, {1, 2})

    def test_another_budget_does_not_mix(self):
        (self.dir / "01").mkdir()
        (self.dir / "01" / "run.json").write_text(RUN_JSON)
        run = first("aa-1")
        headlock.refuse_other_command(self.dir, run, headlock.command(run, 30))
        with self.assertRaisesRegex(Failed, "another --budget"):
            headlock.refuse_other_command(self.dir, run, headlock.command(run, 2))


class Readme(Scratch):
    def test_a_complete_campaign_says_whether_its_goals_are_reached(self):
        (self.dir / "01").mkdir()
        (self.dir / "01" / "run.json").write_text(RUN_JSON)
        campaign = CAMPAIGNS["aa-1"]
        rows = [row("aa-control", "same", run=run, trials=10, disturbed=1) for run in range(1, 20)]
        summary.write(self.dir, campaign, rows, 30)
        so_far = (self.dir / "README.md").read_text()
        self.assertIn("19 of 20 runs so far.", so_far)
        self.assertIn("19 of 19: open", so_far)
        rows.append(row("aa-control", "unclear", run=20, half_width=0.02, ratio=1.01, trials=10, disturbed=1))
        summary.write(self.dir, campaign, rows, 30)
        text = (self.dir / "README.md").read_text()
        self.assertIn(
            "| aa | aa-control | all | 20 | same 19, unclear 1 | 1.0000 | 1.0000 .. 1.0100 | 0.40 % | 10.00 % |", text
        )
        self.assertIn("called `same` in at least 19 runs: 19 of 20: reached", text)
        self.assertIn("median half-width of `aa-control` at most 0.30 %: 0.40 %: missed", text)
        self.assertIn("headlock run --strategies mutex --workload hot --mix deadline=1 --threads 1 --threshold 1% --budget 30s --seed 1\n", text)
        self.assertIn("a neighbour", text)

    def test_criterions_readme_needs_no_run_json(self):
        rows = summary.append(self.dir, criterion.rows(CRITERION, first("criterion")))
        summary.write(self.dir, CAMPAIGNS["criterion"], rows, 5)
        self.assertIn("| criterion | deadline alone/rcu-epoch | all | 1 | regressed 1 | 1.0300 |", (self.dir / "README.md").read_text())


class Goals(unittest.TestCase):
    def test_each_campaign_answers_its_row(self):
        for name, strategy, verdict, said in (
            ("aa-1", "aa-control", "same", ["19 of 20: reached", "median half-width of `aa-control` at most 0.30 %: 0.40 %: missed"]),
            ("aa-2", "aa-control", "same", ["19 of 20: reached", "median half-width of `aa-control` at most 1.00 %: 0.40 %: reached"]),
            ("inject-1", "injected", "slower", ["19 runs: 19 of 20: reached", "margin of 1.00 % in at least 19 runs: 19 of 20: reached", "missed"]),
            ("inject-2", "injected", "slower", ["19 runs: 19 of 20: reached", "margin of 3.00 % in at least 19 runs: 20 of 20: reached", "reached"]),
        ):
            rows = [row(strategy, verdict, run=run) for run in range(1, 20)] + [row(strategy, "unclear", run=20)]
            if strategy == "injected":
                rows += [row("aa-control", "same", run=run, ratio=1, ci_low=0.996, ci_high=1.004) for run in range(1, 20)]
                rows.append(row("aa-control", "unclear", run=20, ratio=1, ci_low=0.98, ci_high=1.02))
            told = list(summary.goals(CAMPAIGNS[name], rows))
            self.assertEqual(len(told), len(said), told)
            for line, words in zip(told, said):
                self.assertIn(words, line)

    def test_one_run_short_is_missed(self):
        rows = [row("injected", "slower") for _ in range(18)] + [row("injected", "unclear") for _ in range(2)]
        self.assertFalse(goals.Called("injected", "slower", 19).judge(rows)[1])
        self.assertTrue(goals.Called("injected", "slower", 18).judge(rows)[1])

    def test_the_half_width_is_the_median_runs(self):
        rows = [row("aa-control", "same", half_width=width) for width in (0.001, 0.004, float("inf"))]
        self.assertTrue(goals.HalfWidth("aa-control", 0.005).judge(rows)[1])
        self.assertFalse(goals.HalfWidth("aa-control", 0.003).judge(rows)[1])

    def test_unchanged_code_is_called_different_as_compare_calls_it_state_by_state(self):
        def run(state, ratio, width=1.004):
            return row("arc-swap", "slower", state=state, ratio=ratio, ci_low=ratio / width, ci_high=ratio * width)

        # The mixture differs by far, since its minutes had other states, and is not asked.
        rows = [run("all", 1.5), run("all", 1.9), run("shared", 2.0), run("shared", 2.002)]
        text, reached = goals.Agree(0, between_runs=0).judge(rows)
        self.assertTrue(reached)
        self.assertIn("0 of 1 (0.00 %)", text)
        # Told apart from the first two, by more than the margin from one and by less than it from neither.
        rows.append(run("shared", 2.05))
        text, reached = goals.Agree(0.05, between_runs=0).judge(rows)
        self.assertFalse(reached)
        self.assertIn("2 of 3 (66.67 %) with 0.00 % allowed between runs; of the others, 0 differ by less than the margin of 1.00 %; arc-swap, shared: 2 of 3", text)
        text, reached = goals.Agree(0.05, between_runs=0).judge([run("shared", 2.0, 1.0005), run("shared", 2.01, 1.0005)])
        self.assertTrue(reached)
        self.assertIn("1 differ by less than the margin", text)
        # Where no state is known the mixture is all there is.
        self.assertFalse(goals.Agree(0.05, between_runs=0).judge([run("all", 1.5), run("all", 1.9)])[1])

    def test_runs_are_allowed_to_differ_and_the_control_is_not(self):
        def pair(strategy, ratio):
            return [row(strategy, "slower", ratio=at, ci_low=at / 1.001, ci_high=at * 1.001) for at in (1, ratio)]

        # 1.96 times the root of two times 2.5 % are 6.9 %.
        for ratio, alike in ((1.06, True), (1.08, False)):
            self.assertEqual(goals.Agree(0, between_runs=0.025).judge(pair("seqlock", ratio))[1], alike)
            self.assertFalse(goals.Agree(0, between_runs=0.025).judge(pair("aa-control", ratio))[1])

    def test_runs_on_two_machines_are_not_compared_but_for_the_control(self):
        def pair(strategy, **other):
            rows = [row(strategy, "slower", ratio=at, ci_low=at / 1.001, ci_high=at * 1.001, cycle_ns=0.25, line_ns=60) for at in (1, 1.5)]
            rows[1].update(other)
            return goals.Agree(0).judge(rows)

        self.assertFalse(pair("seqlock", cycle_ns=0.257, line_ns=62.9)[1])
        for other in ({"cycle_ns": 0.258}, {"cycle_ns": 0.242}, {"line_ns": 63.1}):
            text, reached = pair("seqlock", **other)
            self.assertFalse(reached, "no pair is none called alike")
            self.assertIn("none played", text)
            self.assertIn("1 more met two machines", text)
        self.assertFalse(pair("aa-control", cycle_ns=0.258)[1])
        self.assertIn("1 of 1", pair("aa-control", cycle_ns=0.258)[0])

    def test_ten_runs_are_forty_five_pairs_in_each_state(self):
        draw = random.Random(3)
        rows = []
        for number in range(1, 11):
            for state in ("apart", "shared"):
                ratio = math.exp(draw.gauss(0, 0.01))
                rows.append(row("seqlock", "same", run=number, state=state, ratio=ratio, ci_low=ratio / 1.03, ci_high=ratio * 1.03))
        text, reached = goals.Agree(0.05).judge(rows)
        self.assertTrue(reached, text)
        self.assertIn(" of 90 ", text)

    def test_the_dearest_variant_decides(self):
        rows = [row("mutex", "same", variant=name, ratio=ratio) for name, ratio in (("a", 1.01), ("b", 1.03), ("b", 1.031))]
        rows.append(row("aa-control", "unclear", variant="a", ratio=1.5))
        text, reached = goals.Costs(0.02).judge(rows)
        self.assertFalse(reached)
        self.assertIn("at most 1.0305 (b)", text)
        self.assertTrue(goals.Costs(0.02).judge(rows[:1])[1])

    def test_a_verdict_that_the_busy_process_changes_is_named(self):
        rows = [row("seqlock", "faster", variant="idle", trials=10, disturbed=0, busy_trials=0, busy_disturbed=0)]
        rows += [row("seqlock", "unclear", variant="busy", trials=12, disturbed=4, busy_trials=4, busy_disturbed=4)]
        text, reached = goals.Unchanged().judge(rows)
        self.assertFalse(reached)
        self.assertIn("0 of 1; seqlock from faster to unclear", text)
        text, reached = goals.Marked().judge(rows)
        self.assertTrue(reached)
        self.assertIn("4 of 4 (100.00 %); of all others, 0 of 18 (0.00 %)", text)
        self.assertFalse(goals.Marked().judge(rows[:1])[1], "no trial was played beside the busy process")


class Criterion(unittest.TestCase):
    def test_criterions_own_words_are_counted(self):
        found = criterion.rows(CRITERION, first("criterion"))
        self.assertEqual([one["verdict"] for one in found], ["no change", "regressed", "improved"])
        self.assertAlmostEqual(found[0]["ci_low"], 0.987655)
        self.assertAlmostEqual(found[2]["ratio"], 0.8)
        self.assertEqual([one["threads"] for one in found], [1, 1, 2])

    def test_a_bench_that_was_not_compared_is_an_error(self):
        with self.assertRaisesRegex(Failed, "compared 2 of 3"):
            criterion.rows(CRITERION[: CRITERION.index("deadline beside")], first("criterion"))


@unittest.skipUnless(list(Path("/proc/self/task").glob("*/children")), "this kernel names no children of a process")
class Busy(Scratch):
    def test_the_busy_process_runs_in_the_middle_and_is_gone_at_the_end(self):
        trials = self.dir / "trials.csv"
        trials.write_text(TRIALS + "one\n")
        with headlock.beside(True, 0.3, trials) as marks:
            while not marks:
                time.sleep(0.01)
            seen = busy_children()
            with open(trials, "a") as file:
                file.write("two\nthree\n")
            while len(marks) < 2:
                time.sleep(0.01)
        self.assertEqual((len(seen), marks[0]), (1, 1))
        self.assertEqual(busy_children(), [])

    def test_a_run_that_ends_early_ends_the_busy_process(self):
        with headlock.beside(True, 1e6, self.dir / "none") as marks:
            pass
        self.assertEqual((marks, busy_children()), ([], []))

    def test_an_idle_run_has_no_company(self):
        with headlock.beside(False, 0, self.dir / "none") as marks:
            self.assertEqual(busy_children(), [])
        self.assertEqual(marks, [])


def busy_children():
    """The processes that this one has started and not waited for."""
    return [child for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()]


class WholeRuns(Scratch):
    """The script with a program in headlock's place that writes made-up files."""

    def setUp(self):
        super().setUp()
        self.out = self.dir / "out"
        self.program = self.dir / "fake"
        self.program.write_text(
            "#!/bin/sh\nfor dir; do :; done\nmkdir \"$dir\" || exit 1\n"
            + "".join(f"cat >\"$dir/{name}\" <<'END'\n{text}\nEND\n" for name, text in self.files().items())
        )
        self.program.chmod(0o755)

    @staticmethod
    def files():
        trials = "".join(f"hot,{name},1,0,throughput,1,1,1,false,50,0\n" for name in ("mutex", "aa-control"))
        ratios = "".join(line for line in RATIOS.splitlines(keepends=True) if "injected" not in line)
        return {"run.json": RUN_JSON, "trials.csv": (TRIALS + trials).strip(), "ratios.csv": ratios.strip(), "latency.hlog": ""}

    def campaign(self, *words):
        return subprocess.run(
            [SCRIPTS / "campaign", "aa-1", "--out", self.out, "--program", self.program, *words],
            capture_output=True,
            text=True,
            check=False,
        )

    def test_a_campaign_goes_on_where_it_stopped(self):
        self.assertEqual(self.campaign("--runs", "2").returncode, 0)
        done = self.campaign("--runs", "1")
        self.assertEqual((done.returncode, done.stderr), (0, "campaign: aa-1, run 3 of 20\n"))
        self.assertIn("3 of 20 runs so far.", done.stdout)
        self.assertEqual([row["run"] for row in summary.read(self.out)], [1, 2, 3])
        kept = {str(path.relative_to(self.out)) for path in self.out.rglob("*") if path.is_file()}
        runs = {f"{run:02}/{name}" for run in (1, 2, 3) for name in ("run.json", "ratios.csv", "block-ratios.csv.gz")}
        self.assertEqual(kept, runs | {"summary.csv", "README.md"})
        self.assertEqual(self.campaign().returncode, 0)
        self.assertEqual(self.campaign("--runs", "0").stderr, "")
        self.assertIn("aa-control` called `same` in at least 19 runs: 0 of 20: missed", (self.out / "README.md").read_text())

    def test_runs_lie_as_far_apart_as_is_asked(self):
        began = time.monotonic()
        self.assertEqual(self.campaign("--runs", "2", "--gap", "1s").returncode, 0)
        self.assertGreaterEqual(time.monotonic() - began, 1)

    def test_a_run_that_fails_is_named_and_not_counted(self):
        self.assertEqual(self.campaign("--runs", "1").returncode, 0)
        self.program.write_text("#!/bin/sh\necho it broke >&2; exit 1\n")
        done = self.campaign("--runs", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("run 2: headlock ended with status 1: it broke", done.stderr)
        self.assertEqual([row["run"] for row in summary.read(self.out)], [1])


def made_up(runs, blocks=200, between=0.0, processes=0.01, one_slice=0.0, slices=50, layouts=(0.0,), rho=0.0, seed=1, **columns):
    """Runs whose truth is known: deviations of the logarithm of a ratio; `rho` is what a block has of the one before it."""
    draw = random.Random(seed)
    plain = {"workload": "hot", "threads": 1, "strategy": "aa-control", "state": "core shared", "slices": slices} | columns
    found = []
    for _ in range(runs):
        shift, last, own = draw.gauss(0, between), 0.0, []
        for block in range(blocks):
            last = rho * last + math.sqrt(1 - rho * rho) * draw.gauss(0, processes)
            layout = draw.randrange(len(layouts))
            log_ratio = shift + last + draw.gauss(0, one_slice / math.sqrt(slices)) + layouts[layout]
            own.append(pairs.Pair(block=block, layout=str(layout), log_ratio=log_ratio, **plain))
        found.append(own)
    return found


class Intervals(Scratch):
    """The port of the program's rule, against what the program itself wrote."""

    def test_committed_runs_are_told_as_headlock_told_them(self):
        for name, baseline in (("disk/epyc", "mutex"), ("run/xeon", "mutex")):
            found, told = pairs.of_run(ROOT / "results" / name, baseline), 0
            for ratio in headlock.table(ROOT / "results" / name / "ratios.csv"):
                if ratio["op"] != "all" or ratio["metric"] not in ("ns_per_op", "service_ns"):
                    continue
                key = ratio["workload"], int(ratio["threads"]), ratio["strategy"]
                logs = [
                    pair.log_ratio
                    for pair in found
                    if (pair.workload, pair.threads, pair.strategy) == key and ratio["state"] in ("all", pair.state)
                ]
                ends = intervals.median_interval(logs, float(ratio["confidence"]))
                self.assertEqual(len(logs), int(ratio["blocks"]), ratio)
                for ours, theirs in zip(ends, ("ci_low", "ratio", "ci_high")):
                    # Normal quantiles of two libraries are in it.
                    self.assertAlmostEqual(math.exp(ours) / float(ratio[theirs]), 1, 11)
                told += 1
            self.assertGreater(told, 20)

    def test_few_values_bound_nothing(self):
        self.assertEqual(intervals.median_interval([0.0] * 5), (-math.inf, 0.0, math.inf))
        low, _, high = intervals.median_interval([1, 2, 3, 4, 5, 6], 0.999)
        self.assertTrue(low < 1 and high > 6, "past the ends")

    def test_pairs_are_read_as_they_were_written(self):
        (own,) = made_up(1, blocks=5, processes=0.0)
        pairs.write(self.dir / pairs.NAME, own)
        self.assertEqual(pairs.read(self.dir / pairs.NAME), own)


class Coverage(Scratch):
    def whole(self, runs, strategy="aa-control"):
        ((key, row),) = [it for it in coverage.rows(runs).items() if it[0][3] == "all"]
        self.assertEqual(key[2], strategy)
        return coverage.share(coverage.held(row, strategy, 0)), coverage.share(coverage.held(row, strategy, 12))

    def test_blocks_alone_are_covered_as_promised(self):
        whole, twelve = self.whole(made_up(300, blocks=60))
        self.assertTrue(0.92 < whole < 0.98 and 0.93 < twelve < 0.97, (whole, twelve))

    def test_what_a_runs_minutes_did_is_not_covered(self):
        """Runs that differ by as much as an interval is wide: 1.25 deviations of the blocks over the root of their number, and 1.25 again."""
        error = 0.01 * math.sqrt(math.pi / 2 / 60)
        whole, _ = self.whole(made_up(300, blocks=60, between=error))
        # A normal deviate lies within 1.96 / root 2 with 83.4 %.
        self.assertTrue(0.77 < whole < 0.89, whole)

    def test_blocks_that_follow_each_other_stay_in_order(self):
        whole, twelve = self.whole(made_up(100, rho=0.7))
        self.assertTrue(whole > 0.85 and twelve < 0.8, "twelve are too few to show how much they have in common: %s" % [whole, twelve])
        shuffled = [[pairs.with_log(pair, log) for pair, log in zip(run, self.shuffled(run))] for run in made_up(100, rho=0.7)]
        self.assertGreater(self.whole(shuffled)[1], 0.9, "it is their order that costs it")

    @staticmethod
    def shuffled(run):
        logs = [pair.log_ratio for pair in run]
        random.Random(5).shuffle(logs)
        return logs

    def test_of_others_the_truth_is_what_the_runs_found(self):
        runs = made_up(100, blocks=60, strategy="seqlock")
        halved = [[pairs.with_log(pair, pair.log_ratio + math.log(0.5)) for pair in run] for run in runs]
        whole, twelve = self.whole(halved, "seqlock")
        self.assertTrue(whole > 0.9 and 0.93 < twelve < 0.97, (whole, twelve))

    def test_the_range_of_a_coverage_comes_from_whole_runs(self):
        found = [coverage.Held(run, float(run < 5), 0.01) for run in range(10) for _ in range(40)]
        low, high = coverage.around(found)
        self.assertTrue(0.1 <= low <= 0.3 and 0.7 <= high <= 0.9, "ten runs, and not four hundred intervals")

    def test_the_script_reads_a_campaign_and_a_set(self):
        campaign, both = self.dir / "campaign", self.dir / "set"
        for number, own in enumerate(made_up(3, blocks=20), 1):
            (campaign / f"{number:02}").mkdir(parents=True)
            pairs.write(campaign / f"{number:02}" / pairs.NAME, own)
            run = both / f"run-{number}"
            run.mkdir(parents=True)
            (run / "run.json").write_text(RUN_JSON)
            lines = [f"hot,aa-control,1,{pair.block},throughput,1,1,1,false,50,{pair.log_ratio:.8f}" for pair in own]
            lines += [f"hot,mutex,1,{pair.block},throughput,1,1,1,false,50," for pair in own]
            (run / "trials.csv").write_text(TRIALS + "".join(f"{line}\n" for line in lines))
        said = [self.script(directory) for directory in (campaign, both)]
        self.assertIn("| hot/1 | aa-control | all | 3 |", said[1].stdout)
        self.assertIn("| hot/1 | aa-control | core shared | 3 |", said[0].stdout)
        self.assertIn("- the A/A control, whole runs: ", said[0].stdout)
        of_all = [next(line for line in it.stdout.splitlines() if "| all |" in line) for it in said]
        self.assertEqual(*of_all)
        none = self.script(self.dir)
        self.assertEqual((none.returncode, len(none.stderr.splitlines())), (1, 1), none.stderr)

    @staticmethod
    def script(directory):
        return subprocess.run([SCRIPTS / "coverage", directory], capture_output=True, text=True, check=False)


class Variance(Scratch):
    KNOWN = {"between": 0.003, "processes": 0.005, "one_slice": 0.05}

    def test_components_are_found_again(self):
        draw = random.Random(2)
        layouts = [draw.gauss(0, 0.004) for _ in range(40)]
        plain = made_up(40, seed=1, **self.KNOWN)
        long = made_up(40, seed=2, slices=400, **self.KNOWN)
        drawn = made_up(40, seed=3, blocks=400, layouts=layouts, **self.KNOWN)
        one_slice, in_block, processes, of_layouts, runs, half_width = variance.components(plain, long, drawn)
        for found, known in ((one_slice, 0.05), (processes, 0.005), (of_layouts, 0.004), (runs, 0.003)):
            self.assertLess(abs(found / known - 1), 0.25, (found, known))
        self.assertAlmostEqual(in_block, one_slice / math.sqrt(50))
        # With 3 % for an order that says nothing.
        self.assertTrue(0.001 < half_width < 0.00165, half_width)

    def test_what_is_not_there_is_not_found(self):
        alike = {"processes": 0.005, "blocks": 400}
        found = variance.components(made_up(20, seed=1, **alike), made_up(20, seed=2, slices=400, **alike), made_up(20, seed=3, layouts=[0.0] * 5, **alike))
        self.assertTrue(found[2] > 0.0045 and found[1] < 0.002, found)
        self.assertTrue(found[3] < 0.0005 and found[4] < 0.0003, found)

    def test_too_little_says_nothing(self):
        self.assertEqual(variance.components([], [], []), [None] * 6)
        (one,) = made_up(1)
        self.assertEqual(variance.components([one], [], [])[:5], [None] * 5)

    def test_the_summary_has_a_row_for_each_load(self):
        campaign = CAMPAIGNS["variance"]
        (self.dir / "01").mkdir()
        (self.dir / "01" / "run.json").write_text(RUN_JSON)
        rows = []
        for run in campaign.runs():
            (self.dir / f"{run.number:02}").mkdir(exist_ok=True)
            kind = run.variant.name.partition(", ")[2]
            own = {"slices": 400 if kind == variance.LONG else 50, "layouts": (0.0, 0.004, -0.004) if kind == variance.LAYOUTS else (0.0,)}
            (pairs_of_run,) = made_up(1, blocks=60, seed=run.number, strategy="seqlock", **own)
            pairs.write(self.dir / f"{run.number:02}" / pairs.NAME, pairs_of_run)
            rows.append(row("seqlock", "same", run=run.number, variant=run.variant.name, trials=60, disturbed=0))
        answer = summary.write(self.dir, campaign, rows, 20)
        for load in ("disk", "hot 1", "hot 2"):
            (line,) = [line for line in answer.splitlines() if line.startswith(f"| {load} | seqlock | core shared |")]
            self.assertNotIn("–", line)
        self.assertIn("headlock replay ./traces/disk.csv.zst --no-latency --layouts ./target/layouts", (self.dir / "README.md").read_text())

    def test_paths_lead_from_where_the_run_is_played(self):
        run = next(run for run in CAMPAIGNS["variance"].runs() if variance.LAYOUTS in run.variant.name)
        words = headlock.command(run, 20, "../..")
        self.assertEqual(words[:2], ["replay", "../../traces/disk.csv.zst"])
        self.assertIn("../../target/layouts", words)


class CommandLine(unittest.TestCase):
    def campaign(self, *words):
        return subprocess.run([SCRIPTS / "campaign", *words], capture_output=True, text=True, check=False)

    def test_help_names_every_campaign(self):
        done = self.campaign("--help")
        self.assertEqual(done.returncode, 0)
        for name in CAMPAIGNS:
            self.assertIn(f"  {name} ", done.stdout)

    def test_a_wrong_word_is_one_line_and_status_2(self):
        for words in (["nope"], ["aa-1", "--runs", "-1"], ["aa-1", "--budget", "30"], ["aa-1", "--gap", "soon"]):
            done = self.campaign(*words)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), done.stderr)

    def test_a_program_that_is_not_there_is_one_line(self):
        with tempfile.TemporaryDirectory() as out:
            done = self.campaign("aa-1", "--out", out, "--program", f"{out}/none")
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 2), done.stderr)
        self.assertIn("does not exist: cargo build --release", done.stderr)

    def test_runs_are_numbered_through_all_variants_in_turn(self):
        runs = list(CAMPAIGNS["curve-1"].runs())
        self.assertEqual([run.number for run in runs], list(range(1, 21)))
        self.assertEqual([(run.variant.name, run.seed) for run in runs[:4]], [("0.25%", 1), ("0.35%", 1), ("0.25%", 2), ("0.35%", 2)])


if __name__ == "__main__":
    unittest.main()
