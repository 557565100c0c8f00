//! `headlock report`: the design-review document of a result directory, measured or a model's, of a set of runs, or of a study.

use std::path::{Path, PathBuf};

use clap::Args;

use super::answer::{Form, answer, complain, present};
use super::declared::declarations;
use super::failure::Failure;
use crate::answers::{self, Material, StudyMaterial, page, prediction};
use crate::document::{Document, Html, Writer};
use crate::export::{
    ReadError, is_set, missing_runs, read_results, read_runs, read_study_results, write_page, write_page_to,
};
use crate::reading::{Results, StudyResults};
use crate::record::Declaration;
use crate::registry::Registry;
use crate::study::claims;

/// `headlock report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock report results/mine                   writes results/mine/report.html
  headlock report results/mine --out review.html
  headlock report results/mine --markdown        the same, to paste into a review

The page is one file that needs no network. It shows the pictures in DIR/plots; scripts/plot draws them.")]
pub struct ReportArgs {
    /// Result directory, a set of runs, or a study
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write the page here [default: DIR/report.html]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print one JSON document and write nothing
    #[arg(long, conflicts_with = "out")]
    pub json: bool,
    /// Print Markdown and write nothing
    #[arg(long, conflicts_with_all = ["out", "json"])]
    pub markdown: bool,
}

/// The page's name in its result directory.
const PAGE: &str = "report.html";

/// Reads the directory, and writes the page or prints it in another form.
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
    let directory = dir.display().to_string();
    // A run may have loaded what this program has not.
    let declared = |results: &[Results]| {
        let behind = results.iter().flat_map(|results| &results.run.parameters.common.behind_door);
        let own = declarations(registry);
        own.into_iter().chain(behind.map(|it| it.declaration.clone())).collect::<Vec<Declaration>>()
    };
    let mut told = Vec::new();
    let mut tell = |results: &Results| told.extend(results.cut_short().map(|it| format!("{}: {it}", results.name)));
    let document = if dir.join("study.json").is_file() {
        let study = read_study_results(dir).map_err(broken)?;
        study.parts.iter().for_each(&mut tell);
        of_study(&directory, &study, &declared(&study.parts))?
    } else if is_set(dir) {
        let runs = read_runs(dir).map_err(broken)?;
        runs.are_of_one_plan().map_err(Failure::Error)?;
        runs.0.iter().for_each(&mut tell);
        told.extend(missing_runs(dir).map_err(broken)?);
        answers::runs(&directory, &runs)
    } else {
        let results = read_results(dir, &name(dir)).map_err(broken)?;
        tell(&results);
        match results.run.prediction() {
            Some(told) => prediction(&directory, &results, told),
            None => page(&Material {
                directory: &directory,
                results: &results,
                declarations: &declared(std::slice::from_ref(&results)),
            }),
        }
    };
    if args.markdown || args.json {
        return present(&document, Form::of(args.json, args.markdown));
    }
    told.iter().for_each(|it| complain(it));
    let page = Html.write(&document);
    let written = match &args.out {
        Some(out) => write_page_to(out, &page),
        None => write_page(dir, PAGE, &page),
    };
    written.map_err(|error| Failure::Error(format!("--out: {error}")))?;
    let out = args.out.clone().unwrap_or_else(|| dir.join(PAGE));
    let found = document.verdict.map_or(document.facts.join(", "), |verdict| verdict.answer);
    answer(&format!("{}: {found}", out.display()))
}

fn of_study(directory: &str, study: &StudyResults, declarations: &[Declaration]) -> Result<Document, Failure> {
    if study.parts.is_empty() {
        return Err(Failure::Error(format!("{directory}: none of the study's measurements was played yet")));
    }
    let claims = claims(study);
    let material = StudyMaterial { directory, results: study, claims: &claims, declarations };
    Ok(answers::study(&material, true))
}

fn broken(error: ReadError) -> Failure {
    Failure::Error(error.to_string())
}

/// The last part of a directory's path, whichever way it was typed.
pub fn name(dir: &Path) -> String {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    real.file_name()
        .map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned())
}
