"""Checks what scripts/fleet packs, keeps and refuses. No host is reached: a script stands in for GNU parallel or sbatch.

    python3 -m unittest discover -s tests/fleet
"""

import base64
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
sys.path.insert(0, str(SCRIPTS))

from fleetlib import home, kit  # noqa: E402
from fleetlib.errors import Failed  # noqa: E402

WORKER = SCRIPTS / "fleetlib/worker"


def archive(*names):
    """A gzipped archive with these files, each holding its own name."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            packed.addfile(member, io.BytesIO(name.encode()))
    return content.getvalue()


def line(content):
    """As the worker writes it."""
    return f"{hashlib.sha256(content).hexdigest()} {base64.b64encode(content).decode()}"


class Place(unittest.TestCase):
    """A folder of its own for each test."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        self.binary = self.place / "headlock"
        self.binary.write_text("#!/bin/sh\necho pooled $2\n")
        self.binary.chmod(0o755)

    def home(self):
        fleet = home.Home(self.place / "out")
        self.addCleanup(lambda: fleet.lock.close())
        return fleet

    def opened(self, *command):
        fleet = self.home()
        fleet.open(lambda folder: kit.pack(folder, self.binary, list(command), WORKER))
        return fleet


class Kit(Place):
    def test_files_go_along_and_are_named_as_a_host_will_find_them(self):
        trace = self.place / "t.csv.zst"
        for name in ("t.csv.zst", "t.init.csv", "other.csv", "list.so"):
            (self.place / name).write_text(name)
        folder = self.place / "kit"
        kit.pack(folder, self.binary, ["replay", str(trace), f"--load={self.place}/list.so", "-s", "all"], WORKER)
        with tarfile.open(folder / "kit.tar") as packed:
            self.assertEqual(
                sorted(packed.getnames()),
                ["SHA256SUMS", "command", "files/list.so", "files/t.csv.zst", "files/t.init.csv", "headlock"],
            )
        words = (folder / "command").read_text().split("\n")
        self.assertEqual(words, ["replay", "./files/t.csv.zst", "--load=./files/list.so", "-s", "all", ""])

    def test_its_name_is_that_of_its_content(self):
        def named(*command):
            return kit.pack(self.place / "kit", self.binary, list(command), WORKER)

        first = named("run")
        self.assertEqual(named("run"), first)
        self.assertNotEqual(named("run", "--blocks", "7"), first)
        self.binary.write_text("another")
        self.assertNotEqual(named("run"), first)

    def test_what_cannot_go_along_is_refused(self):
        (self.place / "a").mkdir()
        for folder in ("a", "."):
            (self.place / folder / "w.toml").write_text(folder)
        for command, says in [
            (["run", "-w", str(self.place / "a")], "is no file"),
            (["run", "-w", str(self.place / "w.toml"), "-w", str(self.place / "a/w.toml")], "have one name"),
            (["run", "-w", "a\nb"], "a line's end"),
        ]:
            with self.assertRaisesRegex(Failed, says):
                kit.pack(self.place / "kit", self.binary, command, WORKER)


class Home(Place):
    def test_what_is_whole_is_put_in_its_place(self):
        fleet = self.opened("run")
        fleet.keep("me@a", line(archive("result/run.json", "result/plots/x.svg")))
        self.assertEqual((fleet.out / "me@a/plots/x.svg").read_text(), "result/plots/x.svg")
        self.assertEqual(fleet.failed, {})

    def test_what_is_not_whole_leaves_nothing(self):
        whole = line(archive("result/run.json"))
        for number, sent in enumerate(
            [
                whole[:-8],
                whole.replace(whole[:1], "x", 1),
                "",
                "no checksum",
                line(b"no archive"),
                line(archive("result/../../escaped")),
                line(archive("/etc/escaped")),
                line(archive("elsewhere/run.json")),
            ]
        ):
            fleet = self.opened("run")
            fleet.keep(f"host{number}", sent)
            self.assertIn("is not whole", fleet.failed[f"host{number}"])
            self.assertEqual([path.name for path in fleet.out.iterdir() if not path.name.startswith(".kit")], [".lock"])
            fleet.lock.close()
        self.assertFalse((self.place / "escaped").exists())

    def test_nothing_is_overwritten(self):
        fleet = self.opened("run")
        fleet.keep("a", line(archive("result/run.json")))
        fleet.keep("a", line(archive("result/other.json")))
        self.assertIn("is there already", fleet.failed["a"])
        self.assertEqual([path.name for path in (fleet.out / "a").iterdir()], ["run.json"])

    def test_another_command_and_another_fleet_are_refused(self):
        fleet = self.opened("run")
        with self.assertRaisesRegex(Failed, "another scripts/fleet is at work"):
            self.opened("run")
        fleet.lock.close()
        with self.assertRaisesRegex(Failed, "begun with another"):
            self.opened("run", "--blocks", "7")

    def test_a_folder_of_something_else_is_refused(self):
        (self.place / "out").mkdir()
        (self.place / "out/mine").write_text("mine")
        with self.assertRaisesRegex(Failed, "holds something else"):
            self.opened("run")

    def test_every_login_has_a_folder_of_its_own(self):
        fleet = self.home()
        fleet.lock = open(self.place / "lock", "w", encoding="utf-8")
        logins = ["a", "8/a", "8_a", "me@a", "ssh -p 22 a", ".a", "..", "../a"]
        places = [fleet.place(login) for login in logins]
        self.assertEqual(len(set(places)), len(logins))
        self.assertTrue(all(place.parent == fleet.out and not place.name.startswith(".") for place in places))


class Script(Place):
    """The script, with a stand-in for its engine."""

    def fleet(self, engine, *words):
        (self.place / "bin").mkdir(exist_ok=True)
        name, text = engine
        stand_in = self.place / "bin" / name
        stand_in.write_text(text)
        stand_in.chmod(0o755)
        return subprocess.run(
            [sys.executable, "-B", SCRIPTS / "fleet", "--out", self.place / "out", "--binary", self.binary, *words],
            env={**os.environ, "PATH": f"{self.place}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )

    def parallel(self):
        """Answers for host a, is cut off at host b, and says of host c what ssh says."""
        whole = line(archive("result/run.json"))
        return (
            "parallel",
            f"#!/bin/sh\necho \"$@\" >>{self.place}/called\ncase \"$*\" in *find*) exit 0 ;; esac\n"
            f"printf 'a\\t{whole}\\n'\nprintf 'b\\t{whole[:-20]}'\nprintf 'c\\tno route to c\\nrsync: of some host\\n' >&2\n"
            "exit 2\n",
        )

    def test_hosts_that_fail_are_named_and_the_rest_is_pooled(self):
        done = self.fleet(self.parallel(), "--sshlogin", "a,b,c,d", "--", "run")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, f"pooled {self.place}/out\n")
        for said in ("a: home\n", "b: what came home is not whole", "c: no route to c\n", "d: no answer"):
            self.assertIn(said, done.stderr)
        self.assertFalse((self.place / "out/b").exists())

    def test_what_the_engine_says_is_told_of_hosts_where_none_says_anything(self):
        done = self.fleet(("parallel", "#!/bin/sh\necho parallel: cannot work >&2\nexit 255\n"), "--sshlogin", "a", "--", "run")
        self.assertEqual(done.returncode, 1)
        self.assertIn("a: parallel: cannot work\n", done.stderr)

    def test_a_second_start_asks_only_those_that_are_missing(self):
        self.fleet(self.parallel(), "--sshlogin", "a,b", "--", "run")
        (self.place / "called").unlink()
        self.fleet(self.parallel(), "--sshlogin", "a,b", "--", "run")
        asked = (self.place / "called").read_text().splitlines()[0]
        self.assertIn("--sshlogin b ", asked)
        self.assertNotIn("--sshlogin a ", asked)
        (self.place / "called").unlink()
        done = self.fleet(self.parallel(), "--sshlogin", "a", "--", "run")
        self.assertFalse((self.place / "called").exists())
        self.assertEqual((done.returncode, done.stdout), (0, f"pooled {self.place}/out\n"))
        self.assertFalse(any((self.place / "out").glob(".kit-*/*")), "all are home, and the kit is not needed again")

    def test_an_array_leaves_its_lines_in_files(self):
        whole = line(archive("result/run.json"))
        sbatch = (
            "sbatch",
            f"#!/bin/sh\nfor word; do case $word in --output=*) at=${{word#--output=}} ;; esac; done\n"
            f'at=${{at%/*}}\ncat >"$at/script"\necho "{whole}" >"$at/1.line"\n'
            'echo "disk full" >"$at/2.said"\n: >"$at/2.line"\n',
        )
        done = self.fleet(sbatch, "--slurm", "3", "--", "run")
        for said in ("node-1: home\n", "node-2: disk full\n", "node-3: no answer"):
            self.assertIn(said, done.stderr)

    def test_nonsense_is_refused_in_one_line(self):
        for words, says in [
            (["--sshlogin", "a", "--", "verify"], "verify cannot run on a fleet"),
            (["--sshlogin", "a", "--", "run", "--out=x"], "--out=x is the fleet's own"),
            (["--slurm", "0", "--", "run"], "expected 1 to 10000"),
            (["--sshloginfile", "/nowhere", "--", "run"], "--sshloginfile /nowhere"),
            (["--", "run"], "one of the arguments"),
        ]:
            done = self.fleet(self.parallel(), *words)
            self.assertIn(done.returncode, (1, 2))
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, rf"\Afleet: error: [^\n]*{says}[^\n]*\n\Z")


class Worker(Place):
    """What runs on a host, here, with a headlock that measures nothing."""

    HEADLOCK = (
        '#!/bin/sh\necho "$@" >>called\nwhile [ $# -gt 2 ]; do shift; done\nlast=$1; mkdir -p $last\n'
        'if [ -e broken ]; then echo "headlock: broken" >&2; exit 1; fi\n'
        'if [ -e "$last/run.json" ]; then echo more >>$last/trials.csv; fi\n'
        "printf '%s\\n' '  \"state\": \"complete\",' >$last/run.json\n"
    )

    def worker(self, name="a"):
        words = ["sh", WORKER, self.place / "kit", name]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def setUp(self):
        super().setUp()
        self.binary.write_text(self.HEADLOCK)
        kit.pack(self.place / "kit", self.binary, ["run", "--workload", "a b"], WORKER)

    def test_its_line_is_what_home_keeps(self):
        done = self.worker()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((self.place / "kit/called").read_text(), "run --workload a b --out result --quiet\n")
        fleet = self.opened("run")
        fleet.keep("a", done.stdout.rstrip("\n"))
        self.assertEqual([path.name for path in (fleet.out / "a").iterdir()], ["run.json"])

    def test_what_was_cut_off_goes_on_and_what_is_complete_is_only_sent(self):
        result = self.place / "kit/result"
        result.mkdir()
        (result / "run.json").write_text('  "state": "running",\n')
        self.assertEqual(self.worker().returncode, 0)
        self.assertEqual(self.worker().returncode, 0)
        self.assertEqual((self.place / "kit/called").read_text(), "run --workload a b --resume result --quiet\n")

    def test_what_fails_is_said_last(self):
        (self.place / "kit/broken").touch()
        done = self.worker()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "exit status 1: headlock: broken\n")

    def test_one_machine_has_one_name(self):
        self.worker("a")
        self.assertIn("measured already, as a", self.worker("b").stderr)
        self.assertEqual(self.worker("a").returncode, 0)


if __name__ == "__main__":
    unittest.main()
