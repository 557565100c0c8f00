//! What a job is told of strategies behind the C interface, and the files of libraries.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::record::{BehindDoor, Declaration, FLOOR, FLOOR_BEHIND};

/// A strategy behind the C interface, as the processes that play it are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    /// What it declares.
    pub declaration: Declaration,
    /// The library that it comes from; `None` for one of the program's own, whose name ends in `@c` here.
    pub library: Option<LibraryFile>,
}

/// The floor that is taken off a strategy's figures: what the same harness costs around nothing, the call through a table included where
/// the strategy pays that. Of the floor behind the interface that is the other one, so its net figure is what the interface costs.
pub fn floor_of(behind: &[Behind], strategy: &str) -> &'static str {
    let stands_behind = |name: &str| behind.iter().any(|behind| behind.declaration.name == name);
    if stands_behind(strategy) && stands_behind(FLOOR_BEHIND) && strategy != FLOOR_BEHIND {
        FLOOR_BEHIND
    } else {
        FLOOR
    }
}

/// A library's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryFile {
    /// Where it is, from the root.
    pub path: PathBuf,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

/// A file that cannot be a library for this program, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; expected a shared library")]
pub struct NotALibrary(String);

impl LibraryFile {
    /// Reads the file.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn read(path: &Path) -> Result<Self, NotALibrary> {
        let wrong = |error: io::Error| NotALibrary(format!("cannot be read: {error}"));
        let path = path.canonicalize().map_err(wrong)?;
        if !path.is_file() {
            return Err(NotALibrary("is not a file".to_owned()));
        }
        let content = fs::read(&path).map_err(wrong)?;
        is_for_this_machine(&content)?;
        Ok(LibraryFile { path, sha256: sha256(&content) })
    }
}

/// The SHA-256 of the file that this process runs, in hexadecimal digits; also where another file has its name by now.
///
/// # Errors
/// If it cannot be read.
pub fn program_sha256() -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut file = fs::File::open("/proc/self/exe")?;
    // Piece by piece: with its symbols a program may be large.
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hexadecimal(&digest.finalize())),
            length => digest.update(&piece[..length]),
        }
    }
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tells a library from other files, and one for this machine from others: of the latter the loader says that there is no such file.
fn is_for_this_machine(content: &[u8]) -> Result<(), NotALibrary> {
    /// What an ELF file begins with.
    const MAGIC: &[u8] = b"\x7fELF";
    /// The size of its words and their byte order, and the place of the machine's number, which is the processor's kind.
    const WORDS: std::ops::Range<usize> = 4..6;
    const MACHINE: std::ops::Range<usize> = 18..20;
    let begins = |bytes: &[u8]| Some((bytes.get(WORDS)?.to_vec(), bytes.get(MACHINE)?.to_vec()));
    if !content.starts_with(MAGIC) || begins(content).is_none() {
        return Err(NotALibrary("is no ELF file".to_owned()));
    }
    let mut own = [0; MACHINE.end];
    let program = fs::File::open("/proc/self/exe").and_then(|mut program| program.read_exact(&mut own));
    match program {
        Ok(()) if begins(content) != begins(&own) => {
            let machine = |bytes: &[u8]| u16::from(bytes[MACHINE.start]) | u16::from(bytes[MACHINE.start + 1]) << 8;
            let (theirs, ours) = (machine(content), machine(&own));
            let bits = |bytes: &[u8]| if bytes[WORDS.start] == 1 { 32 } else { 64 };
            Err(NotALibrary(format!(
                "is for another machine (ELF machine {theirs} of {} bits; this program's is {ours} of {})",
                bits(content),
                bits(&own)
            )))
        }
        _ => Ok(()),
    }
}

impl From<&Behind> for BehindDoor {
    fn from(behind: &Behind) -> Self {
        let file = behind.library.as_ref();
        BehindDoor {
            declaration: behind.declaration.clone(),
            library: file.map(|file| file.path.to_string_lossy().into_owned()),
            sha256: file.map(|file| file.sha256.clone()),
        }
    }
}
