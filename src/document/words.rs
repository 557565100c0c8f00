//! Figures and names as they stand in sentences.

use crate::record::{Point, Ratio};
pub use crate::text::count;

/// Three significant digits, thousands apart: `0.0833`, `8.28`, `1,352`.
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => grouped(value.round() as i64),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.9995 => format!("{value:.2}"),
        size if size >= 0.09995 => format!("{value:.3}"),
        size if size > 0.0 => significant(value, 3),
        _ => "0".to_owned(),
    }
}

/// A whole number with its thousands apart.
pub fn grouped(value: i64) -> String {
    format!("{}{}", if value < 0 { "-" } else { "" }, count(value.unsigned_abs()))
}

/// A share in per cent, two significant digits: `14 %`, `2.1 %`, `0.045 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value.abs() {
        size if size >= 9.95 => format!("{value:.0} %"),
        size if size >= 0.995 => format!("{value:.1} %"),
        size if size > 0.0 => format!("{} %", significant(value, 2)),
        _ => "0 %".to_owned(),
    }
}

/// A part of a whole in per cent, with as many digits as tell it from none and from all: `91.4 %`, `0.05 %`, `99.98 %`.
pub fn share(share: f64) -> String {
    let value = share * 100.0;
    match value.abs() {
        0.0 => "0 %".to_owned(),
        100.0 => "100 %".to_owned(),
        size if size < 1.0 || (99.95..100.0).contains(&size) => format!("{value:.2} %"),
        _ => format!("{value:.1} %"),
    }
}

/// A value below 1 with so many significant digits.
fn significant(value: f64, digits: i32) -> String {
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(digits - 1 - magnitude).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// A ratio.
pub fn ratio(value: f64) -> String {
    format!("{value:.3}")
}

/// The interval of a ratio, `0.756 to 0.839`.
pub fn interval(ratio: &Ratio) -> String {
    between(ratio.ci_low, ratio.ci_high)
}

/// An interval of ratios by its ends.
pub fn between(low: f64, high: f64) -> String {
    match high.is_finite() {
        true => format!("{low:.3} to {high:.3}"),
        false => "unbounded".to_owned(),
    }
}

/// `1 thread`, `2 threads`.
pub fn threads(number: usize) -> String {
    counted(number, "thread")
}

/// A number of things, which are named in the singular: `1 strategy`, `1,200 blocks`.
pub fn counted(number: usize, thing: &str) -> String {
    let things = match (number, thing.strip_suffix('y')) {
        (1, _) => thing.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ => format!("{thing}s"),
    };
    format!("{} {things}", count(number as u64))
}

/// A point inside a sentence.
pub fn at(point: &Point) -> String {
    format!("{} with {}", point.workload, threads(point.threads))
}

/// A point in a heading.
pub fn heading(point: &Point) -> String {
    format!("{}, {}", point.workload, threads(point.threads))
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [others @ .., last] => {
            let others: Vec<&str> = others.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", others.join(", "), last.as_ref())
        }
    }
}

/// A length of time, ns, in the unit that suits it: `20 ms`, `1 min 1 s`.
pub fn duration(ns: f64) -> String {
    let seconds = ns / 1e9;
    match ns.abs() {
        size if size < 1e3 => format!("{} ns", trimmed(ns)),
        size if size < 1e6 => format!("{} µs", trimmed(ns / 1e3)),
        size if size < 1e9 => format!("{} ms", trimmed(ns / 1e6)),
        _ if seconds.abs() < 60.0 => format!("{} s", trimmed(seconds)),
        _ => {
            let whole = seconds.round() as i64;
            match (whole / 60, whole % 60) {
                (minutes, 0) => format!("{minutes} min"),
                (minutes, rest) => format!("{minutes} min {rest} s"),
            }
        }
    }
}

/// Three significant digits without the zeros behind the point.
pub fn trimmed(value: f64) -> String {
    let text = figure(value);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// The text with its first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A word as a shell reads it back.
pub fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.00123456, "0.00123"),
            (0.0833, "0.0833"),
            (0.9996, "1.00"),
            (8.284, "8.28"),
            (12.34, "12.3"),
            (99.96, "100"),
            (1351.6, "1,352"),
            (-2.5, "-2.50"),
            (961_892.0, "961,892"),
        ] {
            assert_eq!(figure(value), text);
        }
        assert_eq!(
            (percent(0.1356), percent(0.0206), percent(0.000_451)),
            ("14 %".into(), "2.1 %".into(), "0.045 %".into())
        );
    }

    #[test]
    fn a_part_is_told_from_none_and_from_all() {
        for (part, text) in [
            (0.0, "0 %"),
            (0.0005, "0.05 %"),
            (0.9136, "91.4 %"),
            (0.9998, "99.98 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(share(part), text);
        }
    }

    #[test]
    fn times_come_in_their_unit() {
        for (ns, text) in [
            (9.8, "9.8 ns"),
            (-12_000.0, "-12 µs"),
            (80_400.0, "80.4 µs"),
            (2e7, "20 ms"),
            (3e10, "30 s"),
            (6.06e10, "1 min 1 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn lists_read_as_sentences_do() {
        assert_eq!(
            (list::<&str>(&[]), list(&["a"]), list(&["a", "b", "c"])),
            (String::new(), "a".into(), "a, b and c".into())
        );
    }

    #[test]
    fn shell_words_are_quoted_where_they_must_be() {
        assert_eq!(["-w", "a b", "it's", ""].map(shell), ["-w", "'a b'", r"'it'\''s'", "''"]);
    }
}
