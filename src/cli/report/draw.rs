//! Pictures for a directory that has none: `scripts/plot` draws them, if it can be found.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::export::{ReadError, read_part};
use crate::review::Part;

/// The script, in the checkout.
const SCRIPT: &str = "scripts/plot";

/// Draws the pictures and takes them into the part, or answers why there are none and what makes them.
///
/// # Errors
/// If what was drawn cannot be read.
pub fn draw(dir: &Path, part: &mut Part) -> Result<Option<String>, ReadError> {
    let by_hand = format!("`{SCRIPT} {}` draws them, in a checkout of headlock", dir.display());
    let Some(script) = found(dir) else {
        return Ok(Some(format!(
            "No pictures: there are none in {}, and {SCRIPT} was not found; {by_hand}.",
            dir.display()
        )));
    };
    // What it says on standard error is for the user: the first time, it has packages to install.
    let drawn = Command::new(&script).arg(dir).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let failed = match drawn {
        Ok(status) if status.success() => {
            part.plots = read_part(dir, &part.name)?.plots;
            return Ok(None);
        }
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    Ok(Some(format!("No pictures: {} could not draw them ({failed}); {by_hand}.", script.display())))
}

/// The script of the checkout that the user or the result directory is in.
fn found(dir: &Path) -> Option<PathBuf> {
    let here = Path::new(".").canonicalize().ok();
    let above = dir.canonicalize().ok();
    let places = here.iter().chain(above.iter()).flat_map(|place| place.ancestors());
    places.map(|place| place.join(SCRIPT)).find(|script| script.is_file())
}
