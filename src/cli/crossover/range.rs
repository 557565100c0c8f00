//! From what was typed to the range that is looked at.

use super::super::failure::{Failure, usage};
use super::super::units;
use super::args::CrossoverArgs;
use crate::workload::{Per, Range, Vary};

/// `mods`, `threads` and so on.
pub fn vary(text: &str) -> Result<Vary, String> {
    let words = Vary::ALL.map(Vary::word);
    Vary::ALL
        .into_iter()
        .find(|vary| vary.word() == text)
        .ok_or_else(|| format!("expected one of {}, or two separated by a comma", words.join(", ")))
}

/// The ranges that were asked for, defaults where they were not.
pub fn ranges(args: &CrossoverArgs, cpus: usize) -> Result<Vec<Range>, Failure> {
    match args.vary[..] {
        [_] => {}
        [one, other] if one != other => {}
        [one, _] => return usage(format!("--vary: {one} is named twice; a map varies two different things")),
        _ => return usage("--vary: expected one thing to vary, or two for a map"),
    }
    for (flag, given) in [("--from", &args.from), ("--to", &args.to)] {
        if !given.is_empty() && given.len() != args.vary.len() {
            let expected = if args.vary.len() == 1 {
                "one value"
            } else {
                "two values, like 1%,100"
            };
            return usage(format!("{flag} {}: expected {expected}, as --vary names", given.join(",")));
        }
    }
    let range = |(place, vary): (usize, &Vary)| {
        let given = |flag: &str, values: &[String], default: f64| match values.get(place) {
            Some(text) => value(*vary, text).map_err(|problem| Failure::Usage(format!("{flag} {text}: {problem}"))),
            None => Ok(default),
        };
        let told = args.told.iter().flat_map(|told| &told.ranges).find(|range| range.vary == *vary);
        let (from, to) = told.map_or_else(|| vary.range(cpus), |range| (range.from, range.to));
        let range = Range {
            vary: *vary,
            from: given("--from", &args.from, from)?,
            to: given("--to", &args.to, to)?,
        };
        possible(range).map_err(Failure::Usage)
    };
    args.vary.iter().enumerate().map(range).collect()
}

/// The range, if it can be looked at.
pub fn possible(range: Range) -> Result<Range, String> {
    let Range { vary, from, to } = range;
    let (unit, (low, high)) = (vary.unit(), vary.limits());
    if !(low..=high).contains(&from) || !(low..=high).contains(&to) {
        return Err(format!("{vary} from {from}{unit} to {to}{unit}: expected {low} to {high}{unit}"));
    }
    match from < to {
        true => Ok(range),
        false => Err(format!("--from {from}{unit} --to {to}{unit}: {vary} goes from a lower value to a higher one")),
    }
}

/// A value of what is varied, as its own flag takes it.
fn value(vary: Vary, text: &str) -> Result<f64, String> {
    let (low, high) = vary.limits();
    let value = match vary {
        Vary::Mods => match text {
            "1" | "100%" => 1.0,
            share => units::share(share)?.0,
        },
        Vary::Threads | Vary::Timers => units::whole(low as u64, high as u64)(text)? as f64,
        Vary::Rate => match units::rate(text)? {
            units::Rate { per: Per::All, per_s } => per_s,
            units::Rate { per: Per::Thread, .. } => return Err("expected a rate of all threads together".to_owned()),
        },
        Vary::Think | Vary::Hold => units::duration_ns(text)? as f64,
    };
    match (low..=high).contains(&value) {
        true => Ok(value),
        false => Err(format!("expected {low} to {high}{}", vary.unit())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_as_their_own_flags_take_them() {
        for (vary, text, expected) in [
            (Vary::Mods, "5%", 0.05),
            (Vary::Mods, "100%", 1.0),
            (Vary::Threads, "4", 4.0),
            (Vary::Timers, "1000", 1e3),
            (Vary::Rate, "1.5M", 1.5e6),
            (Vary::Think, "2us", 2e3),
            (Vary::Hold, "200ns", 200.0),
        ] {
            assert_eq!(value(vary, text), Ok(expected), "{vary} {text}");
        }
        for (vary, text) in [
            (Vary::Mods, "0"),
            (Vary::Mods, "2"),
            (Vary::Threads, "0"),
            (Vary::Timers, "1.5"),
            (Vary::Rate, "5k/thread"),
            (Vary::Think, "0ns"),
            (Vary::Hold, "5"),
        ] {
            assert!(value(vary, text).is_err(), "{vary} {text}");
        }
    }
}
