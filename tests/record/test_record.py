"""scripts/record-qemu-trace without a QEMU: from notes made up here to rows, and what the command line refuses.

    python3 -m unittest discover -s tests/record

Needs nothing but the standard library.
"""

import csv
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "scripts" / "record-qemu-trace"
sys.path.insert(0, str(ROOT / "scripts"))

from recordlib import bpftrace, calls, clocks, events, files, gdb, probes, rows, symbols  # noqa: E402
from recordlib.errors import RecordError  # noqa: E402

MAIN, VCPU = 100, 101
# Where the program's memory holds things.
GROUP, TIMER, OTHER = 0x5000, 0x6000, 0x6100
MAIN_GROUP = 0x4000
LISTS = range(0x1000, 0x1400, 0x100)
MORE_LISTS = range(0x2000, 0x2400, 0x100)
# The virtual clock shows 1,000 ns less than CLOCK_MONOTONIC, give or take nothing.
START = [f"1000 {MAIN} list_new {kind} {address:#x}" for kind, address in enumerate(LISTS)] + [
    f"1010 {MAIN} group_init {GROUP:#x}",
    *(f"1020 {MAIN} list_new {kind} {address:#x}" for kind, address in enumerate(MORE_LISTS)),
    f"1100 {MAIN} clock 1 100 1100",
    f"1200 {MAIN} timer_init {TIMER:#x} 0x0 0x1",
]


def recorded(*lines, start=1_200, end=10**9, names=None):
    """What becomes of these notes after those of the start."""
    noted = events.read([*START, *lines])
    return rows.Recorder(noted, start, end, names or {}).record(noted)


class Rows(unittest.TestCase):
    def test_numbers_stand_for_addresses_and_times_have_one_base(self):
        recording = recorded(
            f"2000 {MAIN} mod {TIMER:#x} 1500",
            f"2100 {VCPU} del {TIMER:#x}",
            f"2200 {VCPU} anticipate {TIMER:#x} {2**63 - 1:#x}",
            f"2300 {MAIN} deadline {MORE_LISTS[2]:#x}",
            f"2400 {MAIN} expired {LISTS[1]:#x}",
            f"2500 {MAIN} timer_deinit {TIMER:#x}",
            names={MAIN: "qemu", VCPU: "CPU 0/TCG"},
        )
        self.assertEqual(
            recording.rows,
            [
                (0, 0, 1, "create", 0, ""),
                # 1,500 on the virtual clock is 2,500 on CLOCK_MONOTONIC and 1,300 after the start.
                (800, 0, 1, "mod", 0, 1300),
                (900, 1, 1, "del", 0, ""),
                (1000, 1, 1, "anticipate", 0, 2**63 - 1),
                (1100, 0, 6, "deadline", "", ""),
                (1200, 0, 1, "expired", "", ""),
                (1300, 0, 1, "free", 0, ""),
            ],
        )
        self.assertEqual(recording.threads, [(0, "qemu"), (1, "CPU 0/TCG")])
        self.assertEqual(recording.lists[1], (1, "VIRTUAL", "main_loop_tlg"))
        self.assertEqual(recording.lists[6], (6, "HOST", "event loop 1"))

    def test_what_is_pending_at_a_later_start_is_kept(self):
        lines = [
            f"2000 {MAIN} mod {TIMER:#x} 9000",
            f"2010 {MAIN} timer_init {OTHER:#x} 0x0 1",
            f"2020 {MAIN} mod {OTHER:#x} 1100",
            f"3000 {MAIN} all_run",
            f"6000 {MAIN} deadline {LISTS[1]:#x}",
        ]
        recording = recorded(*lines, start=5_000)
        # The second was due at 2,100 and fired in the run.
        self.assertEqual(recording.init, [(1, 0, 5_000)])
        self.assertEqual(recording.rows, [(1000, 0, 1, "deadline", "", "")])

    def test_a_timer_in_memory_used_again_is_another_one(self):
        recording = recorded(f"2000 {MAIN} timer_init {TIMER:#x} {GROUP:#x} 0", f"2100 {MAIN} del {TIMER:#x}")
        self.assertEqual(recording.rows[1:], [(800, 0, 4, "create", 1, ""), (900, 0, 4, "del", 1, "")])

    def test_a_delete_of_no_timer_and_what_comes_after_the_end_are_left_out(self):
        self.assertEqual(len(recorded(f"2000 {MAIN} del 0x7777", f"3000 {MAIN} mod {TIMER:#x} 1", end=2_500).rows), 1)

    def test_a_deadline_before_the_clocks_zero_is_its_zero(self):
        recording = recorded(f"2000 {MAIN} mod {TIMER:#x} {(-5) % 2**64:#x}")
        self.assertEqual(recording.rows[-1][5], -200)

    def test_what_was_not_seen_from_its_start_is_no_trace(self):
        for line, says in [
            (f"2000 {MAIN} mod 0x7777 5", "not seen to be initialised"),
            (f"2000 {MAIN} run 0x7777", "not seen to be made"),
            (f"2000 {MAIN} deadline 0x7777", "not seen to be made"),
            (f"2000 {MAIN} list_new 9 0x7777", "clock 9"),
        ]:
            with self.assertRaisesRegex(RecordError, says):
                recorded(line)


class Calls(unittest.TestCase):
    def ops(self, *lines):
        return [(row[2], row[3]) for row in recorded(*lines).rows[1:]]

    def test_a_group_stands_for_its_lists_where_the_compiler_put_one_into_the_other(self):
        self.assertEqual(self.ops(f"2000 {MAIN} group_run {GROUP:#x}"), [(number, "run") for number in range(4, 8)])
        # The main loop's group is the one that was never seen to be initialised.
        self.assertEqual(self.ops(f"2000 {MAIN} group_deadline {MAIN_GROUP:#x}"), [(number, "deadline") for number in range(4)])
        self.assertEqual(self.ops(f"2000 {MAIN} clock_run 2"), [(2, "run")])
        self.assertEqual(self.ops(f"2000 {MAIN} all_run"), [(number, "run") for number in range(4)])

    def test_a_group_says_nothing_new_where_the_calls_inside_are_seen(self):
        inner = [f"20{10 + number} {MAIN} deadline {address:#x}" for number, address in enumerate(MORE_LISTS)]
        other = f"2005 {VCPU} mod {TIMER:#x} 9000"
        lines = [f"2000 {MAIN} group_deadline {GROUP:#x}", other, *inner]
        self.assertEqual(self.ops(*lines), [(1, "mod"), *((number, "deadline") for number in range(4, 8))])

    def test_a_build_that_does_both_is_refused(self):
        lines = [f"20{number}0 {MAIN} group_run {GROUP:#x}" for number in range(4)] + [f"2100 {MAIN} run {MORE_LISTS[0]:#x}"]
        with self.assertRaisesRegex(RecordError, "cannot tell whether group_run"):
            calls.hiding(events.read(lines))


class Clocks(unittest.TestCase):
    def clocks(self, *readings):
        return clocks.Clocks(events.read([f"{at} 1 clock {kind} {shown} {called}" for kind, shown, called, at in readings]))

    def test_readings_bound_the_lead_from_both_sides(self):
        # Between -10 and 0, between -2 and 8, so between -2 and 0.
        read = self.clocks((0, 1000, 1000, 1010), (0, 2008, 2000, 2010))
        self.assertEqual(read.monotonic(0, 5000, 3000), 5001)

    def test_a_clock_that_was_stopped_has_another_lead_from_then_on(self):
        read = self.clocks((1, 500, 1000, 1000), (1, 600, 9000, 9000))
        self.assertEqual([read.monotonic(1, 700, at) for at in (0, 2000, 9500)], [1200, 1200, 9100])

    def test_a_clock_that_nobody_read_says_nothing(self):
        with self.assertRaisesRegex(RecordError, "HOST, which nobody was seen to read"):
            self.clocks((0, 1, 1, 1)).monotonic(2, 5, 5)


class Notes(unittest.TestCase):
    def test_lines_are_put_in_order_and_notes_of_the_recorders_own_left_out(self):
        noted = events.read(["# pid 7", "20 1 all_run", "", "10 1 del 0x10"])
        self.assertEqual([event.word for event in noted], ["del", "all_run"])

    def test_what_is_no_event_is_told(self):
        for line in ["x", "1 2 walk", "1 2 mod 0x5", "1 2 mod 0x5 five", "1 x del 0x5"]:
            with self.assertRaisesRegex(RecordError, "line 1 of what was noted is no event"):
                events.read([line])

    def test_the_bpftrace_program_has_every_probe_for_one_process(self):
        program = bpftrace.program("/qemu", 77, probes.PROBES)
        for probe in probes.PROBES:
            self.assertIn(f'uprobe:/qemu:{probe.function} /pid == 77/ {{ printf("%llu %d {probe.word}', program)
            self.assertEqual(probe.arguments, events.WORDS[probe.word])
        self.assertIn("uretprobe:/qemu:timerlist_new /pid == 77/", program)


class Trouble(unittest.TestCase):
    def test_what_gdb_cannot_do_counts_until_the_recording_ends(self):
        with tempfile.TemporaryDirectory() as scratch:
            notes = Path(scratch) / "notes"
            notes.write_text("# pid 5\n10 5 all_run\n# trouble 20 No such process.\n")
            self.assertEqual(gdb.trouble_before(30, notes), "No such process.")
            self.assertIsNone(gdb.trouble_before(20, notes))


class Files(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)

    def test_a_trace_has_four_files(self):
        out = str(self.dir / "t.csv")
        files.check(out)
        files.write(recorded(f"2000 {MAIN} mod {TIMER:#x} 1500", names={MAIN: "a, b"}), out)
        self.assertEqual((self.dir / "t.csv").read_text(), files.COLUMNS + "\n0,0,1,create,0,\n800,0,1,mod,0,1300\n")
        self.assertEqual((self.dir / "t.init.csv").read_text(), "list,timer,expire_ns\n")
        self.assertEqual((self.dir / "t.lists.csv").read_text().splitlines()[1], "0,REALTIME,main_loop_tlg")
        self.assertEqual(list(csv.reader((self.dir / "t.threads.csv").read_text().splitlines()))[1], ["0", "a, b"])
        with self.assertRaisesRegex(RecordError, "is not overwritten"):
            files.check(out)

    def fails(self, *words, status=1, says):
        done = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertIn(says, done.stderr)

    def test_what_cannot_be_is_refused_before_anything_runs(self):
        out = str(self.dir / "t.csv")
        self.fails("-o", out, "no-such-qemu", says="no such program")
        self.fails("-o", str(self.dir / "t.txt"), "sh", says="ends with .csv")
        self.fails("-o", str(self.dir / "none" / "t.csv"), "sh", says="there is no directory")
        self.fails("-o", out, sys.executable, says="has no symbol for timerlistgroup_init")
        self.fails("-o", out, "--", "sh", "-icount", "shift=auto", status=2, says="-icount cannot be recorded")
        self.fails("-o", out, "--after", "9", "--seconds", "5", "sh", status=2, says="expected 0 <= after")
        script = self.dir / "wrapper"
        script.write_text("#!/bin/sh\nexec qemu-system-x86_64\n")
        script.chmod(0o755)
        self.fails("-o", out, str(script), says="is no program but perhaps a script")
        self.assertEqual(os.listdir(self.dir), ["wrapper"])

    def test_help_has_examples(self):
        done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=True)
        self.assertIn("scripts/record-qemu-trace -o boot.csv -- qemu-system-x86_64", done.stdout)

    def test_symbols_are_read_from_whatever_table_there_is(self):
        self.assertIn("PyObject_Call", symbols.functions(shared_object()))


def shared_object():
    """An ELF file with exported functions: the interpreter, or the library that it lives in."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        path = line.split(maxsplit=5)[-1]
        if "libpython" in path:
            return path
    return os.path.realpath(sys.executable)


if __name__ == "__main__":
    unittest.main()
