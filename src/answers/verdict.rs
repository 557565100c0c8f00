//! The verdict on a run. It makes decided statements only: nothing whose interval holds 1.

use crate::document::words::{at, counted, duration, figure, interval, percent, ratio};
use crate::document::{Tone, Verdict};
use crate::reading::{Answer, Missing, Place, Reading, Scores, Standing};
use crate::record::{Declaration, Ratio, Verdict as Word};
use crate::stats::{HARM, MIN_BLOCKS, Summary};

/// What a run comes to.
pub(super) fn of_run(reading: &Reading<'_>, scores: &Scores, declarations: &[Declaration]) -> Verdict {
    let best = scores.best().map_or("", |best| best.strategy.as_str());
    let (answer, tone) = match scores.answer() {
        Answer::Everywhere => (format!("Justified here: {best}"), Tone::Good),
        Answer::Somewhere => (format!("Justified at some points: {best}"), Tone::Good),
        Answer::Trade => ("A trade: faster here, slower there".to_owned(), Tone::Open),
        Answer::NotHere => ("Not justified here".to_owned(), Tone::Even),
        Answer::Undecided => ("Not decided".to_owned(), Tone::Open),
        Answer::Nothing => ("Nothing can be said".to_owned(), Tone::Open),
    };
    let mut sentences = vec![sentence(scores)];
    sentences.extend(discounted(scores));
    sentences.extend(match scores.answer() {
        Answer::Nothing => None,
        Answer::NotHere | Answer::Undecided => Some(staying(reading, scores)),
        _ => Some(price(reading, scores, declarations)),
    });
    if scores.answer() == Answer::Undecided {
        sentences.extend(takes(reading, scores));
    }
    Verdict { question: question(scores), answer, tone, sentences }
}

fn question(scores: &Scores) -> String {
    format!("Should something other than {} guard the head of the timer list?", scores.baseline)
}

fn sentence(scores: &Scores) -> String {
    let baseline = &scores.baseline;
    let places = scores.unbiased();
    match (scores.answer(), scores.best()) {
        (Answer::Everywhere, Some(best)) => {
            let strategy = &best.strategy;
            format!(
                "{strategy} is faster than {baseline} at {}: {}.",
                every(places),
                spread(scores, best, Word::Faster)
            )
        }
        (Answer::Somewhere, Some(best)) => format!(
            "{} is faster than {baseline} at {} of {places} points, and nowhere slower by {}: {}.",
            best.strategy,
            best.faster,
            percent(HARM - 1.0),
            spread(scores, best, Word::Faster)
        ),
        (Answer::Trade, Some(best)) => format!(
            "{} is faster than {baseline} at {} of {places} points: {}; slower at {}: {}.",
            best.strategy,
            best.faster,
            spread(scores, best, Word::Faster),
            best.slower,
            spread(scores, best, Word::Slower)
        ),
        (Answer::NotHere, _) => {
            format!("No sound strategy is faster than {baseline} at {}{}.", any(places), bound(scores))
        }
        (Answer::Undecided, Some(best)) if best.faster > 0 => format!(
            "{} is faster than {baseline} at {} of {places} points: {}; that it is nowhere slower by {} is not shown.",
            best.strategy,
            best.faster,
            spread(scores, best, Word::Faster),
            percent(HARM - 1.0)
        ),
        (Answer::Undecided, _) => {
            format!("No sound strategy was shown to be faster than {baseline} at {}{}.", any(places), bound(scores))
        }
        _ => format!("No strategy has an undisturbed trial beside one of {baseline}."),
    }
}

fn every(places: usize) -> String {
    match places {
        1 => "the one point measured".to_owned(),
        places => format!("each of {places} points"),
    }
}

fn any(places: usize) -> String {
    match places {
        1 => "the one point measured".to_owned(),
        places => format!("any of {places} points"),
    }
}

/// The advantage that is excluded at every point, where any is.
fn bound(scores: &Scores) -> String {
    match scores.sound_ratios().map(|ratio| ratio.ci_low).reduce(f64::min) {
        Some(low) if low >= 1.0 => "; any advantage is excluded".to_owned(),
        Some(low) if low > 0.0 => format!("; an advantage of more than {} is excluded", percent(1.0 - low)),
        _ => String::new(),
    }
}

/// Strategies that are decided somewhere and still do not count.
fn discounted(scores: &Scores) -> Option<String> {
    let told = scores.standings.iter().filter_map(|it| {
        let caveat = it.caveat.as_ref()?;
        let shown = match (it.faster, it.slower) {
            (0, 0) => return None,
            (_, 0) => format!("faster at {}", spread(scores, it, Word::Faster)),
            (0, _) => format!("slower at {}", spread(scores, it, Word::Slower)),
            (faster, slower) => format!("faster at {}, slower at {slower}", counted(faster, "point")),
        };
        Some(format!("{}, {caveat} ({shown})", it.strategy))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("Not counted: {}.", told.join("; ")))
}

/// What it takes to decide, if the ratios stay where they are.
fn takes(reading: &Reading<'_>, scores: &Scores) -> Option<String> {
    let (best, blocks) = (scores.best()?, reading.blocks());
    let all = (best.takes? * blocks as f64).ceil() as usize;
    let ns = reading.run.ended?.duration_since(reading.run.started).as_nanos() as f64;
    Some(format!(
        "To decide on {} takes about {} in all, {}, if the ratios stay as they are.",
        best.strategy,
        counted(all, "block"),
        duration(ns * all as f64 / blocks as f64)
    ))
}

/// The ratios of a strategy that got this verdict, with interval and place: each of up to two, else the extremes.
fn spread(scores: &Scores, standing: &Standing, verdict: Word) -> String {
    let mut ratios: Vec<(&Ratio, &Place)> = standing
        .ratios
        .iter()
        .zip(&scores.places)
        .filter_map(|(ratio, place)| Some((ratio.as_ref()?, place)))
        .filter(|(ratio, place)| ratio.verdict == verdict && !place.biased)
        .collect();
    ratios.sort_by(|a, b| a.0.ratio.total_cmp(&b.0.ratio));
    let show = |(it, place): &(&Ratio, &Place)| {
        format!("{} of its time ({}) on {}", ratio(it.ratio), interval(it), at(&place.point))
    };
    match &ratios[..] {
        [] => String::new(),
        [one] => show(one),
        [one, other] => format!("{} and {}", show(one), show(other)),
        [first, .., last] => format!("from {} to {}", show(first), show(last)),
    }
}

/// What the best strategy buys where it is faster, and what it asks in return.
fn price(reading: &Reading<'_>, scores: &Scores, declarations: &[Declaration]) -> String {
    let Some(best) = scores.best() else {
        return String::new();
    };
    let (mut saved, mut of_a_core) = (Vec::new(), Vec::new());
    for (ratio, place) in best.ratios.iter().zip(&scores.places) {
        let decided = ratio.as_ref().filter(|it| it.verdict == Word::Faster && !place.biased);
        let summary = reading.summary(&place.point, &scores.baseline);
        let figures = summary.and_then(|it| Some((it.ns_per_op?, it.ops_per_s?)));
        if let Some((ratio, (ns, rate))) = decided.zip(figures) {
            let saving = ns * (1.0 - ratio.ratio);
            saved.push(saving);
            if reading.is_paced(&place.point) {
                of_a_core.push(saving * rate / 1e9);
            }
        }
    }
    let pace = match of_a_core.is_empty() {
        false => format!(", {} of a core at the paced loads' own rate", range(&of_a_core, percent)),
        true => String::new(),
    };
    let per_op = |name: &str| {
        let summaries = scores.places.iter().filter_map(|place| reading.summary(&place.point, name));
        let locks: Vec<f64> = summaries.filter_map(|it| it.acquisitions_per_op).collect();
        range(&locks, figure)
    };
    let terms = match declarations.iter().find(|it| it.name == best.strategy) {
        None => format!("What {} declares is not known to this program", best.strategy),
        Some(it) => {
            format!(
                "Its answers are {}, a poll is {}, and a writer pays: {}",
                it.freshness, it.progress, it.writer_pays
            )
        }
    };
    format!(
        "It saves {} ns an operation{pace}, and takes the lock {} times an operation where {} takes it {} times. {terms}.",
        range(&saved, figure),
        per_op(&best.strategy),
        scores.baseline,
        per_op(&scores.baseline)
    )
}

/// What the baseline costs as it is.
fn staying(reading: &Reading<'_>, scores: &Scores) -> String {
    let baseline = scores.baseline.as_str();
    let summaries: Vec<&Summary> =
        scores.places.iter().filter_map(|place| reading.summary(&place.point, baseline)).collect();
    let figures = |pick: fn(&Summary) -> Option<f64>| summaries.iter().filter_map(|it| pick(it)).collect::<Vec<f64>>();
    // A median over one or two blocks is whatever happened to them.
    let timed: Vec<&Summary> = summaries.iter().copied().filter(|it| it.ns_per_op.is_some()).collect();
    let (told, few): (Vec<&Summary>, Vec<&Summary>) = timed.into_iter().partition(|it| it.blocks >= MIN_BLOCKS);
    let times: Vec<f64> = told.iter().filter_map(|it| it.net_ns_per_op.or(it.ns_per_op)).collect();
    let time = match (told.is_empty(), few.is_empty()) {
        (true, false) => String::new(),
        _ => format!("{} ns and ", range(&times, figure)),
    };
    let unsaid = match &few[..] {
        [] => String::new(),
        [one] => format!(" Its time on {} is not said: {}.", at(&one.point), Missing::TooFewBlocks(one.blocks)),
        several => format!(" Its time at {} points is not said: fewer than {MIN_BLOCKS} blocks.", several.len()),
    };
    format!(
        "{baseline} takes {time}{} lock acquisitions an operation; {} of them found the lock taken.{unsaid}",
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
