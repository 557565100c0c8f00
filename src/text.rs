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

#[cfg(test)]
mod tests {
    use super::{count, printable, shown};

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
}
