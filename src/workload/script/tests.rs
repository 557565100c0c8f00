//! Shares, determinism, and that a script keeps its promises when it is played on a small model of the list.

use super::*;
use crate::workload::{Distance, Mix, Overrides, PRESETS, Roles, Workload};
use std::collections::{BTreeSet, HashSet};

const SEED: u64 = 7;

fn preset(name: &str) -> Workload {
    Workload::preset(name).unwrap()
}

fn count(script: &Script, wanted: impl Fn(&Step) -> bool) -> usize {
    script.steps.iter().filter(|step| wanted(step)).count()
}

/// The list as DESIGN describes it: timers by deadline, first in first out among equals.
struct Model {
    queue: BTreeSet<(Nanos, u64, u32)>,
    place: Vec<Option<(Nanos, u64)>>,
    inserted: u64,
    /// Modifies at the head that did not become the head.
    missed_heads: usize,
    /// Other changes that did.
    chance_heads: usize,
    /// Runs at `DUE` that fired nothing, anticipates that changed something and that did not, cancels of a timer that was not active.
    empty_due_runs: usize,
    sooner: usize,
    not_sooner: usize,
    idle_cancels: usize,
    rearms_used: usize,
}

impl Model {
    fn new(workload: &Workload) -> Self {
        let deadlines = initial(workload, SEED).unwrap();
        let mut model = Model {
            queue: BTreeSet::new(),
            place: vec![None; deadlines.len()],
            inserted: 0,
            missed_heads: 0,
            chance_heads: 0,
            empty_due_runs: 0,
            sooner: 0,
            not_sooner: 0,
            idle_cancels: 0,
            rearms_used: 0,
        };
        for (timer, deadline) in deadlines.into_iter().enumerate() {
            model.insert(timer as u32, deadline);
        }
        model
    }

    fn remove(&mut self, timer: u32) -> bool {
        let place = self.place[timer as usize].take();
        place.is_some_and(|(deadline, order)| self.queue.remove(&(deadline, order, timer)))
    }

    fn insert(&mut self, timer: u32, deadline: Nanos) {
        self.remove(timer);
        self.inserted += 1;
        self.place[timer as usize] = Some((deadline, self.inserted));
        self.queue.insert((deadline, self.inserted, timer));
    }

    fn ordinary(&mut self, timer: u32, deadline: Nanos) {
        self.insert(timer, deadline);
        self.chance_heads += usize::from(self.queue.first().unwrap().2 == timer);
    }

    fn run(&mut self, now: Nanos, rearm: &[Nanos]) -> usize {
        let mut fired = 0;
        while let Some(&(deadline, _, timer)) = self.queue.first()
            && deadline <= now
        {
            assert!(fired <= self.place.len(), "a timer armed by a callback is due in the same run");
            fired += 1;
            self.ordinary(timer, rearm[self.rearms_used % rearm.len()]);
            self.rearms_used += 1;
        }
        fired
    }

    fn play(&mut self, step: &Step, rearm: &[Nanos]) {
        match step.op {
            _ if step.at_empty => assert!(matches!(step.op, Op::Deadline | Op::Expired | Op::Run)),
            Op::Cancel if step.timer as usize == self.place.len() => self.idle_cancels += 1,
            Op::Deadline => {}
            Op::Expired => assert!(self.queue.first().is_none_or(|head| head.0 > step.time)),
            Op::Run => {
                let fired = self.run(step.time, rearm);
                match step.time {
                    IDLE => assert_eq!(fired, 0),
                    DUE => self.empty_due_runs += usize::from(fired == 0),
                    other => panic!("a run at {other:?}"),
                }
            }
            Op::Modify if step.at_head => {
                assert!(IDLE < step.time && step.time <= DUE);
                self.insert(step.timer, step.time);
                self.missed_heads += usize::from(self.queue.first().unwrap().2 != step.timer);
            }
            Op::Modify | Op::Churn => self.ordinary(step.timer, step.time),
            Op::Anticipate => {
                if self.place[step.timer as usize].is_none_or(|(deadline, _)| step.time < deadline) {
                    self.ordinary(step.timer, step.time);
                    self.sooner += 1;
                } else {
                    self.not_sooner += 1;
                }
            }
            Op::Cancel => {
                let active = self.remove(step.timer);
                self.idle_cancels += usize::from(!active);
            }
        }
    }
}

#[test]
fn every_preset_keeps_its_shares() {
    for (name, _) in PRESETS {
        let workload = preset(name);
        let threads = workload.fixed_threads().unwrap_or(1);
        for thread in 0..threads {
            let script = Script::draw(&workload, thread, threads, SEED, Script::STEPS).unwrap();
            assert_eq!(script.steps.len(), Script::STEPS);
            assert_eq!(script.rearm.len(), Script::REARMS);
            let mix = workload.mix.unwrap_or_else(|| workload.role(thread).unwrap().mix());
            let total: f64 = mix.shares().iter().sum();
            for (op, share) in Op::ALL.into_iter().zip(mix.shares()) {
                let steps = count(&script, |step| step.op == op) as f64;
                let exact = share / total * Script::STEPS as f64;
                assert!((steps - exact).abs() < 1.0, "{name}: {steps} {}, not {exact}", op.name());
            }
            let modifies = count(&script, |step| step.op == Op::Modify) as f64;
            let heads = count(&script, |step| step.at_head) as f64;
            assert!((heads - modifies * workload.head_share).abs() <= 0.5, "{name}: {heads} of {modifies} at the head");
        }
    }
}

#[test]
fn one_thread_keeps_all_timers_active_and_finds_what_it_was_promised() {
    for (name, _) in PRESETS {
        let asked = preset(name);
        if asked.roles.is_some() {
            continue;
        }
        for (timers, seed) in [(asked.timers, SEED), (5, 1), (5, 2), (5, 3), (1, 4)] {
            let workload =
                asked.clone().with(Overrides { timers: Some(timers), ..Overrides::default() }, "test").unwrap();
            let script = Script::draw(&workload, 0, 1, seed, Script::STEPS).unwrap();
            let mut model = Model::new(&workload);
            for _ in 0..3 {
                for step in &script.steps {
                    model.play(step, &script.rearm);
                }
                assert_eq!(model.queue.len(), timers, "{name}");
            }
            assert_eq!(model.missed_heads, 0, "{name}");
            assert!(model.chance_heads == 0 || timers == 1, "{name}: {}", model.chance_heads);
            assert_eq!(model.empty_due_runs, 0, "{name}");
            let runs = count(&script, |step| step.op == Op::Run) as f64;
            let due = count(&script, |step| step.op == Op::Run && step.time == DUE) as f64;
            let due_asked = (runs * workload.run_due).round();
            assert!(due <= due_asked);
            // With few timers, one that was made due is soon cancelled or moved away before a run comes.
            if timers >= 100 {
                assert_eq!(model.idle_cancels, 0, "{name}");
                assert_eq!(due, due_asked, "{name}");
            }
        }
    }
}

#[test]
fn several_threads_keep_all_timers_active() {
    for (name, threads) in [
        ("hot", 3),
        ("modify-heavy", 4),
        ("churn", 2),
        ("pollers", 2),
        ("paced", 8),
    ] {
        let workload = preset(name);
        let scripts: Vec<_> = (0..threads)
            .map(|thread| Script::draw(&workload, thread, threads, SEED, Script::STEPS).unwrap())
            .collect();
        let mut model = Model::new(&workload);
        for _ in 0..2 {
            for step in 0..Script::STEPS {
                for script in &scripts {
                    model.play(&script.steps[step], &script.rearm);
                }
            }
            assert_eq!(model.queue.len(), workload.timers, "{name}");
        }
        assert_eq!((model.missed_heads, model.chance_heads), (0, 0), "{name}");
    }
}

#[test]
fn every_modify_at_the_head_lands_there_and_no_other_change_however_threads_interleave() {
    let mix = Mix { modify: 1.0, ..Mix::default() };
    let given = Overrides {
        mix: Some(mix),
        head_share: Some(1.0),
        run_due: Some(0.0),
        ..Overrides::default()
    };
    for workload in [
        preset("hot").with(given, "test").unwrap(),
        preset("hot"),
        preset("churn"),
    ] {
        let scripts: Vec<_> =
            (0..3).map(|thread| Script::draw(&workload, thread, 3, SEED, Script::STEPS).unwrap()).collect();
        for strides in [[1, 1, 1], [7, 1, 3], [1, 64, 2]] {
            let mut model = Model::new(&workload);
            for round in 0..100 {
                for (script, stride) in scripts.iter().zip(strides) {
                    let steps = script.steps.iter().cycle().skip(round * stride).take(stride);
                    steps.for_each(|step| model.play(step, &script.rearm));
                }
            }
            assert_eq!((model.missed_heads, model.chance_heads), (0, 0), "{} {strides:?}", workload.name);
        }
    }
}

#[test]
fn threads_change_timers_of_their_own_if_there_are_enough() {
    let changed = |script: &Script| -> HashSet<u32> {
        let changes = |op| !matches!(op, Op::Deadline | Op::Expired | Op::Run);
        script.steps.iter().filter(|step| changes(step.op)).map(|step| step.timer).collect()
    };
    let workload = preset("churn");
    let of: Vec<_> = (0..3)
        .map(|thread| changed(&Script::draw(&workload, thread, 3, SEED, Script::STEPS).unwrap()))
        .collect();
    for (thread, timers) in of.iter().enumerate() {
        assert!(timers.len() > 50);
        let own = |timer: u32| (timer as usize) < workload.timers - 1 && (timer as usize - 1) % 3 == thread;
        assert!(timers.iter().all(|&timer| timer == HEAD_TIMER || own(timer)));
    }
    // More threads than timers share them; that is refused where a thread would free another's.
    let few = |workload: Workload| workload.with(Overrides { timers: Some(3), ..Overrides::default() }, "--timers");
    assert_eq!(
        changed(&Script::draw(&few(preset("hot")).unwrap(), 4, 5, SEED, Script::STEPS).unwrap()),
        HashSet::from([HEAD_TIMER, 1])
    );
    assert_eq!(
        Script::draw(&few(preset("churn")).unwrap(), 0, 5, SEED, Script::STEPS).unwrap_err().to_string(),
        "workload churn: timers is 3; expected at least 7, so that each of the threads has a timer of its own to free"
    );
}

#[test]
fn an_anticipate_comes_sooner_about_half_the_time() {
    for distance in [
        Distance::Fixed { ns: 1000 },
        Distance::Exponential { mean_ns: 1_000_000 },
    ] {
        let mix = Mix { modify: 3.0, anticipate: 1.0, ..Mix::default() };
        let given = Overrides {
            mix: Some(mix),
            distance: Some(distance),
            head_share: Some(0.0),
            run_due: Some(0.0),
            ..Overrides::default()
        };
        let workload = preset("hot").with(given, "test").unwrap();
        let script = Script::draw(&workload, 0, 1, SEED, Script::STEPS).unwrap();
        let mut model = Model::new(&workload);
        script.steps.iter().for_each(|step| model.play(step, &script.rearm));
        assert!(model.sooner > 100 && model.not_sooner > 100, "{} {}", model.sooner, model.not_sooner);
    }
}

#[test]
fn as_many_cancels_as_arming_operations_leave_nothing_cancelled() {
    let least = Mix { cancel: 1.0, ..Mix::default() };
    for mix in [
        Mix { modify: 1.0, ..least },
        Mix { deadline: 7.3, anticipate: 0.5, churn: 0.5, ..least },
        // Exact steps of a script: rounding gives cancel ten of them, and the others nine together.
        Mix {
            deadline: 1000.6,
            expired: 1027.6,
            run: 0.0,
            modify: 3.3,
            anticipate: 3.3,
            churn: 3.3,
            cancel: 9.9,
        },
    ] {
        let given = Overrides { mix: Some(mix), run_due: Some(0.0), ..Overrides::default() };
        let workload = preset("hot").with(given, "test").unwrap();
        for seed in 0..20 {
            let script = Script::draw(&workload, 0, 1, seed, Script::STEPS).unwrap();
            let mut model = Model::new(&workload);
            script.steps.iter().for_each(|step| model.play(step, &script.rearm));
            assert_eq!(model.queue.len(), workload.timers);
        }
    }
}

#[test]
fn polls_of_an_empty_list_and_idle_cancels_have_their_shares_and_disturb_nothing() {
    let mix = Mix {
        deadline: 50.0,
        expired: 2.0,
        run: 30.0,
        modify: 2.0,
        cancel: 16.0,
        ..Mix::default()
    };
    let given = Overrides {
        mix: Some(mix),
        empty_share: Some(0.9),
        idle_cancel_share: Some(0.9),
        run_due: Some(0.01),
        head_share: Some(0.5),
        timers: Some(200),
        ..Overrides::default()
    };
    let workload = preset("hot").with(given, "test").unwrap();
    for thread in 0..2 {
        let script = Script::draw(&workload, thread, 2, SEED, Script::STEPS).unwrap();
        for op in [Op::Deadline, Op::Expired, Op::Run] {
            let all = count(&script, |step| step.op == op) as f64;
            assert_eq!(count(&script, |step| step.op == op && step.at_empty) as f64, (all * 0.9).round());
        }
        let cancels = count(&script, |step| step.op == Op::Cancel) as f64;
        let due = count(&script, |step| step.op == Op::Run && step.time == DUE) as f64;
        assert_eq!(due, (count(&script, |step| step.op == Op::Run) as f64 * 0.01).round());
        assert!(script.steps.iter().all(|step| !(step.at_empty && (step.time == DUE || step.timer != 0))));
        let mut model = Model::new(&workload);
        script.steps.iter().for_each(|step| model.play(step, &script.rearm));
        assert_eq!(model.idle_cancels as f64, (cancels * 0.9).round());
        assert_eq!(model.queue.len(), workload.timers);
    }
    // Without idle cancels there would be more of them than arming operations.
    let error = workload
        .with(Overrides { idle_cancel_share: Some(0.5), ..Overrides::default() }, "test")
        .unwrap_err();
    assert!(error.to_string().starts_with("test: mix.cancel is 16; expected at most"), "{error}");
}

#[test]
fn the_seed_and_the_thread_decide_the_script() {
    let workload = preset("hot");
    let draw = |thread, seed| Script::draw(&workload, thread, 2, seed, Script::STEPS).unwrap();
    assert_eq!(draw(0, 1), draw(0, 1));
    assert_ne!(draw(0, 1), draw(1, 1));
    assert_ne!(draw(0, 1), draw(0, 2));
    assert_eq!(initial(&workload, 1).unwrap(), initial(&workload, 1).unwrap());
    assert_ne!(initial(&workload, 1).unwrap(), initial(&workload, 2).unwrap());
}

#[test]
fn ordinary_deadlines_lie_beyond_the_head_zone() {
    for distance in [
        Distance::Fixed { ns: (1 << 60) - 1 },
        Distance::Uniform { min_ns: 1, max_ns: (1 << 60) - 1 },
        Distance::Exponential { mean_ns: (1 << 60) - 1 },
        Distance::Lognormal { median_ns: 1, sigma: 10.0 },
    ] {
        let given = Overrides { distance: Some(distance), ..Overrides::default() };
        let workload = preset("modify-heavy").with(given, "test").unwrap();
        let script = Script::draw(&workload, 0, 1, SEED, Script::STEPS).unwrap();
        let set = script.steps.iter().filter(|step| matches!(step.op, Op::Modify | Op::Anticipate) && !step.at_head);
        let all = set.map(|step| step.time).chain(script.rearm.iter().copied());
        let ordinary = |time: &Nanos| *time > DUE && time.0 <= DUE.0 + (1 << 60);
        assert!(all.chain(initial(&workload, SEED).unwrap()).all(|time| ordinary(&time)));
    }
}

#[test]
fn a_runner_finds_timers_due_at_its_share() {
    let roles = Roles { pollers: 1, modifiers: 1, runners: 1 };
    let given = Overrides {
        roles: Some(roles),
        run_due: Some(0.25),
        ..Overrides::default()
    };
    let workload = preset("pollers").with(given, "test").unwrap();
    let script = Script::draw(&workload, 2, 3, SEED, Script::STEPS).unwrap();
    assert_eq!(count(&script, |step| step.op == Op::Run && step.time == DUE), Script::STEPS / 4);
    assert_eq!(count(&script, |step| step.op == Op::Run), Script::STEPS);
}

#[test]
fn what_is_cancelled_is_known_before_every_step() {
    let mix = Mix { modify: 1.0, cancel: 1.0, deadline: 1.0, ..Mix::default() };
    let given = Overrides { mix: Some(mix), run_due: Some(0.0), ..Overrides::default() };
    let workload = preset("hot").with(given, "test").unwrap();
    let script = Script::draw(&workload, 0, 1, SEED, 3 * Script::STEPS).unwrap();
    assert_eq!(script.steps.len(), 3 * Script::STEPS);
    assert_ne!(
        script.steps[..Script::STEPS],
        script.steps[Script::STEPS..2 * Script::STEPS],
        "drawn anew, and not again and again"
    );
    let mut model = Model::new(&workload);
    let mut most = 0;
    for (number, step) in script.steps.iter().enumerate() {
        let cancelled = script.cancelled_before(number);
        most = most.max(cancelled.len());
        assert!(cancelled.iter().all(|&timer| model.place[timer as usize].is_none()));
        assert_eq!(cancelled.len(), workload.timers - model.queue.len(), "before step {number}");
        model.play(step, &script.rearm);
    }
    assert!(most > 10);
    assert!(script.cancelled_before(script.steps.len()).is_empty());
}
