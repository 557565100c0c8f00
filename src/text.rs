//! Text of a stranger's, fit to stand in one line of a terminal.

/// The text without control characters, which might be commands to the terminal, and cut after so many characters.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for character in text.chars().take(most) {
        if character.is_control() {
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

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn control_characters_are_spelt_out_and_long_texts_cut() {
        assert_eq!(shown("n\u{f6}\te\u{1b}[31m\u{9b}", 40), "n\u{f6}\\te\\u{1b}[31m\\u{9b}");
        assert_eq!(shown("abc", 3), "abc");
        assert_eq!(shown("abcd", 3), "abc…");
    }
}
