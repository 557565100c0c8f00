//! What tests of commands ask of their documents.

use super::{Document, Markdown, Terminal, Writer};

/// The document at 80 columns, its lines joined, and as Markdown without its marks.
fn forms(document: &Document) -> [String; 2] {
    let text = Terminal { width: 80, colour: false }.write(document);
    let markdown = Markdown.write(document).replace("&lt;", "<").replace("&amp;", "&");
    let unescaped: String = markdown.chars().filter(|c| !matches!(c, '\\' | '*')).collect();
    [text, unescaped].map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// That each of these stands in both forms, but for line ends.
pub(crate) fn says(document: &Document, statements: &[&str]) {
    for form in forms(document) {
        for statement in statements {
            assert!(form.contains(statement), "`{statement}` is not in {form}");
        }
    }
}

/// That the text at 80 columns and the Markdown hold the same words, that no line is wider, and that there is data.
pub(crate) fn says_all(document: &Document) {
    let words = |form: &str| {
        let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let mut words: Vec<String> = form.split([' ', '|', '`']).map(bare).filter(|word| !word.is_empty()).collect();
        words.sort();
        words.dedup();
        words
    };
    let [text, markdown] = forms(document).map(|form| words(&form));
    let missing: Vec<&String> = markdown.iter().filter(|word| !text.contains(word)).collect();
    // The words for a fold are Markdown's alone.
    let missing: Vec<&&String> =
        missing.iter().filter(|word| !["details", "summary"].iter().any(|it| word.contains(it))).collect();
    assert!(missing.is_empty(), "not in the text: {missing:?}");
    let missing: Vec<&String> = text.iter().filter(|word| !markdown.iter().any(|it| it.contains(*word))).collect();
    assert!(missing.is_empty(), "not in the Markdown: {missing:?}");
    for line in (Terminal { width: 80, colour: false }).write(document).lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
    assert!(document.data.is_object());
}
