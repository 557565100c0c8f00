//! A synthetic workload that does in the same shares what a trace does, and what such a workload cannot say.

use super::{Profile, share};
use crate::text::counted;
use crate::workload::script::Script;
use crate::workload::trace::{Trace, TraceOp};
use crate::workload::{Arrivals, Distance, Load, MAX_TIMERS, Mix, Overrides, Per, PollClock, Workload, WorkloadError};
use std::path::Path;

/// Operations a second that an open load may have.
const RATES: std::ops::RangeInclusive<f64> = 1.0..=1e9;

/// A workload fitted to a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The workload: shares, timers, distances, rate.
    pub workload: Workload,
    /// What of the trace it does not say, or says otherwise: a sentence or two each.
    pub notes: Vec<String>,
}

/// Fits a workload to the trace that was read from `path`, whose profile this is.
///
/// # Errors
/// If the trace holds nothing that a workload could do.
pub fn fit(trace: &Trace, profile: &Profile, path: &Path) -> Result<Fit, WorkloadError> {
    let mut notes = vec![sharing(profile)];
    let rows = profile.rows.0;
    let churn = rows[TraceOp::Create].min(rows[TraceOp::Free]).min(rows[TraceOp::Mod]);
    let unpaired = rows[TraceOp::Create] + rows[TraceOp::Free] - 2 * churn;
    if unpaired > 0 {
        let left_out = counted(unpaired as usize, "create or free row");
        notes.push(format!(
            "Left out: {left_out}, as a workload frees a timer, creates another and arms it in one operation, and keeps their number."
        ));
    }
    let arming = rows[TraceOp::Mod] + rows[TraceOp::Anticipate];
    let dels = rows[TraceOp::Del];
    let idle_dels = profile.met.idle_dels;
    let cancels = (dels - idle_dels).min(arming) + idle_dels;
    if cancels < dels {
        let left_out = counted((dels - cancels) as usize, "del");
        notes.push(format!(
            "Left out: {left_out}, as a workload arms again whatever it cancels, and the trace arms less often."
        ));
    }
    let mix = Mix {
        deadline: rows[TraceOp::Deadline] as f64,
        expired: rows[TraceOp::Expired] as f64,
        run: rows[TraceOp::Run] as f64,
        modify: (rows[TraceOp::Mod] - churn) as f64,
        anticipate: rows[TraceOp::Anticipate] as f64,
        cancel: cancels as f64,
        churn: churn as f64,
    };
    let empty_share = share(profile.met.empty_polls, profile.met.polls);
    let head_share = share(profile.met.rearming_mods, rows[TraceOp::Mod]);
    let given = Overrides {
        name: Some(name(&trace.name)),
        summary: Some(format!("the shares of the trace {}", trace.name)),
        mix: Some(mix),
        empty_share: Some(empty_share),
        idle_cancel_share: Some(share(idle_dels, cancels)),
        head_share: Some(head_share),
        run_due: Some(run_due(profile, &mix, head_share, empty_share, &mut notes)),
        timers: Some((profile.pending_met.max(1) as usize).min(MAX_TIMERS)),
        distance: distance(trace, profile, path, &mut notes),
        think_ns: Some(0),
        load: Some(load(profile, &mut notes)),
        clock: Some(PollClock::Monotonic),
        ..Overrides::default()
    };
    let workload = Workload::preset("paced")?.with(given, &format!("the workload fitted to {}", path.display()))?;
    notes.push(format!(
        "A trace does not tell what else its threads do: polls read the clock, as QEMU's do, and every operation is preceded by \
         touching {} KiB of other memory, which is a guess.",
        workload.pollute_kib
    ));
    notes.push(rounding(&mix));
    Ok(Fit { workload, notes })
}

impl Fit {
    /// The workload as a file for `headlock run --workload`, with the notes before it.
    ///
    /// # Errors
    /// None that is known; what the TOML writer says if there is one.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut text = String::new();
        for note in &self.notes {
            for line in wrapped(note) {
                text += &format!("# {line}\n");
            }
        }
        Ok(text + &toml::to_string(&self.workload)?)
    }
}

/// Lines of at most 100 characters, but for longer words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.len() + 1 + word.len() <= 100) {
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The trace's name, fit for a workload.
fn name(trace: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.+".contains(c) {
            c
        } else {
            '-'
        }
    };
    let stem: String = trace.chars().map(plain).take(60).collect();
    stem + "-fit"
}

fn sharing(profile: &Profile) -> String {
    let used = profile.lists.iter().filter(|list| list.pending.max > 0).count();
    let others: u64 = profile.lists.iter().map(|list| list.by_others).sum();
    format!(
        "All threads share one list, and each has an empty one of its own. The trace has {}, timers on {used}, and {:.1} % of its \
         operations are on a list that another thread uses more. So with several threads this workload has more contention than \
         the trace.",
        counted(profile.lists.len(), "list"),
        share(others, profile.ops()) * 100.0
    )
}

/// The share of runs that fire, as far as the modifies at the head can make timers due.
fn run_due(profile: &Profile, mix: &Mix, head_share: f64, empty_share: f64, notes: &mut Vec<String>) -> f64 {
    if mix.run == 0.0 {
        return 0.0;
    }
    let firing = profile.met.firing_runs as f64 / mix.run;
    let most = (head_share * mix.modify / mix.run).min(1.0 - empty_share);
    if profile.met.fired > 0 {
        notes.push(format!(
            "A timer that fires is armed again by its callback, which is no operation here; in the trace that is a mod of its own, \
             so {} arming calls come on top of its share.",
            profile.met.fired
        ));
    }
    if firing <= most {
        return firing;
    }
    notes.push(format!(
        "{:.2} % of the runs fire in the trace, {:.2} % here: only a modify at the head makes a timer due.",
        firing * 100.0,
        most * 100.0
    ));
    most
}

fn distance(trace: &Trace, profile: &Profile, path: &Path, notes: &mut Vec<String>) -> Option<Distance> {
    let Some(distance) = Distance::of_trace(trace, path) else {
        notes.push("The trace has no mods, so the distances are those of the workload paced.".to_owned());
        return None;
    };
    let unlike = profile.distances.past + profile.distances.never;
    if unlike > 0 {
        notes.push(format!(
            "{} deadlines at or before their row's time are 1 ns ahead here, and {} that stand for never are far ahead.",
            profile.distances.past, profile.distances.never
        ));
    }
    Some(distance)
}

fn load(profile: &Profile, notes: &mut Vec<String>) -> Load {
    let rate_per_s = profile.ops() as f64 * 1e9 / profile.span_ns as f64;
    if !RATES.contains(&rate_per_s) {
        notes.push("The trace's rate is none that a load can have, so the load is closed.".to_owned());
        return Load::Closed;
    }
    notes.push(
        "The rate is the trace's mean, all threads together, with operations at random moments; its bursts are not kept.".to_owned(),
    );
    Load::Open {
        rate_per_s: rate_per_s.round().max(1.0),
        per: Per::All,
        arrivals: Arrivals::Poisson,
    }
}

/// What becomes of rare operations.
fn rounding(mix: &Mix) -> String {
    let steps = Script::LONG;
    let all: f64 = mix.shares().iter().sum();
    let rarest = mix.shares().into_iter().filter(|&share| share > 0.0).fold(f64::INFINITY, f64::min) / all;
    format!(
        "A script has {steps} steps, so each share is played to the nearest {:.3} % of all operations; the rarest is {:.3} % in the \
         trace.",
        100.0 / steps as f64,
        rarest * 100.0
    )
}
