//! `headlock report`: the design-review document of a result directory or of a study.

mod study;

use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::answer::{answer, complain};
use super::failure::Failure;
use crate::export::{ReadError, read_part, report_html, report_markdown, write_page, write_report};
use crate::record::Declaration;
use crate::registry::Registry;
use crate::review::{Material, document};

/// `headlock report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock report results/mine                          writes results/mine/report.html
  headlock report results/mine --out review.html
  headlock report results/mine --markdown               the same, to paste into a review

The page is one file that needs no network. Its pictures are those of DIR/plots; scripts/plot DIR draws them.")]
pub struct ReportArgs {
    /// Result directory, or a study of several
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write the page here [default: DIR/report.html]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print Markdown and write nothing
    #[arg(long, conflicts_with = "out")]
    pub markdown: bool,
}

/// The page's name in its result directory.
const PAGE: &str = "report.html";

/// Reads the directory, and writes the page or prints it as Markdown.
pub fn report(registry: &Registry, args: &ReportArgs) -> Result<(), Failure> {
    let dir = &args.dir;
    if !dir.is_dir() {
        let what = if dir.exists() {
            "is not a directory"
        } else {
            "does not exist"
        };
        return Err(Failure::Error(format!(
            "{} {what}; name a result directory, such as headlock run writes",
            dir.display()
        )));
    }
    let mut material = match study::is_one(dir) {
        true => study::read(dir)?,
        false => Material {
            directory: dir.display().to_string(),
            parts: vec![read_part(dir, &name(dir)).map_err(broken)?],
            study: None,
            declarations: Vec::new(),
        },
    };
    material.declarations = declarations(registry);
    let path = |name: &str| {
        if material.study.is_some() {
            dir.join(name)
        } else {
            dir.clone()
        }
    };
    for part in material.parts.iter_mut().filter(|part| part.plots.is_empty() && !part.trials.is_empty()) {
        let missing = no_pictures(&path(&part.name));
        complain(&missing);
        part.plots_missing = Some(missing);
    }
    let document = document(&material);
    if args.markdown {
        return answer(&report_markdown(&document));
    }
    let page = report_html(&document);
    let written = match &args.out {
        Some(out) => write_report(out, &page),
        None => write_page(dir, PAGE, &page),
    };
    written.map_err(|error| Failure::Error(format!("--out: {error}")))?;
    let out = args.out.clone().unwrap_or_else(|| dir.join(PAGE));
    answer(&format!("{}: {}", out.display(), document.answer))
}

/// Why a part has no pictures, and what draws them. Nothing is started for them: who hands over a directory must not choose
/// which program runs.
fn no_pictures(dir: &Path) -> String {
    format!(
        "No pictures: there are none in {0}; `scripts/plot {0}` draws them, in a checkout of headlock.",
        dir.display()
    )
}

fn broken(error: ReadError) -> Failure {
    Failure::Error(error.to_string())
}

/// The last part of a directory's path, whichever way it was typed.
fn name(dir: &Path) -> String {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    real.file_name()
        .map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What the program's strategies declare, a plug-in's included.
fn declarations(registry: &Registry) -> Vec<Declaration> {
    let declaration = |entry: &crate::registry::Entry| {
        let it = entry.strategy;
        Declaration {
            name: it.name.to_owned(),
            summary: it.summary.to_owned(),
            reader_pays: it.reader.word().to_owned(),
            progress: it.progress.word().to_owned(),
            freshness: it.freshness.word().to_owned(),
            writer_pays: it.writer.to_owned(),
            built_on: it.built_on.to_owned(),
            reference: it.reference.to_owned(),
        }
    };
    registry.entries().iter().map(declaration).collect()
}
