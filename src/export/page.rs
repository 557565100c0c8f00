//! A page, and the directory that it is written to.

use std::fs;
use std::io;
use std::path::Path;

use super::WriteError;
use super::replace::replace;

/// Writes a page. A file that is there already is replaced in one step; what is no file, like `/dev/stdout`, is written to.
///
/// # Errors
/// If it cannot be written. A file that was there keeps its content.
pub fn write_page_to(path: &Path, text: &str) -> Result<(), WriteError> {
    let written = match (fs::metadata(path), path.file_name()) {
        (Ok(there), _) if there.is_dir() => Err(io::Error::other("it is a directory")),
        (Ok(there), _) if !there.is_file() => fs::write(path, text),
        (_, None) => Err(io::Error::other("it names no file")),
        (_, Some(name)) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            replace(parent, name, |out| out.write_all(text.as_bytes()))
        }
    };
    written.map_err(|source| WriteError::Create { path: path.to_owned(), source })
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
