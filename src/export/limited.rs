//! Files that are read as a whole, up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The longest `run.json` and the longest workload file, bytes.
pub const MAX_DOCUMENT: u64 = 4 << 20;

/// The content of a file of at most [`MAX_DOCUMENT`] bytes. No more is read of a longer one, or of a device without end.
///
/// # Errors
/// If it cannot be read, or is longer.
pub fn read_document(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(MAX_DOCUMENT + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_DOCUMENT {
        return Err(io::Error::other(format!("it is longer than {} MiB", MAX_DOCUMENT >> 20)));
    }
    Ok(content)
}

/// As `read_document`, of a text.
///
/// # Errors
/// As there, and if it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_document(path)?).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_an_end() {
        assert!(read_document(Path::new("/dev/zero")).unwrap_err().to_string().contains("longer than 4 MiB"));
        let file = tempfile::NamedTempFile::new().unwrap();
        for len in [MAX_DOCUMENT, MAX_DOCUMENT + 1] {
            file.as_file().set_len(len).unwrap();
            assert_eq!(read_document(file.path()).is_ok(), len == MAX_DOCUMENT);
        }
    }

    #[test]
    fn a_text_is_utf8() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\xff").unwrap();
        assert_eq!(read_text(file.path()).unwrap_err().to_string(), "it is not UTF-8 text");
    }
}
