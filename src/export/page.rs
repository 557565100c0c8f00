//! A page, and the directory that it is written to.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::WriteError;
use super::replace::replace;

/// What every page begins with.
const BEGINNING: &[u8] = b"<!DOCTYPE html>";

/// Writes a page. A page that is there already is replaced in one step; what is no file, like `/dev/stdout`, is written to.
///
/// # Errors
/// If it cannot be written, or a file is there that holds something else. A file that was there keeps its content.
pub fn write_page_to(path: &Path, text: &str) -> Result<(), WriteError> {
    let written = match (fs::metadata(path), path.file_name()) {
        (Ok(there), _) if there.is_dir() => Err(io::Error::other("it is a directory")),
        (Ok(there), _) if !there.is_file() => fs::write(path, text),
        (Ok(there), _) if there.len() > 0 && !is_page(path) => {
            return Err(WriteError::NoPage { path: path.to_owned() });
        }
        (_, None) => Err(io::Error::other("it names no file")),
        (_, Some(name)) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            replace(parent, name, |out| out.write_all(text.as_bytes()))
        }
    };
    written.map_err(|source| WriteError::Create { path: path.to_owned(), source })
}

/// Whether a file begins as a page does. What cannot be read may be anything.
fn is_page(path: &Path) -> bool {
    let mut start = [0; BEGINNING.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *BEGINNING
}

/// Writes a page into a result directory. Whatever bears its name there is replaced, a link or a device too: the directory may be a
/// stranger's, and nothing outside it is written to.
///
/// # Errors
/// If it cannot be written. A page that was there keeps its content.
pub fn write_page(dir: &Path, name: &str, text: &str) -> Result<(), WriteError> {
    replace(dir, name, |out| out.write_all(text.as_bytes()))
        .map_err(|source| WriteError::Create { path: dir.join(name), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Html, Writer};

    #[test]
    fn what_is_no_page_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trials.csv");
        let page = Html.write(&Document::new("a page"));
        for mine in ["workload,strategy\n", "mine", "<!DOCTYPE htm"] {
            fs::write(&path, mine).unwrap();
            let refused = write_page_to(&path, &page).unwrap_err().to_string();
            assert!(refused.ends_with(
                "trials.csv is there and is no page of headlock's, which alone is replaced; name another file"
            ));
            assert_eq!(fs::read_to_string(&path).unwrap(), mine);
        }
        for replaced in ["", &page] {
            fs::write(&path, replaced).unwrap();
            write_page_to(&path, &page).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), page);
        }
    }
}
