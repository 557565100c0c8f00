//! Text for people: a stranger's, fit to stand in one line of a terminal, and numbers.

/// A stranger's name, fit to be shown wherever names are: in a terminal, a table's cell, a file's name. What acts on what stands around
/// it becomes U+FFFD, as bytes do that are no text.
pub fn printable(name: &str) -> String {
    name.chars().map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The text without characters that act on a terminal, which are spelt out, and cut after so many characters.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for character in text.chars().take(most) {
        if acts(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a character has no shape but an effect on what stands around it: control characters, separators of lines, and marks
/// that turn the direction of writing.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A count with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut apart = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
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

/// A value below 1 with so many significant digits.
pub(crate) fn significant(value: f64, digits: i32) -> String {
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(digits - 1 - magnitude).unwrap_or(0);
    format!("{value:.decimals$}")
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

#[cfg(test)]
mod tests {
    use super::{count, duration, figure, printable, shown};

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn names_hold_nothing_that_acts_on_a_terminal_or_a_table() {
        assert_eq!(printable("CPU 0/KVM, \u{f6} <b>"), "CPU 0/KVM, \u{f6} <b>");
        assert_eq!(printable("a\u{1b}[31m\tb\r\n\u{9b}c"), "a\u{fffd}[31m\u{fffd}b\u{fffd}\u{fffd}\u{fffd}c");
        assert_eq!(printable("\u{202e}evil\u{2028}"), "\u{fffd}evil\u{fffd}");
    }

    #[test]
    fn control_characters_are_spelt_out_and_long_texts_cut() {
        assert_eq!(shown("n\u{f6}\te\u{1b}[31m\u{9b}", 40), "n\u{f6}\\te\\u{1b}[31m\\u{9b}");
        assert_eq!(shown("\u{202e}evil\u{2028}", 40), "\\u{202e}evil\\u{2028}");
        assert_eq!(shown("abc", 3), "abc");
        assert_eq!(shown("abcd", 3), "abc…");
    }

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
}
