//! What must be known before anything in a document is believed.

use std::collections::BTreeSet;

use crate::document::words::{at, counted, heading, list, ratio};
use crate::reading::{Reading, Results, point_of};
use crate::record::{AA_CONTROL, ALL, FLOOR_BEHIND, Ratio, RunRecord, RunState, Trial};

/// How far a filed ratio may be from the one computed, as a share of it: what printing and reading back may lose.
const ROUNDING: f64 = 1e-9;

/// The notices of a run.
pub(super) fn of_run(results: &Results, reading: &Reading<'_>) -> Vec<String> {
    let all = [
        unfinished(reading),
        results.cut_short().map(|it| format!("{it}.")),
        disagreement(results, reading),
        biased(reading),
        behind_door(reading),
    ];
    let empty = reading.points_without_figures();
    let empty: Vec<String> = empty.iter().map(|(point, why)| format!("{} ({why})", at(point))).collect();
    let empty = (!empty.is_empty()).then(|| format!("No figure at all on {}.", list(&empty)));
    let failed = reading.run.left_out.iter();
    let failed = failed.map(|it| {
        format!(
            "{} failed on {} and is left out there: {}.",
            it.strategy,
            heading(&crate::record::Point { workload: it.workload.clone(), threads: it.threads }),
            it.reason
        )
    });
    all.into_iter().flatten().chain(failed).chain(empty).chain(results.notes.iter().cloned()).collect()
}

/// Whose figures may be those of a broken list: strategies that had broken a check of `headlock verify` before they were measured, or had not
/// passed all.
pub fn unverified(runs: &[&RunRecord]) -> Vec<String> {
    let (mut never, mut in_part, mut broken, mut of) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for found in runs.iter().map(|run| run.unverified()) {
        of = of.max(found.of);
        never.extend(found.never.into_iter().filter(|name| !never.contains(name)).collect::<Vec<_>>());
        let parts = found.in_part.into_iter().map(|(name, checks)| {
            let checks: Vec<&str> = checks.iter().map(|check| check.word()).collect();
            format!("{name} ({})", checks.join(", "))
        });
        let broke = found.broken.into_iter().filter_map(|(name, breaches)| {
            let checks: Vec<&str> = breaches.iter().map(|it| it.check.word()).collect();
            let last = breaches.iter().map(|it| it.date).max()?;
            Some(format!("{name} broke {} on {} (headlock verify).", list(&checks), last.strftime("%Y-%m-%d")))
        });
        broken.extend(broke.filter(|it| !broken.contains(it)).collect::<Vec<_>>());
        in_part.extend(parts.filter(|part| !in_part.contains(part)).collect::<Vec<_>>());
    }
    let who = match never.len() {
        0 => String::new(),
        all if all > 1 && all >= of => format!(" all {all} strategies"),
        _ => format!(" {}", never.join(", ")),
    };
    let in_part = match (in_part.is_empty(), never.is_empty()) {
        (true, true) => return broken,
        (true, false) => String::new(),
        (false, _) => format!(" in part only: {}", in_part.join(", ")),
    };
    let between = if who.is_empty() || in_part.is_empty() { "" } else { ";" };
    broken.push(format!("Not verified before this run:{who}{between}{in_part} (headlock verify)."));
    broken
}

fn unfinished(reading: &Reading<'_>) -> Option<String> {
    let run = reading.run;
    let because = run.message.as_ref().map_or(String::new(), |message| format!(" ({message})"));
    let how = match run.state {
        RunState::Complete => return None,
        RunState::Running => "it is under way, or was killed".to_owned(),
        RunState::Interrupted => "it was interrupted".to_owned(),
        RunState::Failed => format!("it ended on an error{because}"),
    };
    let has = match reading.trials.len() {
        0 => "It has no trial".to_owned(),
        trials => {
            format!("Every figure rests on {} in {}", counted(trials, "trial"), counted(reading.blocks(), "block"))
        }
    };
    Some(format!("This run is not whole: {how}. {has}."))
}

/// `ratios.csv` follows from `trials.csv` and the states in `blocks.csv`; where it does not, one of them was changed or is gone.
fn disagreement(results: &Results, reading: &Reading<'_>) -> Option<String> {
    // What was cut is no longer what the ratios were of.
    if results.cut_short().is_some() {
        return None;
    }
    let filed = match &results.filed_ratios {
        None if reading.ratios.is_empty() => return None,
        None => return Some("There is no ratios.csv; every ratio here is computed from trials.csv.".to_owned()),
        Some(filed) => filed,
    };
    let key = |it: &Ratio| {
        let Ratio { workload, strategy, op, state, .. } = it.clone();
        (workload, it.threads, it.metric, strategy, op, state)
    };
    let compared = |agree: fn(&Ratio, &Ratio) -> bool, wanted: fn(&Ratio) -> bool| {
        let differs = |ours: &&Ratio| !filed.iter().any(|theirs| key(ours) == key(theirs) && agree(ours, theirs));
        let differing: Vec<&Ratio> = reading.ratios.iter().filter(|it| wanted(it)).filter(differs).collect();
        let known = |theirs: &&Ratio| reading.ratios.iter().any(|ours| key(ours) == key(theirs));
        let unknown = filed.iter().filter(|it| wanted(it) && !known(it)).count();
        (differing, unknown)
    };
    let (differing, unknown) = compared(agree, |_| true);
    if differing.is_empty() && unknown == 0 {
        return None;
    }
    // Ratios by state count among the rows that an interval is corrected for, so without them its ends are others too.
    let by_state = filed.iter().filter(|it| it.state != ALL).count();
    let blocks = |wanted: fn(&Trial) -> bool| {
        let rows = results.trials.iter().filter(|it| wanted(it));
        rows.map(|it| (it.workload.as_str(), it.threads, it.block)).collect::<BTreeSet<_>>().len()
    };
    let (stateless, all) = (blocks(|it| it.state.is_empty()), blocks(|_| true));
    if by_state > 0
        && stateless > 0
        && matches!(compared(agree_but_for_level, |it| it.state == ALL), (it, 0) if it.is_empty())
    {
        let lacks = match results.blocks.is_empty() {
            true => "blocks.csv is missing or empty".to_owned(),
            false => format!("blocks.csv lacks {stateless} of {}", counted(all, "block")),
        };
        return Some(format!(
            "{lacks}, so ratios by state of the machine ({} in ratios.csv) cannot be derived, and intervals are corrected for fewer rows. \
             Ratios over all states agree with ratios.csv.",
            counted(by_state, "row")
        ));
    }
    let example = differing.first();
    let example =
        example.map_or(String::new(), |it| format!(", {} on {} among them", it.strategy, heading(&point_of(it))));
    // A run under way appends trials before it rewrites what follows from them.
    let why = match reading.is_whole() {
        true => "one of the two was changed after the run",
        false => "the run ended before it rewrote ratios.csv",
    };
    Some(format!(
        "ratios.csv disagrees with trials.csv in {}{example}: {why}. Every ratio and verdict here is computed from trials.csv.",
        counted(differing.len() + unknown, "row"),
    ))
}

fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= ROUNDING * a.abs()
}

/// Whether they agree in what does not depend on how many other rows there are.
fn agree_but_for_level(ours: &Ratio, theirs: &Ratio) -> bool {
    near(ours.ratio, theirs.ratio) && ours.blocks == theirs.blocks
}

fn agree(ours: &Ratio, theirs: &Ratio) -> bool {
    near(ours.ratio, theirs.ratio)
        && near(ours.ci_low, theirs.ci_low)
        && near(ours.ci_high, theirs.ci_high)
        && (ours.blocks, ours.verdict) == (theirs.blocks, theirs.verdict)
}

fn biased(reading: &Reading<'_>) -> Option<String> {
    let biased = reading.points.iter().filter(|point| reading.is_biased(point));
    let points: Vec<String> = biased
        .filter_map(|point| Some((point, reading.ratio(point, AA_CONTROL)?)))
        .map(|(point, it)| format!("{} ({}, {})", at(point), ratio(it.ratio), it.verdict.as_str()))
        .collect();
    (!points.is_empty()).then(|| {
        format!(
            "{} measured against itself came out different by more than the margin on {}: what was measured there is biased and does not count.",
            reading.baseline,
            list(&points)
        )
    })
}

/// Which rows are played through the C interface, and what that costs them.
fn behind_door(reading: &Reading<'_>) -> Option<String> {
    let behind = &reading.run.parameters.common.behind_door;
    let names: Vec<String> = behind.iter().map(|behind| behind.declaration.name.clone()).collect();
    let files = behind.iter().filter_map(|behind| {
        let (library, sha256) = (behind.file_name()?, behind.sha256.as_ref()?);
        Some(format!(
            "{} from {library} (SHA-256 {})",
            behind.declaration.name,
            sha256.get(..12).unwrap_or(sha256)
        ))
    });
    let files: Vec<String> = files.collect();
    let from = if files.is_empty() {
        String::new()
    } else {
        format!(" Loaded: {}.", list(&files))
    };
    (!names.is_empty()).then(|| {
        format!(
            "Behind the C interface, where each operation is a call through a table: {}. Their net figures are less {FLOOR_BEHIND}'s, \
             whose own net figure is the cost of the interface.{from}",
            list(&names)
        )
    })
}
