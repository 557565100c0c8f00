//! A prepared trace as a file: memory as it is, in this machine's byte order, behind a header that says how much there is of what.
//!
//! In order: the header; of each part its [`PartHeader`]; the parts' roles; timers; pending timers; the rows of each part; and,
//! if the trace was prepared for a pace, the starts of each part; and, if it was for several threads, the places of each part. Nothing lies
//! between them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

use super::super::{MAX_LISTS, MAX_ROWS, MAX_THREADS, MAX_TIMERS};
use super::{Part, Pending, PlayedRow, PlayedTimer, Prepared};

/// The first bytes, in this machine's order.
const MAGIC: u64 = u64::from_le_bytes(*b"hlreplay");
/// Counts up when the layout changes, so that two builds do not misunderstand each other.
const VERSION: u32 = 2;
/// The longest role, bytes: names come from lines of a bounded length.
const MAX_ROLE: u64 = super::super::MAX_LINE as u64;

/// How much there is of what.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Header {
    magic: u64,
    version: u32,
    /// [`PACED`], [`PLACED`] and [`FREES`], as far as they apply.
    columns: u32,
    lists: u64,
    timers: u64,
    init: u64,
    parts: u64,
}

/// There are starts.
const PACED: u32 = 1;
/// There are places.
const PLACED: u32 = 2;
/// Some row frees a timer.
const FREES: u32 = 4;

impl Header {
    fn has(&self, column: u32) -> bool {
        self.columns & column != 0
    }
}

/// How much there is of a part.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct PartHeader {
    rows: u64,
    /// Bytes of its role.
    role: u64,
}

/// Why a prepared trace was refused.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct PreparedError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("the prepared trace cannot be read: {0}")]
    Io(#[source] io::Error),
    #[error("is no prepared trace of this build; expected one of version {VERSION}, as `headlock replay` hands it on")]
    Foreign,
    #[error(
        "the prepared trace has {found} bytes, which is not what its header says; it was cut short: start the run anew"
    )]
    Length { found: u64 },
    #[error("the prepared trace names a list, timer or operation that there is not; it is damaged: start the run anew")]
    Damaged,
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Problem::Io(error)
    }
}

impl Prepared {
    /// Writes it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        let parts = &self.parts;
        let header = Header {
            magic: MAGIC,
            version: VERSION,
            columns: if parts.iter().any(|part| !part.starts.is_empty()) {
                PACED
            } else {
                0
            } | if parts.iter().any(|part| !part.places.is_empty()) {
                PLACED
            } else {
                0
            } | if self.frees { FREES } else { 0 },
            lists: self.lists as u64,
            timers: self.timers.len() as u64,
            init: self.init.len() as u64,
            parts: parts.len() as u64,
        };
        out.write_all(header.as_bytes())?;
        for part in parts {
            let header = PartHeader { rows: part.rows.len() as u64, role: part.role.len() as u64 };
            out.write_all(header.as_bytes())?;
        }
        parts.iter().try_for_each(|part| out.write_all(part.role.as_bytes()))?;
        out.write_all(self.timers.as_bytes())?;
        out.write_all(self.init.as_bytes())?;
        parts.iter().try_for_each(|part| out.write_all(part.rows.as_bytes()))?;
        parts.iter().try_for_each(|part| out.write_all(part.starts.as_bytes()))?;
        parts.iter().try_for_each(|part| out.write_all(part.places.as_bytes()))?;
        out.flush()
    }

    /// Reads what [`write`](Self::write) wrote to `path`. No memory is taken for more than the file holds.
    ///
    /// # Errors
    /// If the file cannot be read, is of another build, was cut short or damaged.
    pub fn read(path: &Path) -> Result<Self, PreparedError> {
        let read = || {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            read(file, length)
        };
        read().map_err(|problem| PreparedError { path: path.to_owned(), problem })
    }
}

fn read(mut file: impl Read, length: u64) -> Result<Prepared, Problem> {
    let mut header = Header::new_zeroed();
    fill(&mut file, header.as_mut_bytes(), length)?;
    let known = header.magic == MAGIC && header.version == VERSION && header.columns <= (PACED | PLACED | FREES);
    let few_enough = header.lists <= MAX_LISTS as u64
        && header.parts <= MAX_THREADS as u64
        && header.timers <= MAX_TIMERS as u64
        && header.init <= header.timers;
    if !known || !few_enough {
        return Err(Problem::Foreign);
    }
    let headers: Vec<PartHeader> = column(&mut file, header.parts, length)?;
    if headers.iter().any(|part| part.rows > MAX_ROWS as u64 || part.role > MAX_ROLE) {
        return Err(Problem::Foreign);
    }
    if length != expected_length(&header, &headers) {
        return Err(Problem::Length { found: length });
    }
    let mut parts = Vec::with_capacity(headers.len());
    for part in &headers {
        let role = String::from_utf8(column(&mut file, part.role, length)?).map_err(|_| Problem::Damaged)?;
        parts.push(Part { role, ..Part::default() });
    }
    let timers = column(&mut file, header.timers, length)?;
    let init = column(&mut file, header.init, length)?;
    for (part, header) in parts.iter_mut().zip(&headers) {
        part.rows = column(&mut file, header.rows, length)?;
    }
    if header.has(PACED) {
        for (part, header) in parts.iter_mut().zip(&headers) {
            part.starts = column(&mut file, header.rows, length)?;
        }
    }
    if header.has(PLACED) {
        for (part, header) in parts.iter_mut().zip(&headers) {
            part.places = column(&mut file, header.rows, length)?;
        }
    }
    let prepared = Prepared {
        lists: header.lists as usize,
        timers,
        init,
        parts,
        frees: header.has(FREES),
    };
    if prepared.is_valid() {
        Ok(prepared)
    } else {
        Err(Problem::Damaged)
    }
}

/// What the headers say that the file is long. The limits above keep the sum far below overflow.
fn expected_length(header: &Header, parts: &[PartHeader]) -> u64 {
    let bytes = |count: u64, size: usize| count * size as u64;
    let row = size_of::<PlayedRow>()
        + if header.has(PACED) { size_of::<i64>() } else { 0 }
        + if header.has(PLACED) { size_of::<u32>() } else { 0 };
    bytes(1, size_of::<Header>())
        + bytes(header.timers, size_of::<PlayedTimer>())
        + bytes(header.init, size_of::<Pending>())
        + parts
            .iter()
            .map(|part| bytes(1, size_of::<PartHeader>()) + part.role + bytes(part.rows, row))
            .sum::<u64>()
}

/// The next `count` values. The memory is zeroed by the kernel and filled in place.
fn column<T: FromBytes + IntoBytes>(file: &mut impl Read, count: u64, length: u64) -> Result<Vec<T>, Problem> {
    let mut values = T::new_vec_zeroed(count as usize)
        .map_err(|_| io::Error::new(io::ErrorKind::OutOfMemory, format!("no memory for {count} values")))?;
    fill(file, values.as_mut_slice().as_mut_bytes(), length)?;
    Ok(values)
}

/// Fills `bytes`. A file that ends too early is told from one that cannot be read.
fn fill(file: &mut impl Read, bytes: &mut [u8], length: u64) -> Result<(), Problem> {
    file.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Problem::Length { found: length },
        _ => Problem::Io(error),
    })
}
