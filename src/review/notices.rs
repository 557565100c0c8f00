//! What must be known before anything on the page is believed.

use super::part::Reading;
use super::words::{at, counted, list};
use crate::record::{BehindDoor, NULL_CONTROL, Ratio, RunState, Verdict};

/// How far a filed ratio may be from the one computed, as a share of it: what printing and reading back may lose.
const ROUNDING: f64 = 1e-9;

/// The notices of one part, named only where there are several.
pub(super) fn of_part(reading: &Reading<'_>, named: bool) -> Vec<String> {
    let all = [
        unfinished(reading),
        disagreement(reading),
        biased(reading),
        behind_door(reading),
    ];
    let name = |text: String| {
        if named {
            format!("{}: {text}", reading.part.name)
        } else {
            text
        }
    };
    all.into_iter().flatten().chain(reading.part.notes.iter().cloned()).map(name).collect()
}

fn unfinished(reading: &Reading<'_>) -> Option<String> {
    let run = &reading.part.run;
    let because = run.message.as_ref().map_or(String::new(), |message| format!(" ({message})"));
    let how = match run.state {
        RunState::Complete => return None,
        RunState::Running => "it is under way, or was killed".to_owned(),
        RunState::Interrupted => format!("it was interrupted{because}"),
        RunState::Failed => format!("it ended on an error{because}"),
    };
    let has = match reading.part.trials.len() {
        0 => "It has no trial".to_owned(),
        trials => format!(
            "What follows rests on what it has: {} in {}",
            counted(trials, "trial"),
            counted(reading.blocks(), "block")
        ),
    };
    Some(format!("This run is not whole: {how}. {has}."))
}

/// `ratios.csv` follows from `trials.csv`; where it does not, one of them was changed.
fn disagreement(reading: &Reading<'_>) -> Option<String> {
    let filed = match &reading.part.filed_ratios {
        None if reading.ratios.is_empty() => return None,
        None => return Some("There is no ratios.csv; every ratio here is computed from trials.csv.".to_owned()),
        Some(filed) => filed,
    };
    let key = |ratio: &Ratio| (ratio.workload.clone(), ratio.threads, ratio.metric, ratio.strategy.clone());
    let differs = |ours: &&Ratio| !filed.iter().any(|theirs| key(ours) == key(theirs) && agree(ours, theirs));
    let differing: Vec<&Ratio> = reading.ratios.iter().filter(differs).collect();
    let unknown = filed.iter().filter(|theirs| !reading.ratios.iter().any(|ours| key(ours) == key(theirs))).count();
    if differing.is_empty() && unknown == 0 {
        return None;
    }
    let example = differing.first().map_or(String::new(), |ratio| {
        format!(", {} on {} among them", ratio.strategy, super::words::heading(&point(ratio)))
    });
    // A run under way appends trials before it rewrites what follows from them.
    let why = if reading.is_whole() {
        "one of the two was changed after the run"
    } else {
        "the run did not get to write it anew"
    };
    Some(format!(
        "ratios.csv disagrees with trials.csv in {}{example}: {why}. Every ratio and verdict here is computed from \
         trials.csv; the pictures of ratios are drawn from ratios.csv.",
        counted(differing.len() + unknown, "row"),
    ))
}

fn agree(ours: &Ratio, theirs: &Ratio) -> bool {
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= ROUNDING * a.abs();
    near(ours.ratio, theirs.ratio)
        && near(ours.ci_low, theirs.ci_low)
        && near(ours.ci_high, theirs.ci_high)
        && (ours.blocks, ours.verdict) == (theirs.blocks, theirs.verdict)
}

fn biased(reading: &Reading<'_>) -> Option<String> {
    let points: Vec<String> = reading
        .ratios
        .iter()
        .filter(|it| it.strategy == NULL_CONTROL && matches!(it.verdict, Verdict::Faster | Verdict::Slower))
        .filter(|it| reading.ratio(&point(it), NULL_CONTROL) == Some(it))
        .map(|it| format!("{} ({}, {})", at(&point(it)), super::words::ratio(it.ratio), it.verdict.as_str()))
        .collect();
    (!points.is_empty()).then(|| {
        format!(
            "{} measured against itself came out different on {}: what was measured there is biased and decides nothing.",
            reading.baseline,
            list(&points)
        )
    })
}

/// Which rows are played through the C interface, and what that costs them.
fn behind_door(reading: &Reading<'_>) -> Option<String> {
    let behind = BehindDoor::of(&reading.part.run.parameters);
    let names: Vec<String> = behind.iter().map(|behind| behind.declaration.name.clone()).collect();
    let files = behind.iter().filter_map(|behind| {
        let (library, sha256) = (behind.library.as_ref()?, behind.sha256.as_ref()?);
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
            "Behind the C interface, where each operation is a call through a table, which no other row pays: {}.{from}",
            list(&names)
        )
    })
}

fn point(ratio: &Ratio) -> crate::record::Point {
    crate::record::Point { workload: ratio.workload.clone(), threads: ratio.threads }
}
