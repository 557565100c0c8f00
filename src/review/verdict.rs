//! The verdict in three sentences: the answer, how sure it is, and what it buys and costs.

use super::document::Tone;
use super::part::Reading;
use super::standing::{Answer, Place, Scores, Standing};
use super::words::{at, capital, counted, figure, interval, list, percent, ratio};
use super::{Material, Study};
use crate::record::{AA_CONTROL, Claim, Declaration, Ratio, Verdict};
use crate::stats::Summary;

/// The claim of a study that its verdict is.
const VERDICT: &str = "verdict";

/// The claim that says what a study came to, if it has one.
pub(super) fn of_study(study: &Study) -> Option<&Claim> {
    study.claims.iter().find(|claim| claim.id == VERDICT)
}

/// The answer in a few words.
pub(super) fn headline(scores: &Scores, study: Option<&Study>) -> (String, Tone) {
    if let Some(claim) = study.and_then(of_study) {
        let answer = claim.answer.split([':', '.']).next().unwrap_or_default().to_owned();
        let tone = match answer.split([',', ' ']).next() {
            Some("Yes") => Tone::Good,
            Some("No") => Tone::Even,
            _ => Tone::Open,
        };
        return (answer, tone);
    }
    let best = scores.best().map_or("", |best| best.strategy.as_str());
    match scores.answer() {
        Answer::Everywhere => (format!("Justified here: {best}"), Tone::Good),
        Answer::Somewhere => (format!("Justified at some points: {best}"), Tone::Good),
        Answer::Trade => ("A trade: faster here, slower there".to_owned(), Tone::Open),
        Answer::NotHere => ("Not justified here".to_owned(), Tone::Even),
        Answer::Nothing => ("Nothing can be said".to_owned(), Tone::Open),
    }
}

/// The three sentences.
pub(super) fn sentences(scores: &Scores, readings: &[Reading<'_>], material: &Material) -> Vec<String> {
    if let Some(claim) = material.study.as_ref().and_then(of_study) {
        // The last of its evidence is the rule, which stands with the claims.
        let evidence = &claim.evidence[..claim.evidence.len().saturating_sub(1)];
        return std::iter::once(&claim.answer)
            .chain(evidence)
            .cloned()
            .chain([certainty(scores, readings)])
            .collect();
    }
    let answer = answer(scores);
    match scores.answer() {
        Answer::Nothing => vec![answer],
        Answer::NotHere => vec![answer, certainty(scores, readings), staying(scores, readings)],
        _ => vec![
            answer,
            certainty(scores, readings),
            price(scores, readings, &material.declarations),
        ],
    }
}

fn answer(scores: &Scores) -> String {
    let baseline = &scores.baseline;
    let places = scores.places.iter().filter(|place| !place.biased).count();
    let best = scores.best();
    let at_faster = |best: &Standing| spread(scores, best, Verdict::Faster);
    let discounted = discounted(scores);
    match (scores.answer(), best) {
        (Answer::Everywhere, Some(best)) => {
            let where_ = if places == 1 {
                "the one point".to_owned()
            } else {
                format!("each of {places} points")
            };
            format!(
                "A change is justified here: {} is faster than {baseline} at {where_} measured, taking {} of its time{discounted}.",
                best.strategy,
                at_faster(best)
            )
        }
        (Answer::Somewhere, Some(best)) => format!(
            "A change is justified at {} of {places} points: {} is faster than {baseline} there, taking {} of its time, and \
             at the others no difference was shown{discounted}.",
            best.faster,
            best.strategy,
            at_faster(best)
        ),
        (Answer::Trade, Some(best)) => format!(
            "A change trades one load for another: {} is faster than {baseline} at {} of {places} points, taking {} of its \
             time, and slower at {}, taking {}{discounted}.",
            best.strategy,
            best.faster,
            at_faster(best),
            best.slower,
            spread(scores, best, Verdict::Slower)
        ),
        (Answer::NotHere, _) => not_here(scores, places),
        _ => format!("Nothing can be said: no strategy has an undisturbed trial beside one of {baseline}."),
    }
}

/// Strategies that do not count, whatever they came to.
fn discounted(scores: &Scores) -> String {
    let told = scores.standings.iter().filter_map(|it| {
        let caveat = it.caveat.as_ref()?;
        let shown = match (it.faster, it.slower) {
            (0, 0) => "no difference shown".to_owned(),
            (faster, 0) => format!("faster at {faster}"),
            (0, slower) => format!("slower at {slower}"),
            (faster, slower) => format!("faster at {faster}, slower at {slower}"),
        };
        Some(format!("{}, {caveat}, does not count ({shown})", it.strategy))
    });
    told.map(|text| format!("; {text}")).collect()
}

fn not_here(scores: &Scores, places: usize) -> String {
    let least = scores.sound_ratios().map(|ratio| ratio.ci_low).reduce(f64::min);
    let bound = match least {
        None => String::new(),
        Some(low) if low <= 0.0 => ", though the blocks are too few to exclude any advantage".to_owned(),
        Some(low) if low >= 1.0 => ", and any advantage is excluded".to_owned(),
        Some(low) => format!(", and an advantage of more than {} is excluded", percent(1.0 - low)),
    };
    let unsound = scores.standings.iter().filter(|it| !it.is_sound() && it.faster > 0);
    let unsound: Vec<String> = unsound
        .map(|it| {
            let caveat = it.caveat.as_deref().unwrap_or_default();
            format!("{} ({} of the time) is, but {caveat}", it.strategy, spread(scores, it, Verdict::Faster))
        })
        .collect();
    let unsound = if unsound.is_empty() {
        String::new()
    } else {
        format!("; {}", list(&unsound))
    };
    let where_ = if places == 1 {
        "the one point".to_owned()
    } else {
        format!("any of the {places} points")
    };
    let sound = scores.standings.iter().filter(|it| it.is_sound()).count();
    let who = if sound == scores.standings.len() {
        "no strategy"
    } else {
        "no strategy that can be relied on"
    };
    format!(
        "A change is not justified here: {who} is faster than {} at {where_} measured{bound}{unsound}.",
        scores.baseline
    )
}

/// The ratios of a strategy that got this verdict, with interval and place: each of up to two, else the extremes.
fn spread(scores: &Scores, standing: &Standing, verdict: Verdict) -> String {
    let mut ratios: Vec<(&Ratio, &Place)> = standing
        .ratios
        .iter()
        .zip(&scores.places)
        .filter_map(|(ratio, place)| Some((ratio.as_ref()?, place)))
        .filter(|(ratio, place)| ratio.verdict == verdict && !place.biased)
        .collect();
    ratios.sort_by(|a, b| a.0.ratio.total_cmp(&b.0.ratio));
    let show =
        |(it, place): &(&Ratio, &Place)| format!("{} ({}, on {})", ratio(it.ratio), interval(it), at(&place.point));
    match &ratios[..] {
        [] => String::new(),
        [one] => show(one),
        [one, other] => format!("{} and {}", show(one), show(other)),
        [first, .., last] => format!("from {} to {}", show(first), show(last)),
    }
}

fn certainty(scores: &Scores, readings: &[Reading<'_>]) -> String {
    let intervals: usize = readings.iter().map(|reading| reading.ratios.len()).sum();
    let together = match readings.len() {
        1 => format!("All {intervals} intervals hold together with 95 %"),
        runs => format!("In each of {runs} runs all intervals hold together with 95 % ({intervals} in all)"),
    };
    let mut controls: Vec<(f64, &Place)> = scores
        .places
        .iter()
        .filter_map(|place| Some((resolution(readings[place.part].ratio(&place.point, AA_CONTROL)?), place)))
        .collect();
    controls.sort_by(|a, b| a.0.total_cmp(&b.0));
    let baseline = &scores.baseline;
    let reach = |reach: f64| {
        if reach.is_finite() {
            percent(reach)
        } else {
            "an unknown amount".to_owned()
        }
    };
    let seen = match &controls[..] {
        [] => "no A/A control was run, so what the run can resolve is not known".to_owned(),
        [(only, _)] => format!(
            "{baseline} measured against itself reaches {}, below which nothing is called a difference",
            reach(*only)
        ),
        [(least, finest), .., (most, coarsest)] => format!(
            "{baseline} measured against itself reaches {} (on {}) to {} (on {}), below which nothing is called a difference there",
            reach(*least),
            at(&finest.point),
            reach(*most),
            at(&coarsest.point)
        ),
    };
    let compared: Vec<&Ratio> = scores.standings.iter().flat_map(|it| it.ratios.iter().flatten()).collect();
    let unclear = compared.iter().filter(|ratio| ratio.verdict == Verdict::Unclear).count();
    let open = match unclear {
        0 => format!("and none of the {} stays unclear", counted(compared.len(), "comparison")),
        unclear => format!("and {unclear} of {} stay unclear", counted(compared.len(), "comparison")),
    };
    format!("{together}; {seen}; {open}.")
}

/// How far the A/A control's interval reaches from 1, as a fraction.
fn resolution(control: &Ratio) -> f64 {
    crate::stats::reach(crate::stats::Interval {
        estimate: control.ratio,
        low: control.ci_low,
        high: control.ci_high,
    })
}

/// What the best strategy buys where it is faster, and what it asks in return.
fn price(scores: &Scores, readings: &[Reading<'_>], declarations: &[Declaration]) -> String {
    let Some(best) = scores.best() else {
        return String::new();
    };
    let mut saved = Vec::new();
    let mut of_a_core = Vec::new();
    for (ratio, place) in best.ratios.iter().zip(&scores.places) {
        let reading = &readings[place.part];
        let Some(ratio) = ratio.as_ref().filter(|ratio| ratio.verdict == Verdict::Faster && !place.biased) else {
            continue;
        };
        let Some(summary) = reading.summary(&place.point, &scores.baseline) else {
            continue;
        };
        let (Some(ns), Some(rate)) = (summary.ns_per_op, summary.ops_per_s) else {
            continue;
        };
        let saving = ns * (1.0 - ratio.ratio);
        saved.push(saving);
        if reading.is_paced(&place.point) {
            of_a_core.push(saving * rate / 1e9);
        }
    }
    let mut buys = format!("It saves {} ns an operation", range(&saved, figure));
    buys += &match of_a_core.is_empty() {
        false => format!(", at the paced loads' own rate {} of a core", range(&of_a_core, percent)),
        true => " (what that comes to at a program's own pace was not measured here)".to_owned(),
    };
    format!("{buys}, {}; {}.", locks(scores, readings, &best.strategy), terms(&best.strategy, declarations))
}

/// Lock acquisitions of a strategy beside the baseline's, over all places.
fn locks(scores: &Scores, readings: &[Reading<'_>], strategy: &str) -> String {
    let per_op = |name: &str| -> Vec<f64> {
        let summaries = scores.places.iter().filter_map(|place| readings[place.part].summary(&place.point, name));
        summaries.filter_map(|summary| summary.acquisitions_per_op).collect()
    };
    format!(
        "and takes the lock {} times an operation where {} takes it {} times",
        range(&per_op(strategy), figure),
        scores.baseline,
        range(&per_op(&scores.baseline), figure)
    )
}

/// What a strategy asks for, in its own words.
fn terms(strategy: &str, declarations: &[Declaration]) -> String {
    match declarations.iter().find(|it| it.name == strategy) {
        None => format!("what {strategy} declares is not known to this program"),
        Some(it) => format!(
            "its answers are {}, a poll is {}, and a writer pays: {}",
            it.freshness, it.progress, it.writer_pays
        ),
    }
}

/// What the baseline costs as it is.
fn staying(scores: &Scores, readings: &[Reading<'_>]) -> String {
    let baseline = scores.baseline.as_str();
    let summaries: Vec<&Summary> = scores
        .places
        .iter()
        .filter_map(|place| readings[place.part].summary(&place.point, baseline))
        .collect();
    let figures =
        |pick: fn(&Summary) -> Option<f64>| -> Vec<f64> { summaries.iter().filter_map(|it| pick(it)).collect() };
    format!(
        "{} takes {} ns and {} lock acquisitions an operation; {} of them found the lock taken.",
        capital(baseline),
        range(&figures(|it| it.net_ns_per_op.or(it.ns_per_op)), figure),
        range(&figures(|it| it.acquisitions_per_op), figure),
        range(&figures(|it| it.contended_share), percent),
    )
}

/// The least and the greatest, or one where they read the same.
fn range(values: &[f64], text: fn(f64) -> String) -> String {
    let least = values.iter().copied().reduce(f64::min).map(text);
    let most = values.iter().copied().reduce(f64::max).map(text);
    match (least, most) {
        (Some(least), Some(most)) if least == most => least,
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => "an unknown number of".to_owned(),
    }
}
