//! A prepared trace as a file: memory as it is, in this machine's byte order, behind a header that says how much there is of what.
//!
//! In order: the header; of each part its [`PartHeader`]; the parts' roles; timers; pending timers; the rows of each part; and,
//! if the trace was prepared for a pace, the starts of each part; and, if it was for several threads, the places of each part. Nothing lies
//! between them.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

use super::super::{MAX_LISTS, MAX_ROWS, MAX_THREADS, MAX_TIMERS};
use super::{Pending, PlayedRow, PlayedTimer, Prepared};

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
}

/// A prepared trace as those see it who play it. Valid throughout; the file must stay as it is.
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

/// What one replay thread plays.
#[derive(Debug)]
pub struct OpenedPart {
    /// What the thread stands for: the trace thread's name, or `all`.
    pub role: String,
    file: Arc<File>,
    /// Where its rows begin in the file.
    begin: u64,
    rows: usize,
    starts: Vec<i64>,
    places: Vec<u32>,
}

impl OpenedPart {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none, as for a thread that only saw timers fire.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Which rows have places among all that are played from `from` up to before `to`.
    pub fn between(&self, from: usize, to: usize) -> Range<usize> {
        let row = |end: usize| match self.places[..] {
            [] => end.min(self.rows),
            _ => self.places.partition_point(|place| (*place as usize) < end),
        };
        row(from)..row(to)
    }

    /// The place of each row among all that are played; empty where this is the only part.
    #[cfg(test)]
    pub(super) fn places(&self) -> &[u32] {
        &self.places
    }

    /// When these rows are to start, ns; nothing unless the trace was prepared for a pace.
    pub fn starts(&self, rows: Range<usize>) -> &[i64] {
        self.starts.get(rows).unwrap_or_default()
    }

    /// Reads as many rows as `into` holds, from number `first` on.
    fn read(&self, first: usize, into: &mut [PlayedRow]) -> io::Result<()> {
        self.file.read_exact_at(into.as_mut_bytes(), self.begin + (first * size_of::<PlayedRow>()) as u64)
    }
}

/// Consecutive rows of a part in memory. The next ones take the same memory, so that no pages come and go and the caches hold it.
#[derive(Debug, Default)]
pub struct Window {
    held: Range<usize>,
    memory: Vec<PlayedRow>,
}

impl Window {
    /// Reads these rows, unless they are here.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn hold(&mut self, part: &OpenedPart, rows: Range<usize>) -> io::Result<()> {
        if self.held == rows {
            return Ok(());
        }
        if self.memory.len() < rows.len() {
            self.memory = zeroed(rows.len() as u64)?;
        }
        self.held = 0..0;
        part.read(rows.start, &mut self.memory[..rows.len()])?;
        self.held = rows;
        Ok(())
    }

    /// Which rows are here.
    pub fn held(&self) -> Range<usize> {
        self.held.clone()
    }

    /// They themselves.
    pub fn rows(&self) -> &[PlayedRow] {
        &self.memory[..self.held.len()]
    }
}

impl Opened {
    /// Opens what [`write`](Prepared::write) wrote to `path`, and checks all of it. No memory is taken for more than the file holds.
    ///
    /// # Errors
    /// If the file cannot be read, is of another build, was cut short or damaged.
    pub fn open(path: &Path) -> Result<Self, PreparedError> {
        let open = || {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            open(Arc::new(file), length)
        };
        open().map_err(|problem| PreparedError { path: path.to_owned(), problem })
    }

    /// Whether every index points somewhere and every operation is one that is played.
    pub(super) fn is_valid(&self) -> io::Result<bool> {
        /// Rows that are looked at together: what a cache holds.
        const TOGETHER: usize = 4096;
        let (lists, timers) = (self.lists, self.timers.len());
        let mut valid = self.timers.iter().all(|timer| timer.list() < lists && timer.created_in_trace <= 1)
            && self.init.iter().all(|pending| pending.timer() < timers);
        let mut window = Window::default();
        for part in &self.parts {
            for first in (0..part.rows).step_by(TOGETHER) {
                window.hold(part, first..(first + TOGETHER).min(part.rows))?;
                valid &= window.rows().iter().fold(true, |valid, row| valid & row.is_valid(lists, timers));
            }
            window.held = 0..0;
        }
        Ok(valid)
    }
}

fn open(file: Arc<File>, length: u64) -> Result<Opened, Problem> {
    let mut reader = &*file;
    let mut header = Header::new_zeroed();
    fill(&mut reader, header.as_mut_bytes(), length)?;
    let known = header.magic == MAGIC && header.version == VERSION && header.columns <= (PACED | PLACED | FREES);
    let few_enough = header.lists <= MAX_LISTS as u64
        && header.parts <= MAX_THREADS as u64
        && header.timers <= MAX_TIMERS as u64
        && header.init <= header.timers;
    if !known || !few_enough {
        return Err(Problem::Foreign);
    }
    let headers: Vec<PartHeader> = column(&mut reader, header.parts, length)?;
    if headers.iter().any(|part| part.rows > MAX_ROWS as u64 || part.role > MAX_ROLE) {
        return Err(Problem::Foreign);
    }
    if length != expected_length(&header, &headers) {
        return Err(Problem::Length { found: length });
    }
    let mut roles = Vec::with_capacity(headers.len());
    for part in &headers {
        roles.push(String::from_utf8(column(&mut reader, part.role, length)?).map_err(|_| Problem::Damaged)?);
    }
    let timers: Vec<PlayedTimer> = column(&mut reader, header.timers, length)?;
    let init: Vec<Pending> = column(&mut reader, header.init, length)?;
    let mut begin = reader.stream_position()?;
    let mut parts = Vec::with_capacity(headers.len());
    for (role, part) in roles.into_iter().zip(&headers) {
        let (rows, file) = (part.rows as usize, Arc::clone(&file));
        parts.push(OpenedPart {
            role,
            file,
            begin,
            rows,
            starts: Vec::new(),
            places: Vec::new(),
        });
        begin += part.rows * size_of::<PlayedRow>() as u64;
    }
    reader.seek(io::SeekFrom::Start(begin))?;
    if header.has(PACED) {
        for part in &mut parts {
            part.starts = column(&mut reader, part.rows as u64, length)?;
        }
    }
    if header.has(PLACED) {
        for part in &mut parts {
            part.places = column(&mut reader, part.rows as u64, length)?;
        }
    }
    let lists = header.lists as usize;
    let opened = Opened { lists, timers, init, parts, frees: header.has(FREES) };
    if opened.is_valid()? {
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

/// The next `count` values.
fn column<T: FromBytes + IntoBytes>(file: &mut impl Read, count: u64, length: u64) -> Result<Vec<T>, Problem> {
    let mut values: Vec<T> = zeroed(count)?;
    fill(file, values.as_mut_slice().as_mut_bytes(), length)?;
    Ok(values)
}

/// So many values, in memory that the kernel has zeroed.
fn zeroed<T: FromZeros>(count: u64) -> io::Result<Vec<T>> {
    T::new_vec_zeroed(count as usize)
        .map_err(|_| io::Error::new(io::ErrorKind::OutOfMemory, format!("no memory for {count} values")))
}

/// Fills `bytes`. A file that ends too early is told from one that cannot be read.
fn fill(file: &mut impl Read, bytes: &mut [u8], length: u64) -> Result<(), Problem> {
    file.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Problem::Length { found: length },
        _ => Problem::Io(error),
    })
}
