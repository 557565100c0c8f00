//! C libraries through `--load`: lists that work, and libraries that do not, each of which gets one clear line and stops nobody else.
//!
//! Nothing here depends on how fast the machine is.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use headlock::export::read_run;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const HEADLOCK: &str = env!("CARGO_BIN_EXE_headlock");

/// A directory of one test's own, in which libraries are made and headlock runs.
struct Place(tempfile::TempDir);

/// Compiles, with every warning an error.
#[track_caller]
fn compile(compiler: &str, words: &[&str], sources: &[&Path], out: &Path) {
    let mut command = Command::new(compiler);
    command.args([
        "-O1",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wno-unused-function",
        "-fPIC",
        "-I",
    ]);
    command.arg(Path::new(ROOT).join("include")).args(words).args(sources).arg("-o").arg(out);
    let output = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().expect("a directory for libraries"))
    }

    /// With these fixtures of tests/fixtures/c as libraries.
    #[track_caller]
    fn with(names: &[&str]) -> Self {
        let place = Place::new();
        names.iter().for_each(|name| place.fixture(name));
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn fixture(&self, name: &str) {
        let library = self.file(&format!("{name}.so"));
        match source(&format!("{name}.c")) {
            c if c.exists() => compile("cc", &["-std=gnu99", "-shared"], &[&c], &library),
            _ => {
                let sound = self.file("sound.o");
                compile("cc", &["-std=gnu99", "-c"], &[&source("sound.c")], &sound);
                compile("c++", &["-shared"], &[&source(&format!("{name}.cpp")), &sound], &library);
            }
        }
    }

    /// The program, in this directory.
    fn headlock(&self, words: &str) -> Output {
        let words = words.split_whitespace();
        Command::new(HEADLOCK)
            .env("HEADLOCK_STATE", "")
            .current_dir(self.0.path())
            .args(words)
            .output()
            .expect("headlock starts")
    }

    /// Loading the library ends in this line, and in nothing else.
    #[track_caller]
    fn refused(&self, library: &str, why: &str) {
        let output = self.headlock(&format!("list --load {library}"));
        assert_eq!(text(&output.stderr), format!("headlock: --load {library}: {why}\n"));
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
    }
}

fn source(file: &str) -> PathBuf {
    Path::new(ROOT).join("tests/fixtures/c").join(file)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is said is UTF-8")
}

#[track_caller]
fn fixture_is_refused(name: &str, why: &str) {
    Place::with(&[name]).refused(&format!("./{name}.so"), why);
}

#[test]
fn what_is_no_library_for_this_machine_is_refused() {
    let place = Place::with(&["no-export"]);
    place.refused("./no-such.so", "cannot be read: No such file or directory (os error 2); expected a shared library");
    place.refused(".", "is not a file; expected a shared library");
    fs::write(place.file("text.so"), "int main;\n").expect("a file");
    place.refused("./text.so", "is no ELF file; expected a shared library");

    let library = fs::read(place.file("no-export.so")).expect("a library");
    fs::write(place.file("cut.so"), &library[..100]).expect("a file");
    // The rest is the loader's own words.
    let output = place.headlock("list --load ./cut.so");
    assert!(text(&output.stderr).starts_with("headlock: --load ./cut.so: it does not load: "), "{output:?}");
    assert_eq!(text(&output.stderr).lines().count(), 1);

    // Of the other word size, for a machine of another kind.
    let mut other = library.clone();
    (other[4], other[18], other[19]) = (3 - library[4], 40, 0);
    fs::write(place.file("other.so"), &other).expect("a file");
    let bits = |content: &[u8]| 32 * u32::from(content[4]);
    let own = u16::from_le_bytes([library[18], library[19]]);
    let why = format!(
        "is for another machine (ELF machine 40 of {} bits; this program's is {own} of {}); expected a shared library",
        bits(&other),
        bits(&library)
    );
    place.refused("./other.so", &why);
}

#[test]
fn a_library_whose_table_is_not_as_it_should_be_is_refused() {
    let cases = [
        (
            "no-export",
            "it exports no headlock_export(); expected the function that include/headlock.h declares",
        ),
        ("null-table", "headlock_export() answers NULL; expected its table"),
        (
            "newer",
            "its table has version 2; this headlock understands version 1: take a newer headlock, or compile the library \
             against this one's include/headlock.h",
        ),
        (
            "older",
            "its table has version 0; this headlock understands version 1: compile the library against this headlock's \
             include/headlock.h",
        ),
        ("missing", "modify() is NULL in its table; expected a function"),
        ("taken", "its list is called rcu-epoch, and so is a built-in strategy; expected a name of its own"),
        (
            "reserved",
            "its list is called core, a word that means something else here; expected a name of its own",
        ),
        (
            "bad-name",
            "name is \"mine, or yours\" in its table; expected letters, digits and - _ . in 1 to 40 bytes, no - first, and neither . nor ..",
        ),
        (
            "null-name",
            "name is NULL in its table; expected letters, digits and - _ . in 1 to 40 bytes, no - first, and neither . nor ..",
        ),
        (
            "dots",
            "name is \"..\" in its table; expected letters, digits and - _ . in 1 to 40 bytes, no - first, and neither . nor ..",
        ),
        ("no-summary", "summary is NULL in its table; expected one line of UTF-8, 200 bytes at most"),
        ("undeclared", "freshness is 9 in its table; expected a constant of enum headlock_freshness, 0 to 2"),
        ("uncounted", "count_locks() is in its table and lock_counts() is NULL; expected both or neither"),
        (
            "undefined",
            "it does not load: undefined symbol: nobody_defines_this; expected a whole shared library, with everything that it needs",
        ),
    ];
    for (name, why) in cases {
        fixture_is_refused(name, why);
    }
    if size_of::<usize>() == 8 {
        let why = "its table has 144 bytes; expected sizeof(struct headlock_strategy), which is 152 at least";
        fixture_is_refused("short", why);
    }
}

#[test]
fn a_library_that_does_not_live_through_its_loading_takes_nobody_with_it() {
    let expected =
        "expected constructors, if any, and a headlock_export() that return at once and leave the process alone";
    let refused = |name, how: &str| fixture_is_refused(name, &format!("loading it: {how}; {expected}"));
    refused("crash-loading", "its process ended with signal: 11 (SIGSEGV)");
    refused("exit-loading", "its process ended before it answered (exit status: 0)");
    refused("hang-loading", "did not end within 10 s and was killed");
}

#[test]
fn there_is_room_for_so_many_lists_behind_the_door() {
    let place = Place::new();
    let names = text(&place.headlock("list --json").stdout);
    let names: serde_json::Value = serde_json::from_str(&names).expect("JSON");
    let names = names["strategies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["name"].as_str().expect("a name"));
    let through: Vec<String> = names.map(|name| format!("{name}@c")).collect();
    assert!(through.len() > 16, "more than there is room for");
    let output = place.headlock(&format!("run -s {} --out never", through.join(",")));
    let why = "there is room for 16 lists behind the C interface, and this is one more";
    assert_eq!(text(&output.stderr), format!("headlock: --strategies {}: {why}\n", through[16]));
    assert!(!place.file("never").exists());
}

#[test]
fn only_what_is_not_behind_the_door_goes_through_it_by_name() {
    let output = Place::with(&["shorter"]).headlock("run --load ./shorter.so -s shorter@c");
    assert!(text(&output.stderr).starts_with("headlock: --strategies shorter@c: no such strategy; there are mutex, "));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_name_of_a_loaded_list_is_taken_too() {
    let place = Place::with(&["twin-one"]);
    fs::copy(place.file("twin-one.so"), place.file("copy.so")).expect("a copy");
    let output = place.headlock("list --load ./twin-one.so --load copy.so");
    let why = "its list is called twin-one, and so is the list of another library; expected a name of its own";
    assert_eq!(text(&output.stderr), format!("headlock: --load copy.so: {why}\n"));
}

#[test]
fn a_library_that_was_given_already_is_told_by_that() {
    let place = Place::with(&["twin-one"]);
    std::os::unix::fs::symlink("twin-one.so", place.file("link.so")).expect("a link");
    for again in ["./twin-one.so", "twin-one.so", "./link.so"] {
        let output = place.headlock(&format!("list --load ./twin-one.so --load {again}"));
        assert_eq!(text(&output.stderr), format!("headlock: --load {again} was given already\n"));
        assert_eq!(output.status.code(), Some(1));
    }
}

/// What `verify` says of a list that cannot go on.
#[track_caller]
fn ends_its_process(name: &str, check: &str, how: &str) {
    let words = format!(
        "verify --quiet --json --load ./{name}.so --strategies {name} --checks {check} --passes 1 --timers 500"
    );
    let output = Place::with(&[name]).headlock(&words);
    assert_eq!(text(&output.stderr), format!("headlock: breaks what it declares: {name}\n"));
    assert_eq!(output.status.code(), Some(5));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["findings"][0]["what"], how, "{name}");
}

#[test]
fn a_list_that_ends_its_process_is_the_one_that_fails() {
    ends_its_process("crash-create", "reenter", "its process ended with signal: 11 (SIGSEGV)");
    ends_its_process("crash-trial", "model", "its process ended with signal: 11 (SIGSEGV)");
    ends_its_process("exit-trial", "model", "its process ended before it answered (exit status: 0)");
    ends_its_process("null-list", "reenter", "create_list() answered NULL; expected a list");
    ends_its_process("null-handle", "reenter", "create_handle() answered NULL; expected a handle");
    ends_its_process("no-timer", "reenter", "create() answered HEADLOCK_NO_TIMER; expected the name of a timer");
}

#[test]
fn a_list_that_leaves_a_function_by_another_way_than_its_return_fails_at_once() {
    let died = |what: &str| format!("{what} (signal: 6 (SIGABRT))");
    ends_its_process("longjmp", "reenter", &died("a longjmp() left a callback of run()"));
    ends_its_process("throws", "reenter", &died("an exception left modify() of the list"));
    ends_its_process("throws-through", "reenter", &died("an exception left modify() of the list"));
}

#[test]
fn a_list_that_never_comes_back_is_told_by_its_operation() {
    let words = "verify --quiet --json --load ./hang-trial.so --strategies hang-trial --checks progress --passes 1 --patience 500ms";
    let output = Place::with(&["hang-trial"]).headlock(words);
    assert_eq!(output.status.code(), Some(5));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let finding = &report["findings"][0];
    assert_eq!(finding["failure"], "hung");
    assert!(finding["what"].as_str().is_some_and(|what| what.contains("modify")), "{finding}");
}

#[test]
fn sound_lists_of_earlier_and_later_headers_and_of_equal_symbols_are_verified_side_by_side() {
    let names = ["longer", "shorter", "talkative", "twin-one", "twin-other"];
    let loads = names.map(|name| format!("--load ./{name}.so")).join(" ");
    let named = names.join(",");
    let words = format!("verify --quiet --checks model,conserve --passes 1 --timers 500 --strategies {named} {loads}");
    let output = Place::with(&names).headlock(&words);
    assert_eq!((text(&output.stderr), output.status.code()), (String::new(), Some(0)), "{}", text(&output.stdout));
    for name in names {
        assert!(text(&output.stdout).contains(name), "{name}");
    }
}

#[test]
fn a_crash_an_abort_and_an_exit_are_told_by_the_operation() {
    let told = |name: &str, check: &str| {
        let words = format!("verify --quiet --json --load ./{name}.so --strategies {name} --checks {check} --passes 1");
        let output = Place::with(&[name]).headlock(&words);
        assert_eq!(output.status.code(), Some(5), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let events = report["findings"][0]["events"].as_array().expect("events").clone();
        events.iter().map(|event| event.as_str().expect("words").to_owned()).collect::<Vec<_>>()
    };
    let where_to = "docs/STRATEGY.md, When a list is broken, has AddressSanitizer show where: headlock verify with the list compiled by \
                    cc -g -fsanitize=address";
    assert_eq!(
        told("crash-create", "reenter"),
        [
            "when it ended: the check's own thread in the making of a list",
            where_to
        ]
    );
    let [during, _] = told("exit-trial", "model").try_into().expect("two events");
    assert!(during.starts_with("when it ended: the check's own thread in modify of timer 1 to "), "{during}");
    let [during, _] = told("crash-trial", "progress").try_into().expect("two events");
    assert!(during.contains(" in modify of timer ") && during.contains("thread "), "{during}");
    let [during, _] = told("abort-callback", "reenter").try_into().expect("two events");
    assert!(during.contains(" in cancel of timer 1, in the callback of timer 2"), "{during}");
}

#[test]
fn a_list_whose_names_are_addresses_passes_every_check() {
    // They abort if a freed timer is named. In one a freed timer's memory waits for others, in one it is the very next timer's.
    for name in ["bare", "bare-again"] {
        let words = format!(
            "verify --quiet --load ./{name}.so --strategies {name} --passes 2 --timers 300 --patience 60s --threads 3"
        );
        let output = Place::with(&[name]).headlock(&words);
        assert_eq!((text(&output.stderr), output.status.code()), (String::new(), Some(0)), "{}", text(&output.stdout));
    }
}

#[test]
fn a_failure_of_a_library_is_remembered_until_a_pass_that_is_as_long() {
    let place = Place::with(&["crash-create", "longer"]);
    let headlock = |words: &str| {
        let words = words.split_whitespace();
        let mut command = Command::new(HEADLOCK);
        command.env("HEADLOCK_STATE", place.file("state")).env("COLUMNS", "200").current_dir(place.0.path());
        command.args(words).output().expect("headlock starts")
    };
    // What is loaded is always verified.
    let verify = |name: &str, checks: &str| {
        let words = format!("verify --quiet --timers 100 --load ./{name}.so -s {name} --passes 1 --checks {checks}");
        headlock(&words).status.code()
    };
    assert_eq!(verify("crash-create", "model,reenter"), Some(5));
    assert_eq!(["model", "conserve"].map(|check| verify("longer", check)), [Some(0); 2]);
    let run = headlock(
        "run --quiet -w hot --threads 1 --pin none --blocks 1 --trial 1ms --no-latency --strategies mutex --load ./longer.so \
         --load ./crash-create.so",
    );
    let said = text(&run.stdout);
    let date = jiff::Timestamp::now().strftime("%Y-%m-").to_string();
    assert!(said.contains(&format!("crash-create broke model and reenter on {date}")), "{said}");
    assert!(
        said.contains("Not verified before this run: mutex; in part only: longer (model, conserve)"),
        "{said}"
    );
}

/// Compiles fixtures on liburcu; `None`, in words, where that is not possible.
fn place_with_liburcu(names: &[&str]) -> Option<Place> {
    let place = Place::new();
    let probe = place.file("probe.c");
    fs::write(&probe, "#include <urcu/urcu-memb.h>\n").expect("a source");
    let found = Command::new("cc").arg("-E").arg(&probe).output().expect("a C compiler").status.success();
    if !found {
        println!("skipped: liburcu's headers are not installed (Debian: liburcu-dev)");
        return None;
    }
    for name in names {
        let words = ["-std=gnu99", "-shared", "-ftls-model=initial-exec"];
        let sources = [&source(&format!("{name}.c")), Path::new("-lurcu-memb")];
        compile("cc", &words, &sources, &place.file(&format!("{name}.so")));
    }
    Some(place)
}

#[test]
fn verify_finds_the_race_of_the_rfc_in_c_and_none_in_the_one_that_looks_again() {
    let Some(place) = place_with_liburcu(&["rfc-yields", "rfc-validated-yields"]) else {
        return;
    };
    let output = place.headlock(
        "verify --quiet --json --checks fresh --passes 9 --patience 60s --strategies qemu-rfc,qemu-rfc-validated \
         --load ./rfc-yields.so --load ./rfc-validated-yields.so",
    );
    assert_eq!((text(&output.stderr), output.status.code()), (String::new(), Some(0)));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let verdict = |name: &str| {
        let row = report["checks"].as_array().expect("rows").iter().find(|row| row["strategy"] == name);
        row.expect("a row for each")["verdict"].clone()
    };
    assert_eq!((verdict("qemu-rfc"), verdict("qemu-rfc-validated")), ("racy".into(), "kept".into()));
    let finding = &report["findings"][0];
    assert_eq!((&finding["strategy"], &finding["rule"]), (&"qemu-rfc".into(), &"never_oversleeps".into()));
    assert!(finding["events"].as_array().is_some_and(|events| events.len() >= 4), "{finding}");
}

#[test]
fn a_run_measures_what_is_loaded_beside_the_floor_behind_the_door_and_goes_on_without_what_crashes() {
    let place = Place::with(&["crash-trial", "longer"]);
    let output = place.headlock(
        "run --quiet -w hot --threads 1 --pin none --blocks 1 --trial 5ms --strategies mutex,mutex@c --load ./longer.so \
         --load ./crash-trial.so --out run",
    );
    assert_eq!(output.status.code(), Some(1));
    let failed = "headlock: crash-trial failed on hot with 1 thread and is left out: its process ended with signal: 11 (SIGSEGV)";
    let complaint = text(&output.stderr);
    assert!(complaint.lines().all(|line| line == failed) && !complaint.is_empty(), "{complaint}");
    let trials = fs::read_to_string(place.file("run/trials.csv")).expect("trials.csv");
    for name in ["mutex", "mutex@c", "longer", "floor@c"] {
        assert!(trials.contains(&format!(",{name},")), "{name} in {trials}");
    }
    let run = read_run(&place.file("run")).expect("run.json");
    let behind = &run.parameters.common.behind_door;
    let named = |name: &str| behind.iter().find(|it| it.declaration.name == name).expect("it stands behind the door");
    let library = place.file("longer.so").canonicalize().expect("a library");
    assert_eq!(named("longer").library.as_deref().map(Path::new), Some(library.as_path()));
    assert_eq!(named("longer").sha256.as_ref().map(String::len), Some(64));
    assert_eq!(named("mutex@c").library, None);
    // A page knows what a list declares that only the run had loaded.
    let page = text(&place.headlock("report run --markdown").stdout);
    assert!(page.contains("Behind the C interface"), "{page}");
    assert!(page.contains("longer from longer.so (SHA-256 "), "{page}");
}

#[test]
fn a_list_that_spoils_its_neighbour_is_the_one_that_is_left_out() {
    let place = Place::with(&["stray", "beside"]);
    let output = place.headlock(
        "run --quiet -w hot --threads 1 --pin none --blocks 2 --trial 5ms --no-latency --strategies mutex --load ./beside.so \
         --load ./stray.so --out run",
    );
    let failed =
        "headlock: stray failed on hot with 1 thread and is left out: its process ended with signal: 11 (SIGSEGV)";
    let complaint = text(&output.stderr);
    assert!(complaint.lines().all(|line| line == failed) && !complaint.is_empty(), "{complaint}");
    assert_eq!(output.status.code(), Some(1));
    let trials = fs::read_to_string(place.file("run/trials.csv")).expect("trials.csv");
    for name in ["mutex", "beside", "floor@c", "aa-control"] {
        assert!(trials.contains(&format!(",{name},")), "{name} in {trials}");
    }
    assert!(!trials.contains(",stray,"), "{trials}");
}

#[test]
fn net_figures_behind_the_door_are_net_of_the_floor_there() {
    let place = Place::with(&["longer"]);
    let output = place.headlock(
        "run --quiet -w hot --threads 1 --pin none --blocks 1 --trial 1ms --no-latency --strategies mutex,mutex@c \
         --load ./longer.so --out run",
    );
    assert!(matches!(output.status.code(), Some(0 | 6)), "{output:?}");
    let trials = headlock::export::read_trials(&place.file("run")).expect("trials.csv").rows;
    // One that was disturbed was played again with everybody else.
    let of = |name: &str| trials.iter().rfind(|trial| trial.strategy == name).expect("it plays");
    let (floor, behind) = (of("floor"), of("floor@c"));
    assert_eq!(behind.floor_ns, Some(floor.ns_per_op));
    for (name, own) in [
        ("mutex", floor),
        ("aa-control", floor),
        ("mutex@c", behind),
        ("longer", behind),
    ] {
        assert_eq!(of(name).floor_ns, Some(own.ns_per_op), "{name}");
    }
    // It is there to be taken off, and nobody's rival.
    let ratios = headlock::export::read_ratios(&place.file("run")).expect("ratios.csv").rows;
    assert!(ratios.iter().all(|ratio| ratio.strategy != "floor@c"), "{ratios:?}");
    let refused = place.headlock("run --load ./longer.so --baseline floor@c");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}

#[test]
fn a_run_is_not_taken_up_again_with_another_content_of_the_library() {
    let place = Place::with(&["longer"]);
    let run = |last: &str| {
        let words =
            "run --quiet -w hot --threads 1 --pin none --blocks 1 --trial 1ms --no-latency --strategies mutex --load";
        place.headlock(&format!("{words} {last}"))
    };
    assert_eq!(run("./longer.so --out first").status.code(), Some(0));
    assert_eq!(run("longer.so --resume first").status.code(), Some(0));
    let library = place.file("longer.so");
    let mut content = fs::read(&library).expect("a library");
    content.push(0);
    fs::write(&library, content).expect("a library");
    let output = run("./longer.so --resume first");
    let said = text(&output.stderr);
    assert!(said.contains("would not be of the same kind: behind_door was longer from /"), "{said}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(run("./longer.so --out second").status.code(), Some(0));
    let compared = place.headlock("compare first second");
    let said = text(&compared.stdout) + &text(&compared.stderr);
    assert!(said.contains("the library of longer: longer.so ("), "{said}");
}

#[test]
fn a_run_is_measured_again_with_the_library_that_its_record_names() {
    let place = Place::with(&["longer"]);
    let first = place.headlock(
        "run --quiet -w hot --threads 1 --pin none --blocks 1 --trial 1ms --no-latency --strategies mutex,mutex@c \
         --load ./longer.so --out first",
    );
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    let again = place.headlock("run --quiet --config first/run.json --out again");
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    let [first, again] = ["first", "again"].map(|name| read_run(&place.file(name)).expect("run.json").parameters);
    assert_eq!(first.differences(&again), []);

    let library = place.file("longer.so");
    let mut content = fs::read(&library).expect("a library");
    content.push(0);
    fs::write(&library, content).expect("a library");
    let output = place.headlock("run --quiet --config first/run.json --out changed");
    let said = text(&output.stderr);
    assert!(said.starts_with("headlock: --config first/run.json: behind_door[0].sha256: /"), "{said}");
    assert!(said.ends_with("name the library by --load to play it as it is\n"), "{said}");
    assert_eq!(output.status.code(), Some(2));
    let typed = place.headlock("run --quiet --config first/run.json --load ./longer.so --out typed");
    assert_eq!(typed.status.code(), Some(0), "{typed:?}");
}

#[test]
fn the_examples_are_strict_c99_without_a_warning_and_the_frame_is_cpp_too() {
    let place = Place::new();
    let object = place.file("example.o");
    let example = |name: &str| Path::new(ROOT).join("examples/c").join(name);
    for name in ["floor.c", "qemu-2013.c", "qemu-2016.c"] {
        compile("cc", &["-std=c99", "-pedantic", "-c"], &[&example(name)], &object);
    }
    compile("c++", &["-x", "c++", "-std=c++20", "-pedantic", "-c"], &[&example("floor.c")], &object);
}

/// The commands of docs/STRATEGY.md for a list in C, from the copy of the frame to its first verdict.
#[test]
fn the_commands_of_the_page_work_as_they_are_printed() {
    let place = Place::new();
    let page = fs::read_to_string(Path::new(ROOT).join("docs/STRATEGY.md")).expect("the page");
    let begin = page.find("cp examples/c/floor.c mine.c").expect("the commands");
    let block = &page[begin..begin + page[begin..].find("```").expect("their end")];
    let commands: Vec<&str> = block.lines().map(|line| line.split(" #").next().unwrap_or_default().trim()).collect();
    let done = |command: &str| {
        let root = Path::new(ROOT).display();
        let there = command
            .replace("examples/", &format!("{root}/examples/"))
            .replace("-I include", &format!("-I {root}/include"));
        let there = there.replacen("headlock ", &format!("{HEADLOCK} "), 1);
        let mut shell = Command::new("sh");
        shell.env("HEADLOCK_STATE", "").current_dir(place.0.path()).arg("-c").arg(&there);
        shell.output().expect("a shell")
    };
    let (to_list, rest) = commands.split_at(4);
    for command in to_list {
        let output = done(command);
        assert!(output.status.success(), "{command}: {output:?}");
    }
    assert!(text(&done(to_list[3]).stdout).contains("mine"), "{commands:?}");
    // It is the frame of a list, and no list yet.
    let verify = format!("{} --passes 1 --checks model --timers 10 --quiet", rest[0]);
    let output = done(&verify);
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(5), "headlock: breaks what it declares: mine\n".to_owned())
    );
}

#[test]
fn the_header_is_c99_and_cpp_without_a_warning() {
    let place = Place::new();
    let [c, cpp, object] = ["header.c", "header.cpp", "header.o"].map(|name| place.file(name));
    for source in [&c, &cpp] {
        fs::write(source, "#include <headlock.h>\n#include <headlock.h>\nint here = 1;\n").expect("a source");
    }
    compile("cc", &["-std=c99", "-pedantic", "-c"], &[&c], &object);
    compile("c++", &["-std=c++11", "-pedantic", "-c"], &[&cpp], &object);
    match Command::new("clang").arg("--version").output() {
        Ok(_) => compile("clang", &["-std=c99", "-pedantic", "-c"], &[&c], &object),
        Err(_) => println!("skipped: clang is not installed"),
    }
}
