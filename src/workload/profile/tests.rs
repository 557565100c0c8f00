//! The real traces' figures as their README gives them, small ones worked out by hand, and that a fitted workload does what
//! its trace does.

use super::*;
use crate::workload::script::{DUE, Script};
use crate::workload::{Load, Op, Workload};
use std::fs;
use std::path::{Path, PathBuf};

fn real(name: &str) -> (Trace, PathBuf) {
    let path = PathBuf::from(format!("{}/traces/{name}.csv.zst", env!("CARGO_MANIFEST_DIR")));
    (Trace::load(&path).unwrap(), path)
}

/// The profile of a trace of these rows, with these timers pending at its start.
fn profile(rows: &str, init: &str) -> Profile {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("t.csv"), format!("{}\n{rows}", crate::workload::trace::COLUMNS)).unwrap();
    fs::write(dir.path().join("t.init.csv"), format!("list,timer,expire_ns\n{init}")).unwrap();
    Profile::of(&Trace::load(dir.path().join("t.csv")).unwrap())
}

/// One walk over each. The largest takes a while in a debug build; two more of its size (throttle, net) are left out.
#[test]
fn real_traces_are_as_their_readme_says_and_workloads_do_as_they() {
    // Polls and runs that meet an empty list, mods that rearm, runs that fire, in per cent.
    for (name, empty, rearm, firing) in [
        ("boot", 83.3, 6.7, 8.5),
        ("idle", 83.3, 65.7, 6.4),
        ("disk", 91.4, 59.7, 0.8),
        ("icount-idle", 87.3, 90.5, 6.1),
    ] {
        let (trace, path) = real(name);
        let profile = Profile::of(&trace);
        let Met { polls, empty_polls, rearming_mods, firing_runs, .. } = profile.met;
        let rows = profile.rows.0;
        let near = |part, whole, expected: f64, what| {
            let found = share(part, whole) * 100.0;
            // One digit, and what the recorded program saw a moment later than its row says.
            assert!((found - expected).abs() < 0.15, "{name}: {found:.2} % {what}, not {expected}");
        };
        near(empty_polls, polls, empty, "empty");
        // The program's virtual clock did not run at the speed of the trace's times here.
        if name != "icount-idle" {
            near(rearming_mods, rows[TraceOp::Mod], rearm, "rearm");
            near(firing_runs, rows[TraceOp::Run], firing, "fire");
        }
        assert_eq!(profile.ops(), trace.counts().played());
        assert_eq!(profile.threads.iter().map(|thread| thread.rows.0.total()).sum::<u64>(), trace.rows.len() as u64);
        assert_eq!(profile.lists.iter().map(|list| list.rows.0).sum::<OpCounts>(), rows);
        assert!(profile.lists.iter().filter(|list| list.pending.max > 0).count() <= 5);
        assert!(profile.lists.iter().all(|list| list.pending.max <= 5));
        if name == "disk" {
            assert_eq!(profile.met.silent_mods, 78);
        }
        fits(name, &trace, &profile, &path);
    }
}

#[test]
fn what_operations_meet_is_counted() {
    let profile = profile(
        "0,1,1,deadline,,\n\
         0,1,1,mod,1,100\n\
         0,1,1,mod,2,50\n\
         10,1,1,mod,2,200\n\
         20,2,1,deadline,,\n\
         20,2,1,anticipate,2,60\n\
         30,2,1,del,1,\n\
         40,2,1,del,1,\n\
         60,1,1,run,,\n\
         60,1,1,fire,2,60\n\
         70,1,1,expired,,\n\
         80,1,2,mod,3,9223372036854775807\n\
         100,1,2,mod,3,90\n",
        "",
    );
    assert_eq!(
        profile.met,
        Met {
            polls: 4,
            empty_polls: 2,
            firing_runs: 1,
            fired: 1,
            rearming_mods: 4,
            silent_mods: 1,
            rearming_anticipates: 1,
            idle_dels: 1,
        }
    );
    assert_eq!((profile.span_ns, profile.ops(), profile.rows.0[TraceOp::Fire]), (100, 12, 1));
    assert_eq!((profile.lists[0].by_others, profile.lists[1].by_others), (4, 0));
    let distances = profile.distances;
    assert_eq!((distances.count, distances.never, distances.past), (6, 1, 1));
    assert_eq!(distances.percentiles[0], (0.0, -10));
    assert_eq!(distances.percentiles[4], (50.0, 50));
    assert_eq!(distances.percentiles[8], (100.0, 190));
}

#[test]
fn pending_timers_are_weighted_by_time() {
    // Two from the start, one from 10 on, none from 70 on, and one at the very end.
    let rows = "0,1,1,deadline,,\n10,1,1,del,1,\n70,1,1,run,,\n100,1,1,mod,1,500\n";
    let found = profile(rows, "1,1,600\n1,2,50\n");
    assert_eq!(found.pending, Pending { min: 0, median: 1, max: 2 });
    assert_eq!(found.lists[0].pending, found.pending);
    assert_eq!(found.pending_met, 2);
    // A trace that takes no time at all.
    assert_eq!(profile("0,1,1,mod,1,500\n", "").pending, Pending { min: 0, median: 0, max: 1 });
}

#[test]
fn nearness_is_to_the_nearest_of_another_thread_on_the_same_list() {
    let profile = profile(
        "0,1,1,mod,1,99999999\n\
         500,2,1,deadline,,\n\
         600,2,2,deadline,,\n\
         5000,2,1,deadline,,\n\
         5100,2,1,mod,1,99999999\n\
         12000,1,1,del,1,\n\
         300000,1,1,run,,\n",
        "",
    );
    let nearness = profile.nearness;
    assert_eq!(nearness.ops, 7);
    // Within 1 us the first two; within 10 us also those at 5000 and 5100, and the del that follows them.
    assert_eq!(nearness.near, [2, 5, 5]);
    // The first mod is near the poll at 500, and the del near the one at 5000; the mod at 5100 has its own thread's only.
    assert_eq!((nearness.changes, nearness.changes_near_poll), (3, [1, 2, 2]));
}

/// The share of the steps that are wanted.
fn drawn(scripts: &[Script], wanted: impl Fn(&crate::workload::script::Step) -> bool) -> f64 {
    let steps = scripts.iter().flat_map(|script| &script.steps);
    steps.filter(|step| wanted(step)).count() as f64 / (scripts.len() * Script::STEPS) as f64
}

/// The fitted workload's scripts have the trace's shares.
fn fits(name: &str, trace: &Trace, profile: &Profile, path: &Path) {
    /// As near as the steps of a script allow: a twentieth of a per cent of all operations.
    const WITHIN: f64 = 1.0 / Script::STEPS as f64;
    let fitted = fit(trace, profile, path).unwrap();
    // As a user gets it: from the file.
    let toml = fitted.to_toml().unwrap();
    let workload = Workload::from_toml(&toml, "x.toml").unwrap();
    assert_eq!(workload, fitted.workload);
    for threads in [1, 2] {
        let draw = |thread| Script::draw(&workload, thread, threads, 1, Script::STEPS).unwrap();
        let scripts: Vec<Script> = (0..threads).map(draw).collect();
        for (op, row) in [
            (Op::Deadline, TraceOp::Deadline),
            (Op::Expired, TraceOp::Expired),
            (Op::Run, TraceOp::Run),
            (Op::Modify, TraceOp::Mod),
            (Op::Anticipate, TraceOp::Anticipate),
            (Op::Cancel, TraceOp::Del),
        ] {
            let (found, expected) = (drawn(&scripts, |step| step.op == op), profile.rows.share(row));
            assert!((found - expected).abs() < WITHIN, "{name}: {} {found}, not {expected}", op.name());
        }
        let empty = drawn(&scripts, |step| step.at_empty);
        let expected = share(profile.met.empty_polls, profile.ops());
        assert!((empty - expected).abs() < 3.0 * WITHIN, "{name}: empty {empty}, not {expected}");
        let firing = drawn(&scripts, |step| step.op == Op::Run && step.time == DUE);
        assert!(firing <= share(profile.met.firing_runs, profile.ops()) + WITHIN, "{name}: {firing}");
    }
    let rate = profile.ops() as f64 * 1e9 / profile.span_ns as f64;
    assert!(matches!(workload.load, Load::Open { rate_per_s, .. } if (rate_per_s / rate - 1.0).abs() < 0.01));
    assert!(toml.starts_with("# All threads share one list"), "{toml}");
}

#[test]
fn creating_and_freeing_becomes_churn() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my trace.csv");
    let rows = "0,1,1,create,1,\n1,1,1,create,2,\n2,1,1,mod,1,9\n3,1,1,free,1,\n4,1,1,deadline,,\n5,1,1,mod,2,7\n";
    fs::write(&path, format!("{}\n{rows}", crate::workload::trace::COLUMNS)).unwrap();
    let trace = Trace::load(&path).unwrap();
    let fitted = fit(&trace, &Profile::of(&trace), &path).unwrap();
    let mix = fitted.workload.mix.unwrap();
    assert_eq!(
        (mix.churn, mix.modify, mix.deadline, fitted.workload.name.as_str()),
        (1.0, 1.0, 1.0, "my-trace-fit")
    );
    assert!(fitted.notes.iter().any(|note| note.starts_with("Left out: 1 create or free row, ")));
}

#[test]
fn nothing_to_do_fits_no_workload() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    fs::write(&path, format!("{}\n0,1,1,create,1,\n", crate::workload::trace::COLUMNS)).unwrap();
    let trace = Trace::load(&path).unwrap();
    let error = fit(&trace, &Profile::of(&trace), Path::new("t.csv")).unwrap_err().to_string();
    assert_eq!(error, "the workload fitted to t.csv: mix is without any share above 0; expected at least one");
}
