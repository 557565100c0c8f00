//! Presets are whole and valid, files and flags are laid over them, and each fault is told in one line.

use super::*;
use crate::workload::{Op, PRESETS, parse_duration_ns};

fn load(text: &str) -> Result<Workload, WorkloadError> {
    Workload::from_toml(text, "dir/mine.toml")
}

fn error(text: &str) -> String {
    let error = load(text).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn every_preset_is_valid_and_survives_toml_and_json() {
    for (name, text) in PRESETS {
        let workload = Workload::preset(name).unwrap();
        assert_eq!(workload.name, name);
        workload.check(workload.fixed_threads().unwrap_or(1)).unwrap();
        assert_eq!(load(text).unwrap(), workload);
        let toml = toml::to_string(&workload).unwrap();
        assert_eq!(load(&toml).unwrap(), workload);
        let json = serde_json::to_string(&workload).unwrap();
        assert_eq!(serde_json::from_str::<Workload>(&json).unwrap(), workload);
    }
    assert_eq!(
        Workload::preset("hto").unwrap_err().to_string(),
        "unknown workload `hto`; expected one of hot, paced, pollers, modify-heavy, churn, many-timers"
    );
}

#[test]
fn a_file_gives_some_fields_and_a_preset_the_others() {
    let hot = Workload::preset("hot").unwrap();
    let mine = load("timers = 5").unwrap();
    assert_eq!(
        mine,
        Workload {
            name: "mine".into(),
            summary: String::new(),
            timers: 5,
            ..hot
        }
    );
    let paced = load("preset = \"paced\"\nthink_ns = 1").unwrap();
    assert_eq!((paced.think_ns, paced.clock), (1, PollClock::Monotonic));
}

#[test]
fn roles_replace_a_mix_and_a_mix_roles() {
    let roles = load("run_due = 0\n[roles]\npollers = 3\nrunners = 1").unwrap();
    assert_eq!((roles.mix, roles.fixed_threads()), (None, Some(4)));
    assert_eq!([0, 2, 3].map(|thread| roles.role(thread)), [Role::Poller, Role::Poller, Role::Runner].map(Some));
    let mix = load("preset = \"pollers\"\n[mix]\ndeadline = 1").unwrap();
    assert_eq!((mix.roles, mix.fixed_threads()), (None, None));
    assert_eq!(
        roles.check(3).unwrap_err().to_string(),
        "workload mine: threads is 3; expected 4, the sum of its roles"
    );
}

#[test]
fn each_fault_names_file_field_and_remedy() {
    for (text, wanted) in [
        ("timers = 0", "dir/mine.toml: timers is 0; expected 1 to 10000000 timers"),
        ("timers = 1_000_000_000", "dir/mine.toml: timers is 1000000000; expected 1 to 10000000 timers"),
        ("head_share = 1.5", "dir/mine.toml: head_share is 1.5; expected 0 to 1"),
        ("head_share = nan", "dir/mine.toml: head_share is NaN; expected 0 to 1"),
        ("think_ns = 2_000_000_000", "dir/mine.toml: think_ns is 2000000000; expected 0 to 1000000000 ns"),
        ("pollute_kib = 1_048_577", "dir/mine.toml: pollute_kib is 1048577; expected 0 to 1048576 KiB"),
        (
            "name = \"a b\"",
            "dir/mine.toml: name is \"a b\"; expected 1 to 64 letters, digits, `-`, `_`, `.` and `+`",
        ),
        (
            "preset = \"x\"",
            "dir/mine.toml: preset is \"x\"; expected one of hot, paced, pollers, modify-heavy, churn, many-timers",
        ),
        ("mix = {}", "dir/mine.toml: mix is without any share above 0; expected at least one"),
        ("mix.run = -1", "dir/mine.toml: mix.run is -1; expected 0 to 1000000000000"),
        (
            "mix = { modify = 1, churn = 1, cancel = 3 }",
            "dir/mine.toml: mix.cancel is 3; expected at most modify + anticipate + churn (2), which arm the cancelled timers again",
        ),
        (
            "run_due = 0.2",
            "dir/mine.toml: run_due is 0.2; expected at most 0.1388, as many as head_share and the modifies make due",
        ),
        (
            "run_due = 0.1\nroles.runners = 1",
            "dir/mine.toml: run_due is 0.1; expected 0, since no thread modifies at the head",
        ),
        (
            "mix.run = 1\nroles.runners = 1",
            "dir/mine.toml: mix is given beside roles; expected one of the two",
        ),
        (
            "roles.pollers = 257",
            "dir/mine.toml: roles: the sum of pollers, modifiers and runners is 257; expected 1 to 256 threads",
        ),
        (
            "roles.pollers = 5_000\nroles.modifiers = 5_000",
            "dir/mine.toml: roles: the sum of pollers, modifiers and runners is 10000; expected 1 to 256 threads",
        ),
        (
            "distance = { kind = \"fixed\", ns = 0 }",
            "dir/mine.toml: distance.ns is 0; expected 1 to 1152921504606846975 ns",
        ),
        (
            "distance = { kind = \"uniform\", min_ns = 5, max_ns = 4 }",
            "dir/mine.toml: distance.max_ns is 4; expected 5 to 1152921504606846975 ns",
        ),
        (
            "distance = { kind = \"lognormal\", median_ns = 5, sigma = inf }",
            "dir/mine.toml: distance.sigma is inf; expected 0 to 10",
        ),
    ] {
        assert_eq!(error(text), wanted);
    }
}

#[test]
fn faults_that_toml_finds_name_the_line() {
    for (text, line, words) in [
        ("timers = 5\ntimer = 5", 2, "unknown field `timer`, expected one of `preset`, `name`"),
        ("\n\nclock = \"tcs\"", 3, "unknown variant `tcs`, expected one of `none`, `monotonic`, `tsc`"),
        ("timers = -1", 1, "expected usize"),
        ("[mix]\ndeadlines = 1", 2, "unknown field `deadlines`, expected one of `deadline`"),
        ("\ndistance = { kind = \"normal\" }", 2, "unknown variant `normal`, expected one of `fixed`"),
        ("distance = { kind = \"fixed\", ms = 1 }", 1, "unknown field `ms`, expected `ns`"),
        ("timers = ", 1, "expected"),
    ] {
        let error = error(text);
        assert!(error.starts_with(&format!("dir/mine.toml:{line}: ")) && error.contains(words), "{error}");
    }
}

#[test]
fn distances_can_be_those_of_a_trace() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/idle.csv.zst");
    let workload = load(&format!("distance = {{ kind = \"trace\", path = {path:?} }}")).unwrap();
    let Distance::Trace { quantiles_ns, .. } = &workload.distance else {
        panic!("{:?}", workload.distance)
    };
    assert_eq!(quantiles_ns.len(), 1024);
    assert!(quantiles_ns.is_sorted());
    // Among the 335 mods of `idle` the one in the middle is 3.859 ms ahead.
    assert_eq!(quantiles_ns[512] / 1000, 3859);
    // What was read stands in the file that records the run, so the trace is not read again.
    let kept = toml::to_string(&workload).unwrap().replace(path, "gone");
    let again = load(&kept).unwrap();
    assert!(matches!(again.distance, Distance::Trace { quantiles_ns: ref kept, .. } if kept == quantiles_ns));

    assert_eq!(
        error("distance = { kind = \"trace\", path = \"gone.csv\" }"),
        "dir/mine.toml: distance.path: gone.csv: cannot be read: No such file or directory (os error 2); expected a trace file \
         (CSV, plain, zstd or gzip)"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("still.csv");
    std::fs::write(&path, "time_ns,thread,list,op,timer,expire_ns\n0,0,0,run,,\n").unwrap();
    let error = error(&format!("distance = {{ kind = \"trace\", path = {path:?} }}"));
    assert!(error.ends_with("still.csv, which has no mod rows; expected a trace that has some"), "{error}");
}

#[test]
fn thread_counts_are_bounded() {
    let hot = Workload::preset("hot").unwrap();
    for threads in [0, 10_000] {
        let error = hot.check(threads).unwrap_err().to_string();
        assert_eq!(error, format!("workload hot: threads is {threads}; expected 1 to 256 threads"));
    }
}

#[test]
fn durations_have_a_unit() {
    for (text, ns) in [
        ("100ns", 100),
        ("10us", 10_000),
        ("10µs", 10_000),
        ("1.5ms", 1_500_000),
        ("2s", 2_000_000_000),
    ] {
        assert_eq!(parse_duration_ns(text), Ok(ns), "{text}");
    }
    let negative = "`-5us` is negative; expected a number and a unit, such as 100ns, 10us, 1.5ms or 2s";
    assert_eq!(parse_duration_ns("-5us"), Err(negative.to_owned()));
    let long = "`9999999999999h` is too long; expected a number and a unit, such as 100ns, 10us, 1.5ms or 2s";
    assert_eq!(parse_duration_ns("9999999999999h"), Err(long.to_owned()));
    for text in ["", "10", "ten us"] {
        let wanted = format!("`{text}` is no duration; expected a number and a unit, such as 100ns, 10us, 1.5ms or 2s");
        assert_eq!(parse_duration_ns(text), Err(wanted));
    }
}

#[test]
fn a_file_that_sets_nothing_is_no_workload() {
    for text in ["", "\n# only a comment\n"] {
        let error = Workload::from_toml(text, "mine.toml").unwrap_err().to_string();
        assert_eq!(error, "mine.toml: no field is set; expected one at least, such as mix or timers");
    }
}

#[test]
fn no_thread_frees_a_timer_that_the_run_of_another_calls_back() {
    let with = |cancel: f64| {
        let mix = format!("mix = {{ run = 4, modify = 4, churn = 2, cancel = {cancel} }}");
        load(&format!("head_share = 0.5\nrun_due = 0.2\n{mix}")).unwrap()
    };
    assert!(with(3.9).check(2).is_ok() && with(6.0).check(1).is_ok());
    assert_eq!(
        with(4.0).check(2).unwrap_err().to_string(),
        "workload mine: mix.cancel is 4; expected less than 4 beside churn on several threads, so that none frees a timer that another \
         one's run calls back"
    );
    // What is refused is what would happen: timers that are freed and put at the head.
    for (cancel, happens) in [(3.9, false), (6.0, true)] {
        let script = crate::workload::script::Script::draw(&with(cancel), 0, 1, 1, 2048).unwrap();
        let of = |wanted: fn(&crate::workload::script::Step) -> bool| -> std::collections::BTreeSet<u32> {
            script.steps.iter().filter(|step| wanted(step)).map(|step| step.timer).collect()
        };
        let (freed, at_head) = (of(|step| step.op == Op::Churn), of(|step| step.at_head));
        assert_eq!(!freed.is_disjoint(&at_head), happens, "{cancel}");
    }
}
