//! `headlock list`: the strategies and what each declares.

use clap::Args;
use serde_json::{Value, json};

use super::answer::{Form, present};
use super::failure::Failure;
use super::load::LoadArgs;
use crate::document::{Block, Cell, Column, Document, Table};
use crate::registry::Registry;

/// `headlock list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock list               a table
  headlock list --markdown    the one in the README
  headlock list --json        with each one's reference")]
pub struct ListArgs {
    #[command(flatten)]
    pub load: LoadArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print a Markdown table
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// Answers with the table that the README shows too.
pub fn list(registry: &Registry, args: &ListArgs) -> Result<(), Failure> {
    present(&document(registry), Form::of(args.json, args.markdown))
}

fn document(registry: &Registry) -> Document {
    let strategies = || registry.entries().iter().map(|entry| entry.strategy);
    let table = Table {
        columns: vec![
            Column::words("strategy"),
            Column::words("reader").rank(1),
            Column::words("reader pays"),
            Column::words("progress"),
            Column::words("freshness"),
            Column::words("writer pays").rank(2),
            Column::words("built on"),
        ],
        rows: strategies()
            .map(|it| {
                [
                    it.name,
                    it.summary,
                    it.reader.word(),
                    it.progress.word(),
                    it.freshness.word(),
                    it.writer,
                    it.built_on,
                ]
                .map(Cell::new)
                .to_vec()
            })
            .collect(),
        ..Table::default()
    };
    let data = strategies().map(|it| {
        json!({
            "name": it.name,
            "summary": it.summary,
            "reader_pays": it.reader.word(),
            "progress": it.progress.word(),
            "freshness": it.freshness.word(),
            "writer_pays": it.writer,
            "built_on": it.built_on,
            "reference": it.reference,
        })
    });
    Document {
        data: json!({ "strategies": data.collect::<Vec<Value>>() }),
        blocks: vec![Block::Table(table)],
        ..Document::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::testing::{says, says_all};

    #[test]
    fn every_declaration_is_in_each_form() {
        let registry = Registry::builtin();
        let document = document(&registry);
        says_all("list", &document);
        for (number, entry) in registry.entries().iter().enumerate() {
            let it = entry.strategy;
            says(&document, &[it.name, it.summary, it.freshness.word(), it.writer, it.built_on]);
            let data = &document.data["strategies"][number];
            assert_eq!((&data["name"], &data["writer_pays"]), (&json!(it.name), &json!(it.writer)));
        }
    }
}
