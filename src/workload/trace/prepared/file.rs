//! A prepared trace as a file: memory as it is, in this machine's byte order, behind a header that says how much there is of what.
//!
//! In order: the header; of each part its [`PartHeader`]; the rows of each part; pending timers; if the trace was prepared for a pace, the
//! starts of each part; timers; if it was for several threads, the places of each part; and the parts' roles. Nothing lies between them,
//! and none needs more alignment than what comes before it. So whoever maps the file has them as they are.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headlock_sealed::Sealed;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::super::{MAX_LISTS, MAX_ROWS, MAX_THREADS, MAX_TIMERS};
use super::{Pending, PlayedRow, PlayedTimer, Prepared};

/// The first bytes, in this machine's order.
const MAGIC: u64 = u64::from_le_bytes(*b"hlreplay");
/// Counts up when the layout changes, so that two builds do not misunderstand each other.
const VERSION: u32 = 3;
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
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
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
        parts.iter().try_for_each(|part| out.write_all(part.rows.as_bytes()))?;
        out.write_all(self.init.as_bytes())?;
        parts.iter().try_for_each(|part| out.write_all(part.starts.as_bytes()))?;
        out.write_all(self.timers.as_bytes())?;
        parts.iter().try_for_each(|part| out.write_all(part.places.as_bytes()))?;
        parts.iter().try_for_each(|part| out.write_all(part.role.as_bytes()))?;
        out.flush()
    }
}

/// A prepared trace as those see it who play it. Valid throughout.
#[derive(Debug)]
pub struct Opened {
    /// How many lists there are.
    pub lists: usize,
    /// The timers, by the number that rows give.
    pub timers: Vec<PlayedTimer>,
    /// Those pending at time 0, in the order in which they are armed.
    pub init: Vec<Pending>,
    /// What each replay thread plays.
    pub parts: Vec<OpenedPart>,
    /// Whether any row frees a timer, so that there are grace periods to record.
    pub frees: bool,
}

/// What one replay thread plays. Its columns are ranges of the file.
#[derive(Debug)]
pub struct OpenedPart {
    /// What the thread stands for: the trace thread's name, or `all`.
    pub role: String,
    file: Arc<Sealed>,
    rows: Range<usize>,
    starts: Range<usize>,
    places: Range<usize>,
}

impl OpenedPart {
    /// All rows; none for a thread that only saw timers fire.
    pub fn rows(&self) -> &[PlayedRow] {
        values(&self.file, &self.rows)
    }

    /// When each row is to start, ns; empty unless the trace was prepared for a pace.
    pub fn starts(&self) -> &[i64] {
        values(&self.file, &self.starts)
    }

    /// The place of each row among all that are played; empty where this is the only part.
    pub(super) fn places(&self) -> &[u32] {
        values(&self.file, &self.places)
    }

    /// The rows whose places among all that are played lie from `from` up to before `to`.
    pub fn between(&self, from: usize, to: usize) -> Range<usize> {
        super::between(self.places(), self.rows().len(), from, to)
    }
}

/// The values that lie there in a file.
fn values<'f, T: FromBytes + Immutable + KnownLayout>(file: &'f [u8], range: &Range<usize>) -> &'f [T] {
    FromBytes::ref_from_bytes(&file[range.clone()]).expect("columns lie in the order of their alignment")
}

impl Opened {
    /// Opens what [`write`](Prepared::write) wrote to `path`, which must be sealed.
    ///
    /// # Errors
    /// If the file cannot be read, is not sealed, of another build, was cut short or damaged.
    pub fn open(path: &Path) -> Result<Self, PreparedError> {
        let open = || open(Arc::new(Sealed::map(&File::open(path)?)?));
        open().map_err(|problem| PreparedError { path: path.to_owned(), problem })
    }

    /// Whether every index points somewhere and every operation is one that is played.
    fn is_valid(&self) -> bool {
        let (lists, timers) = (self.lists, self.timers.len());
        let mut rows = self.parts.iter().flat_map(OpenedPart::rows);
        self.timers.iter().all(|timer| timer.list() < lists && timer.created_in_trace <= 1)
            && self.init.iter().all(|pending| pending.timer() < timers)
            && rows.all(|row| row.is_valid(lists, timers))
    }
}

fn open(file: Arc<Sealed>) -> Result<Opened, Problem> {
    let cut = || Problem::Length { found: file.len() as u64 };
    let (header, rest) = Header::read_from_prefix(&file).map_err(|_| cut())?;
    let known = header.magic == MAGIC && header.version == VERSION && header.columns <= (PACED | PLACED | FREES);
    let few_enough = header.lists <= MAX_LISTS as u64
        && header.parts <= MAX_THREADS as u64
        && header.timers <= MAX_TIMERS as u64
        && header.init <= header.timers;
    if !known || !few_enough {
        return Err(Problem::Foreign);
    }
    let (headers, _) = <[PartHeader]>::ref_from_prefix_with_elems(rest, header.parts as usize).map_err(|_| cut())?;
    if headers.iter().any(|part| part.rows > MAX_ROWS as u64 || part.role > MAX_ROLE) {
        return Err(Problem::Foreign);
    }
    if file.len() as u64 != expected_length(&header, headers) {
        return Err(cut());
    }
    let mut at = size_of::<Header>() + size_of_val(headers);
    let mut next = |count: u64, size: usize| {
        let begin = at;
        at += count as usize * size;
        begin..at
    };
    let mut part = |part: &PartHeader| OpenedPart {
        role: String::new(),
        file: Arc::clone(&file),
        rows: next(part.rows, size_of::<PlayedRow>()),
        starts: 0..0,
        places: 0..0,
    };
    let mut parts: Vec<OpenedPart> = headers.iter().map(&mut part).collect();
    let init = values(&file, &next(header.init, size_of::<Pending>())).to_vec();
    for (part, header) in parts.iter_mut().zip(headers).filter(|_| header.has(PACED)) {
        part.starts = next(header.rows, size_of::<i64>());
    }
    let timers = values(&file, &next(header.timers, size_of::<PlayedTimer>())).to_vec();
    for (part, header) in parts.iter_mut().zip(headers).filter(|_| header.has(PLACED)) {
        part.places = next(header.rows, size_of::<u32>());
    }
    for (part, header) in parts.iter_mut().zip(headers) {
        let role = values(&file, &next(header.role, 1)).to_vec();
        part.role = String::from_utf8(role).map_err(|_| Problem::Damaged)?;
    }
    let lists = header.lists as usize;
    let opened = Opened { lists, timers, init, parts, frees: header.has(FREES) };
    if opened.is_valid() {
        Ok(opened)
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
