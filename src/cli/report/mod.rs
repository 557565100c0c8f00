//! `headlock report`: the design-review document of a result directory or of a study.

mod draw;
mod study;

use std::path::Path;

use super::answer::{answer, complain};
use super::args::ReportArgs;
use super::failure::Failure;
use crate::export::{ReadError, read_part, report_html, report_markdown, write_report};
use crate::record::{BehindDoor, Declaration};
use crate::registry::Registry;
use crate::review::{Material, document};

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
    let behind_door = material.parts.iter().flat_map(|part| BehindDoor::of(&part.run.parameters));
    material.declarations.extend(behind_door.map(|behind| behind.declaration).collect::<Vec<_>>());
    let path = |name: &str| {
        if material.study.is_some() {
            dir.join(name)
        } else {
            dir.clone()
        }
    };
    for part in material.parts.iter_mut().filter(|part| part.plots.is_empty() && !part.trials.is_empty()) {
        let missing = draw::draw(&path(&part.name), part).map_err(broken)?;
        if let Some(missing) = &missing {
            complain(missing);
        }
        part.plots_missing = missing;
    }
    let document = document(&material);
    if args.markdown {
        return answer(&report_markdown(&document));
    }
    let out = args.out.clone().unwrap_or_else(|| dir.join(PAGE));
    write_report(&out, &report_html(&document)).map_err(|error| Failure::Error(format!("--out: {error}")))?;
    answer(&format!("{}: {}", out.display(), document.answer))
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
    registry.entries().iter().map(|entry| Declaration::from(&entry.strategy)).collect()
}
