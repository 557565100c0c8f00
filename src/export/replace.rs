//! Replacing a file in one step: the new content goes to a temporary file beside it, reaches the disk, and takes its name.
//! Whatever happens in between, the name stands for one whole version.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Replaces `name` in `dir` by what `content` writes. On an error the old version stays and the temporary file goes.
pub fn replace(
    dir: &Path,
    name: impl AsRef<OsStr>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let name = name.as_ref();
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".tmp");
    let temporary = dir.join(hidden);
    let written = write_through(&temporary, content).and_then(|()| fs::rename(&temporary, dir.join(name)));
    if written.is_err() {
        // The error at hand says more than one about the leftover would.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_through(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A leftover, or a link that a stranger put there: it goes, and what it points to is not written to.
    let _ = fs::remove_file(path);
    let mut out = BufWriter::new(File::create_new(path)?);
    content(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_is_replaced_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, "mine\n").unwrap();
        for link in [".a.csv.tmp", "a.csv"] {
            std::os::unix::fs::symlink(&elsewhere, dir.path().join(link)).unwrap();
        }
        replace(dir.path(), "a.csv", |out| out.write_all(b"new\n")).unwrap();
        assert_eq!(fs::read(dir.path().join("a.csv")).unwrap(), b"new\n");
        assert_eq!(fs::read(elsewhere).unwrap(), b"mine\n");
    }

    #[test]
    fn a_failed_write_leaves_the_old_version_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        replace(dir.path(), "a.csv", |out| out.write_all(b"old\n")).unwrap();
        let error = replace(dir.path(), "a.csv", |out| {
            out.write_all(b"half of the ne")?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(dir.path().join("a.csv")).unwrap(), b"old\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
