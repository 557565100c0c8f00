//! Lines that are broken between words.

use unicode_width::UnicodeWidthStr;

/// The columns that a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The widest word's columns.
pub fn widest_word(text: &str) -> usize {
    text.split(' ').map(width).max().unwrap_or(0)
}

/// The text in lines of at most so many columns. A word that is wider than a line is broken; no other is.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| width(line) + 1 + width(word) <= columns) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.extend(broken(word, columns)),
        }
    }
    lines
}

/// A word in pieces that each fit: one, as a rule.
fn broken(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in word.chars() {
        let last = pieces.len() - 1;
        let mut longer = pieces[last].clone();
        longer.push(c);
        if width(&longer) <= columns || pieces[last].is_empty() {
            pieces[last] = longer;
        } else {
            pieces.push(c.to_string());
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{width, wrapped};

    #[test]
    fn lines_end_between_words_unless_a_word_is_wider() {
        assert_eq!(wrapped("a bc  def", 4), ["a bc", "def"]);
        assert_eq!(wrapped("abcdef g", 4), ["abcd", "ef g"]);
        assert_eq!(wrapped("", 4), [""; 0]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("列表"), 4);
        assert_eq!(wrapped("列表 列表列", 5), ["列表", "列表", "列"]);
    }
}
