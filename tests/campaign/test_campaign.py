"""Checks what scripts/campaign says of made-up result files, and its command line. Nothing is measured.

    python3 -m unittest discover -s tests/campaign
"""

import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
sys.path.insert(0, str(SCRIPTS))

from campaignlib import criterion, goals, headlock, summary  # noqa: E402
from campaignlib.errors import Failed  # noqa: E402
from campaignlib.plans import CAMPAIGNS  # noqa: E402

TRIALS = "workload,strategy,threads,block,pass,ops,elapsed_ns,ns_per_op,disturbed\n"
RATIOS = (
    "workload,threads,metric,strategy,baseline,ratio,ci_low,ci_high,blocks,verdict,confidence,threshold,state,op\n"
    "hot,1,ns_per_op,injected,mutex,1.0100,1.0080,1.0120,90,slower,0.9875,0.001,all,all\n"
    "hot,1,ns_per_op,aa-control,mutex,1.0001,0.9970,1.0040,90,unclear,0.9875,0.001,all,all\n"
    "hot,1,service_ns,injected,mutex,1.5,1.4,1.6,90,slower,0.9875,0.001,all,deadline\n"
    "hot,1,net_ns_per_op,injected,mutex,1.0200,0.9900,1.0500,90,unclear,0.9875,0.001,all,all\n"
    "hot,1,net_ns_per_op,aa-control,mutex,1.0002,0.9950,1.0090,90,unclear,0.9875,0.001,all,all\n"
)
RUN_JSON = (
    '{"command": ["headlock", "run", "--budget", "30s"], "headlock_version": "0.1.0", "started": "2026-11-24T10:00:00Z",'
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
        lines = [f"hot,{name},1,{number},throughput,1,1,1,{flag}" for number, (name, flag) in enumerate(trials)]
        lines.append("hot,injected,1,4,latency,1,1,1,true")
        (self.dir / "trials.csv").write_text(TRIALS + "".join(f"{line}\n" for line in lines))
        (self.dir / "ratios.csv").write_text(RATIOS)
        return headlock.rows(self.dir, first("inject-1"), marks, CAMPAIGNS["inject-1"])


class Rows(Scratch):
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
    def test_one_run_short_is_missed(self):
        rows = [row("injected", "slower") for _ in range(18)] + [row("injected", "unclear") for _ in range(2)]
        self.assertFalse(goals.Called("injected", "slower", 19).judge(rows)[1])
        self.assertTrue(goals.Called("injected", "slower", 18).judge(rows)[1])

    def test_the_half_width_is_the_median_runs(self):
        rows = [row("aa-control", "same", half_width=width) for width in (0.001, 0.004, float("inf"))]
        self.assertTrue(goals.HalfWidth("aa-control", 0.005).judge(rows)[1])
        self.assertFalse(goals.HalfWidth("aa-control", 0.003).judge(rows)[1])

    def test_runs_of_the_same_code_agree_state_by_state(self):
        rows = [row("arc-swap", "slower", state=state, ratio=ratio) for state, ratio in (("all", 1.5), ("all", 1.503), ("shared", 2.0))]
        self.assertEqual(goals.Agree(0).judge(rows)[1], True)
        rows.append(row("arc-swap", "slower", state="shared", ratio=2.05))
        text, reached = goals.Agree(0.05).judge(rows)
        self.assertFalse(reached)
        self.assertIn("1 of 2 (50.00 %)", text)

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
        trials = "".join(f"hot,{name},1,0,throughput,1,1,1,false\n" for name in ("mutex", "aa-control"))
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
        runs = {f"{run:02}/{name}" for run in (1, 2, 3) for name in ("run.json", "ratios.csv")}
        self.assertEqual(kept, runs | {"summary.csv", "README.md"})
        self.assertEqual(self.campaign().returncode, 0)
        self.assertEqual(self.campaign("--runs", "0").stderr, "")
        self.assertIn("aa-control` called `same` in at least 19 runs: 0 of 20: missed", (self.out / "README.md").read_text())

    def test_a_run_that_fails_is_named_and_not_counted(self):
        self.assertEqual(self.campaign("--runs", "1").returncode, 0)
        self.program.write_text("#!/bin/sh\necho it broke >&2; exit 1\n")
        done = self.campaign("--runs", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("run 2: headlock ended with status 1: it broke", done.stderr)
        self.assertEqual([row["run"] for row in summary.read(self.out)], [1])


class CommandLine(unittest.TestCase):
    def campaign(self, *words):
        return subprocess.run([SCRIPTS / "campaign", *words], capture_output=True, text=True, check=False)

    def test_help_names_every_campaign(self):
        done = self.campaign("--help")
        self.assertEqual(done.returncode, 0)
        for name in CAMPAIGNS:
            self.assertIn(f"  {name} ", done.stdout)

    def test_a_wrong_word_is_one_line_and_status_2(self):
        for words in (["nope"], ["aa-1", "--runs", "-1"], ["aa-1", "--budget", "30"]):
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
