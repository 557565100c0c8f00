//! `headlock list`: the strategies and what each declares.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use super::answer::{answer, answer_json};
use super::failure::Failure;
use crate::registry::Registry;

/// `headlock list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock list               a table
  headlock list --markdown    the one in the README
  headlock list --json        with each one's reference")]
pub struct ListArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print a Markdown table
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// Prints the table, as text, as Markdown for the README, or as JSON.
pub fn list(registry: &Registry, args: &ListArgs) -> Result<(), Failure> {
    if args.json {
        return answer_json(&as_json(registry));
    }
    let mut table = Table::new();
    table.load_style(if args.markdown {
        presets::ASCII_MARKDOWN
    } else {
        presets::UTF8_BORDERS_ONLY
    });
    if !args.markdown {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header([
        "strategy",
        "reader",
        "reader pays",
        "progress",
        "freshness",
        "writer pays",
        "built on",
    ]);
    for entry in registry.entries() {
        let it = entry.strategy;
        table.add_row([
            it.name,
            it.summary,
            it.reader.word(),
            it.progress.word(),
            it.freshness.word(),
            it.writer,
            it.built_on,
        ]);
    }
    answer(&table.to_string())
}

fn as_json(registry: &Registry) -> serde_json::Value {
    let strategies = registry.entries().iter().map(|entry| {
        let it = entry.strategy;
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
    json!({ "strategies": strategies.collect::<Vec<_>>() })
}
