//! What tests of commands ask of their documents: that every form holds what the document does, and nothing else.

use super::{Axis, Block, Document, Html, Json, Kind, Markdown, OPTIONAL, Table, Terminal, Verdict, Writer, words};

/// What `docs/ANSWERS.md` says of each command's forms.
const ANSWERS: &str = include_str!("../../docs/ANSWERS.md");

/// How wide the text is that is looked at.
const WIDTH: usize = 80;

/// A form to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Text,
    Markdown,
    Page,
}

impl Form {
    /// The document in this form, without what is markup.
    fn of(self, document: &Document) -> String {
        let entities = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&amp;", "&"),
        ];
        let plain = |text: String| entities.iter().fold(text, |text, (entity, sign)| text.replace(entity, sign));
        match self {
            Form::Text => Terminal { width: WIDTH, colour: false }.write(document),
            Form::Markdown => {
                let marks = ["<details>", "</details>", "<summary>", "</summary>"];
                let text = marks.iter().fold(Markdown.write(document), |text, mark| text.replace(mark, " "));
                plain(text).chars().filter(|c| !matches!(c, '\\' | '*')).collect()
            }
            Form::Page => {
                let page = Html.write(document);
                let body = page.split_once("<body>").expect("a body").1;
                plain(without(&without(body, "<svg", "</svg>"), "<", ">"))
            }
        }
    }

    /// Words that are the writer's own.
    fn own(self) -> &'static [&'static str] {
        match self {
            Form::Text => &["note", "No room for"],
            Form::Markdown => &["Note"],
            Form::Page => &[],
        }
    }
}

/// The text without all that stands from one mark to the next other.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + " " + part.split_once(to).map_or("", |(_, rest)| rest))
}

/// All that must be read in a form.
struct Told {
    form: Form,
    texts: Vec<String>,
    /// Words that may be there besides: the ends of axes.
    allowed: Vec<String>,
}

impl Told {
    fn of(form: Form, document: &Document) -> Self {
        let mut told = Told {
            form,
            texts: vec![document.title.clone()],
            allowed: vec![document.kind.clone()],
        };
        told.texts.extend(document.facts.iter().chain(&document.notices).cloned());
        document.verdict.iter().for_each(|it| told.verdict(it));
        told.blocks(&document.blocks);
        told
    }

    fn verdict(&mut self, it: &Verdict) {
        self.texts.extend([&it.question, &it.answer].into_iter().chain(&it.sentences).cloned());
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Text(it) | Block::Notice(it) | Block::Code(it) => self.texts.push(it.clone()),
                Block::List(items) => self.texts.extend(items.iter().cloned()),
                Block::Facts(facts) => {
                    self.texts.extend(facts.iter().flat_map(|(name, fact)| [name.clone(), fact.clone()]));
                }
                Block::Table(it) => self.table(it),
                Block::Figure(it) => {
                    self.texts.push(it.caption.clone());
                    self.allowed.extend([it.alt.clone(), it.file.clone()]);
                }
                Block::Verdict(it) => self.verdict(it),
                Block::Section(it) => {
                    self.texts.push(it.title.clone());
                    self.blocks(&it.blocks);
                }
            }
        }
    }

    fn table(&mut self, table: &Table) {
        self.texts.push(table.caption.clone());
        self.texts.extend(table.all_notes(self.form == Form::Page));
        for (at, column) in table.columns.iter().enumerate() {
            let may_go = self.form == Form::Text && column.rank == OPTIONAL;
            if let Kind::Intervals(axis) | Kind::Ratios(axis) = column.kind {
                self.axis(&axis);
            }
            // In text a scale stands in the place of this title.
            let scaled = self.form == Form::Text && matches!(column.kind, Kind::Intervals(_));
            if scaled { &mut self.allowed } else { &mut self.texts }.push(column.title.clone());
            for cell in table.rows.iter().map(|row| &row[at]) {
                if may_go { &mut self.allowed } else { &mut self.texts }.push(cell.text.clone());
                let bounds = cell.interval.map(|it| words::between(it.low, it.high));
                match (column.kind, self.form) {
                    (Kind::Ratios(_), Form::Markdown | Form::Page) => self.texts.extend(bounds),
                    (Kind::Ratios(_), Form::Text) => self.allowed.extend(bounds),
                    _ => {}
                }
            }
        }
    }

    fn axis(&mut self, axis: &Axis) {
        self.allowed.extend(axis.ends());
        self.allowed.push("1".to_owned());
    }
}

fn words_of(text: &str) -> Vec<String> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let mut words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || "|`".contains(c))
        .map(bare)
        .filter(|word| !word.is_empty())
        .collect();
    words.sort();
    words.dedup();
    words
}

/// That each of these stands in the text and in Markdown, but for line ends.
pub(crate) fn says(document: &Document, statements: &[&str]) {
    for form in [Form::Text, Form::Markdown].map(|form| form.of(document)) {
        let form = form.split_whitespace().collect::<Vec<_>>().join(" ");
        for statement in statements {
            assert!(form.contains(statement), "`{statement}` is not in {form}");
        }
    }
}

/// That the text at 80 columns, the Markdown and the page have every word of the document and no other, that no line of the text is
/// wider, and that the JSON is the document's data, of which `docs/ANSWERS.md` names every field for this command.
pub(crate) fn says_all(command: &str, document: &Document) {
    for form in [Form::Text, Form::Markdown, Form::Page] {
        let Told { texts, allowed, .. } = Told::of(form, document);
        let found = words_of(&form.of(document));
        let wanted = words_of(&texts.join("\n"));
        let known = words_of(
            &allowed.iter().map(String::as_str).chain(form.own().iter().copied()).collect::<Vec<_>>().join("\n"),
        );
        let missing: Vec<&String> = wanted.iter().filter(|word| found.binary_search(word).is_err()).collect();
        assert!(missing.is_empty(), "not in {form:?}: {missing:?}");
        let stray: Vec<&String> = found
            .iter()
            .filter(|word| [&wanted, &known].iter().all(|it| it.binary_search(word).is_err()))
            .collect();
        assert!(stray.is_empty(), "in {form:?} and not in the document: {stray:?}");
    }
    for line in Form::Text.of(document).lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= WIDTH, "{line}");
    }
    let read: serde_json::Value = serde_json::from_str(&Json.write(document)).expect("JSON");
    assert_eq!(read, document.data);
    let fields: Vec<&String> = read.as_object().expect("an object").keys().collect();
    let row = ANSWERS.lines().find_map(|line| line.strip_prefix(&format!("| `{command}` |")));
    let cell = row.and_then(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
    let cell = cell.unwrap_or_else(|| panic!("docs/ANSWERS.md has no row for {command}"));
    let mut named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    named.sort_unstable();
    assert_eq!(named, fields, "the fields that docs/ANSWERS.md names for {command}, and those that there are");
}
