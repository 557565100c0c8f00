//! A file's text, decompressed. What it is compressed with is told by its first bytes, not by its name.

use super::error::Problem;
use super::frames::Frames;
use flate2::bufread::MultiGzDecoder;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What a file can be compressed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Zstd,
    Gzip,
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Packing::Zstd => "zstd",
            Packing::Gzip => "gzip",
        })
    }
}

const GZIP: &[u8] = &[0x1f, 0x8b];

/// The first bytes of what is not read, what it is, and the command that makes text of it.
const FOREIGN: [(&[u8], &str, &str); 9] = [
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz data", "xz -dc FILE"),
    (b"BZh", "bzip2 data", "bzip2 -dc FILE"),
    (&[0x04, 0x22, 0x4d, 0x18], "lz4 data", "lz4 -dc FILE"),
    (b"LZIP", "lzip data", "lzip -dc FILE"),
    (&[0x1f, 0x9d], "compress data", "gzip -dc FILE"),
    (b"PK\x03\x04", "a zip archive", "unzip -p FILE"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x -so FILE"),
    (&[0xff, 0xfe], "UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE"),
    (&[0xfe, 0xff], "UTF-16 text", "iconv -f UTF-16 -t UTF-8 FILE"),
];

/// The process's own input by its names. It can be a file, but it is another one in the process that plays.
const OWN_INPUT: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// The text of `path`, and what it was compressed with.
pub(super) fn open(path: &Path) -> Result<(Box<dyn BufRead>, Option<Packing>), Problem> {
    let kind = fs::metadata(path).map_err(Problem::Io)?.file_type();
    // Opening a pipe would wait for whoever writes to it, and what is read of it is gone for everybody else.
    if OWN_INPUT.iter().any(|input| path == Path::new(input)) || !(kind.is_file() || kind.is_dir()) {
        return Err(Problem::ReadOnce);
    }
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(Problem::Io)?);
    let start = file.fill_buf().map_err(Problem::Io)?;
    if let Some((_, what, command)) = FOREIGN.iter().find(|(magic, ..)| start.starts_with(magic)) {
        return Err(Problem::Foreign { what, command });
    }
    Ok(if is_zstd(start) {
        (buffered(Frames::new(file)), Some(Packing::Zstd))
    } else if start.starts_with(GZIP) {
        (buffered(MultiGzDecoder::new(file)), Some(Packing::Gzip))
    } else {
        (Box::new(file), None)
    })
}

fn buffered(decoder: impl std::io::Read + 'static) -> Box<dyn BufRead> {
    Box::new(BufReader::with_capacity(1 << 16, decoder))
}

/// Whether a frame begins here, one to be skipped included (RFC 8878, sections 3.1.1 and 3.1.2).
fn is_zstd(start: &[u8]) -> bool {
    match start {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => true,
        [skippable, 0x2a, 0x4d, 0x18, ..] => (0x50..=0x5f).contains(skippable),
        _ => false,
    }
}
