//! Figures and names as they stand in sentences.

use crate::record::{Point, Ratio};
use crate::text::significant;
pub use crate::text::{count, counted, duration, figure, grouped, trimmed};

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

/// A ratio.
pub fn ratio(value: f64) -> String {
    format!("{value:.3}")
}

/// A ratio in a narrow column: two decimals, three where two would say 1.
pub fn short_ratio(value: f64) -> String {
    match format!("{value:.2}") {
        text if text == "1.00" => ratio(value),
        text => text,
    }
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
    fn shares_keep_two_digits_and_short_ratios_no_1_that_is_none() {
        assert_eq!(
            (percent(0.1356), percent(0.0206), percent(0.000_451)),
            ("14 %".into(), "2.1 %".into(), "0.045 %".into())
        );
        assert_eq!([0.218, 0.996, 1.0, 12.345].map(short_ratio), ["0.22", "0.996", "1.000", "12.35"]);
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
