//! The document as one HTML page that needs nothing else: no network, no script, its pictures and its style inside.
//!
//! Every text goes through [`escaped`], and every picture through [`svg`].

mod svg;

use std::fmt::{Arguments, Write};

use super::words::between;
use super::{Axis, Block, Cell, Column, Document, Figure, Interval, Kind, Section, Table, Tone, Verdict, Writer};
use crate::text::shown;

/// The page's looks, for screens light and dark, and for paper.
const STYLE: &str = include_str!("style.css");

/// Nothing is fetched and nothing runs, whatever a result file may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A page with fewer parts than this needs no table of contents.
const CONTENTS_FROM: usize = 4;

/// Writes one page.
#[derive(Clone, Copy, Debug)]
pub struct Html;

impl Writer for Html {
    fn write(&self, document: &Document) -> String {
        let mut page = Page::default();
        page.document(document);
        page.text
    }
}

/// A page under way.
#[derive(Default)]
struct Page {
    text: String,
    /// Pictures so far, whose identifiers must not meet.
    pictures: usize,
}

impl Page {
    fn document(&mut self, document: &Document) {
        let title = escaped(&document.title);
        self.put(format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <title>headlock: {title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n"
        ));
        if !document.kind.is_empty() {
            self.element("p", "kind", &document.kind);
        }
        self.put(format_args!("<h1>{title}</h1>\n"));
        self.items("line", &document.facts);
        self.put(format_args!("</header>\n<main>\n"));
        document.notices.iter().for_each(|it| self.notice(it));
        document.verdict.iter().for_each(|it| self.verdict(it, 2));
        self.contents(&document.blocks);
        self.blocks(&document.blocks, "s", 2);
        self.put(format_args!("</main>\n</body>\n</html>\n"));
    }

    /// Links to the parts, where there are enough of them.
    fn contents(&mut self, blocks: &[Block]) {
        let sections = || blocks.iter().filter_map(|it| if let Block::Section(it) = it { Some(it) } else { None });
        if sections().count() < CONTENTS_FROM {
            return;
        }
        self.put(format_args!("<nav aria-label=\"Contents\"><ol>\n"));
        for (number, section) in sections().enumerate() {
            self.put(format_args!("<li><a href=\"#s{}\">{}</a></li>\n", number + 1, escaped(&section.title)));
        }
        self.put(format_args!("</ol></nav>\n"));
    }

    fn blocks(&mut self, blocks: &[Block], id: &str, level: usize) {
        let mut sections = 0;
        for block in blocks {
            match block {
                Block::Text(it) => self.element("p", "", it),
                Block::List(items) => self.items("", items),
                Block::Facts(facts) => self.definitions(facts),
                Block::Table(it) => self.table(it),
                Block::Figure(it) => self.figure(it),
                Block::Code(it) => {
                    let lines: Vec<String> = it.lines().map(escaped).collect();
                    self.put(format_args!("<pre tabindex=\"0\"><code>{}</code></pre>\n", lines.join("\n")));
                }
                Block::Notice(it) => self.notice(it),
                Block::Verdict(it) => self.verdict(it, level),
                Block::Section(it) => {
                    sections += 1;
                    self.section(it, &format!("{id}{sections}"), level);
                }
            }
        }
    }

    fn section(&mut self, section: &Section, id: &str, level: usize) {
        let heading = format!("<h{level}>{}</h{level}>", escaped(&section.title));
        match section.folded {
            true => self.put(format_args!("<details id=\"{id}\">\n<summary>{heading}</summary>\n")),
            false => self.put(format_args!("<section id=\"{id}\">\n{heading}\n")),
        }
        self.blocks(&section.blocks, &format!("{id}-"), (level + 1).min(6));
        self.put(format_args!("</{}>\n", if section.folded { "details" } else { "section" }));
    }

    fn verdict(&mut self, verdict: &Verdict, level: usize) {
        let Verdict { question, answer, tone, sentences } = verdict;
        self.put(format_args!("<section class=\"{}\" aria-label=\"Verdict\">\n", classes("verdict", *tone)));
        // The page's own question is no heading: its title says what it is about.
        match (question.is_empty(), level) {
            (true, _) => {}
            (false, 2) => self.element("p", "question", question),
            (false, _) => self.element(&format!("h{level}"), "", question),
        }
        self.element("p", "answer", answer);
        sentences.iter().for_each(|it| self.element("p", "", it));
        self.put(format_args!("</section>\n"));
    }

    fn notice(&mut self, notice: &str) {
        self.put(format_args!("<p class=\"notice\" role=\"note\">{}</p>\n", escaped(notice)));
    }

    fn items(&mut self, class: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.put(format_args!("<ul{}>\n", class_attribute(class)));
        items.iter().for_each(|it| self.element("li", "", it));
        self.put(format_args!("</ul>\n"));
    }

    fn definitions(&mut self, facts: &[(String, String)]) {
        self.put(format_args!("<dl>\n"));
        for (name, text) in facts {
            self.put(format_args!("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), escaped(text)));
        }
        self.put(format_args!("</dl>\n"));
    }

    fn figure(&mut self, figure: &Figure) {
        self.pictures += 1;
        match svg::inline(&figure.svg, &format!("p{}", self.pictures), &figure.alt) {
            Ok(picture) => {
                let caption = escaped(&figure.caption);
                self.put(format_args!(
                    "<figure>\n<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">{picture}</div>\n\
                     <figcaption>{caption}</figcaption>\n</figure>\n"
                ));
            }
            Err(problem) => {
                self.notice(&format!("{} cannot be shown: {problem}. scripts/plot draws it again.", figure.file));
            }
        }
    }

    fn table(&mut self, table: &Table) {
        let caption = escaped(&table.caption);
        let label = if caption.is_empty() { "Table" } else { &caption };
        self.put(format_args!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n<table>\n"
        ));
        if !caption.is_empty() {
            self.put(format_args!("<caption>{caption}</caption>\n"));
        }
        self.put(format_args!("<thead><tr>"));
        table.columns.iter().for_each(|it| self.heading(it));
        self.put(format_args!("</tr></thead>\n<tbody>\n"));
        for row in &table.rows {
            self.put(format_args!("<tr>"));
            for (number, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                self.cell(cell, column, number == 0);
            }
            self.put(format_args!("</tr>\n"));
        }
        self.put(format_args!("</tbody>\n</table>\n</div>\n"));
        table.all_notes(true).iter().for_each(|it| self.element("p", "note", it));
    }

    fn heading(&mut self, column: &Column) {
        let class = if column.is_numeric() { "number" } else { "" };
        self.put(format_args!("<th scope=\"col\"{}>{}", class_attribute(class), escaped(&column.title)));
        if let Kind::Intervals(axis) | Kind::Ratios(axis) = column.kind {
            let [low, high] = axis.ends();
            self.put(format_args!("<span class=\"ends\"><span>{low}</span><span>{high}</span></span>"));
        }
        self.put(format_args!("</th>"));
    }

    fn cell(&mut self, cell: &Cell, column: &Column, names_the_row: bool) {
        let class = classes(if column.is_numeric() { "number" } else { "" }, cell.tone);
        let class = class_attribute(&class);
        // Where a row does not fit, the style sheet stacks its cells, each behind its column's name.
        let title = escaped(&column.title);
        let content = match (column.kind, &cell.interval) {
            (Kind::Intervals(axis), Some(it)) => drawn(&axis, it),
            (Kind::Ratios(axis), Some(it)) => format!(
                "<span class=\"ratio\">{}{}<span class=\"bounds\">{}</span></span>",
                drawn(&axis, it),
                escaped(&cell.text),
                between(it.low, it.high)
            ),
            _ => escaped(&cell.text),
        };
        match names_the_row {
            true => self.put(format_args!("<th scope=\"row\"{class}>{content}</th>")),
            false => self.put(format_args!("<td{class} data-column=\"{title}\">{content}</td>")),
        }
    }

    fn element(&mut self, tag: &str, class: &str, text: &str) {
        self.put(format_args!("<{tag}{}>{}</{tag}>\n", class_attribute(class), escaped(text)));
    }

    fn put(&mut self, arguments: Arguments<'_>) {
        self.text.write_fmt(arguments).expect("a String takes any text");
    }
}

/// An interval, on an axis a hundred and six long and twelve high. The columns beside it say the same.
fn drawn(axis: &Axis, it: &Interval) -> String {
    let x = |place: f64| 3.0 + place * 100.0;
    let [low, at, high] = [it.low, it.at, it.high].map(|ratio| x(axis.place(ratio)));
    let [from, to] = axis.margin_places().map(x);
    let even = x(axis.place(1.0));
    let mut picture = format!(
        "<svg class=\"interval\" viewBox=\"0 0 106 12\" aria-hidden=\"true\">\
         <rect class=\"margin\" x=\"{from:.1}\" y=\"0\" width=\"{:.1}\" height=\"12\"/>\
         <line class=\"even\" x1=\"{even:.1}\" x2=\"{even:.1}\" y1=\"0\" y2=\"12\"/>\
         <line class=\"extent\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"6\" y2=\"6\"/>",
        to - from
    );
    // What goes on beyond the axis ends in an arrow.
    if axis.is_outside(it.low) {
        picture += &format!("<path class=\"beyond\" d=\"M{:.1} 6l5 -4v8z\"/>", low - 3.0);
    }
    if axis.is_outside(it.high) {
        picture += &format!("<path class=\"beyond\" d=\"M{:.1} 6l-5 -4v8z\"/>", high + 3.0);
    }
    picture + &format!("<circle cx=\"{at:.1}\" cy=\"6\" r=\"2.4\"/></svg>")
}

fn classes(class: &str, tone: Tone) -> String {
    let tone = match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Even => "even",
        Tone::Open => "open",
        Tone::Muted => "muted",
    };
    format!("{class} {tone}").trim().to_owned()
}

fn class_attribute(class: &str) -> String {
    if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    }
}

/// Text that is no markup, in an element or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in shown(text, usize::MAX).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(escaped("<img src='x' onerror=\"a&b\">"), "&lt;img src=&#39;x&#39; onerror=&quot;a&amp;b&quot;&gt;");
        assert_eq!(escaped("\u{1b}[31m"), "\\u{1b}[31m");
    }
}
