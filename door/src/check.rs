//! Looks a library's table through, member by member, before anything else is done with it.

use std::ffi::{CStr, c_char};
use std::mem::{offset_of, size_of};
use std::ptr;

use headlock_strategies::{Freshness, Progress, ReaderCost, Strategy};

use crate::raw::{Functions, LEAST_SIZE, RawHead, RawStrategy, VERSION};

/// The longest name, bytes.
const LONGEST_NAME: usize = 40;
/// The longest of the other texts, bytes.
const LONGEST_TEXT: usize = 200;
/// The readers' costs, in the order of `enum headlock_reader`.
pub const READERS: [ReaderCost; 5] = [
    ReaderCost::None,
    ReaderCost::Fence,
    ReaderCost::Rmw,
    ReaderCost::Lock,
    ReaderCost::Asymmetric,
];
/// In the order of `enum headlock_progress`.
pub const PROGRESSES: [Progress; 4] = [
    Progress::Blocking,
    Progress::ObstructionFree,
    Progress::LockFree,
    Progress::WaitFree,
];
/// In the order of `enum headlock_freshness`.
pub const FRESHNESSES: [Freshness; 3] = [Freshness::Linearizable, Freshness::Notified, Freshness::Racy];

/// What is wrong with a table, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// There is none.
    #[error("headlock_export() answers NULL; expected its table")]
    Null,
    /// Of another version of the interface.
    #[error("its table has version {0}; this headlock understands version {VERSION}: {remedy}", remedy = remedy(*.0))]
    Version(u32),
    /// It ends too early.
    #[error("its table has {0} bytes; expected sizeof(struct headlock_strategy), which is {LEAST_SIZE} at least")]
    Size(u32),
    /// A mandatory function is not there.
    #[error("{0}() is NULL in its table; expected a function")]
    Missing(&'static str),
    /// A text is not there, or none.
    #[error("{0} is {1} in its table; expected {2}")]
    Text(&'static str, String, String),
    /// A declaration that the interface does not know.
    #[error("{0} is {1} in its table; expected a constant of enum headlock_{0}, 0 to {2}")]
    Declaration(&'static str, u32, usize),
    /// Counting that cannot be looked at.
    #[error("count_locks() is in its table and lock_counts() is NULL; expected both or neither")]
    CountsUnseen,
}

fn remedy(version: u32) -> &'static str {
    match version > VERSION {
        true => "take a newer headlock, or compile the library against this one's include/headlock.h",
        false => "compile the library against this headlock's include/headlock.h",
    }
}

/// A table that is as it should be: what a list declares, and its functions.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub(crate) strategy: Strategy,
    pub(crate) functions: &'static Functions,
}

impl Table {
    /// What the list declares about itself.
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Makes a table for the life of the process.
    pub(crate) fn new(strategy: Strategy, functions: Functions) -> Self {
        Table { strategy, functions: Box::leak(Box::new(functions)) }
    }

    /// Looks through what a library answers.
    ///
    /// # Safety
    /// `table` is null, or begins with a version and a size, and if the version is [`VERSION`] it is a `struct headlock_strategy` of
    /// that size whose texts end in a NUL.
    pub(crate) unsafe fn read(table: *const RawStrategy) -> Result<Table, TableError> {
        if table.is_null() {
            return Err(TableError::Null);
        }
        // SAFETY: the caller's promise: both members are there in every version, at these places.
        let version =
            unsafe { ptr::read_unaligned(table.wrapping_byte_add(offset_of!(RawHead, version)).cast::<u32>()) };
        if version != VERSION {
            return Err(TableError::Version(version));
        }
        // SAFETY: as above.
        let size = unsafe { ptr::read_unaligned(table.wrapping_byte_add(offset_of!(RawHead, size)).cast::<u32>()) };
        if (size as usize) < LEAST_SIZE {
            return Err(TableError::Size(size));
        }
        let known = (size as usize).min(size_of::<RawStrategy>());
        let mut raw = std::mem::MaybeUninit::<RawStrategy>::zeroed();
        // SAFETY: the table has `size` bytes, by the caller's promise, and `raw` no less than `known`.
        unsafe { ptr::copy_nonoverlapping(table.cast::<u8>(), raw.as_mut_ptr().cast::<u8>(), known) };
        // SAFETY: numbers, addresses and optional functions, of which zeros are values; and what was copied are a table's own.
        let raw = unsafe { raw.assume_init() };
        let functions = Functions::of(&raw).map_err(TableError::Missing)?;
        if functions.count_locks.is_some() && functions.lock_counts.is_none() {
            return Err(TableError::CountsUnseen);
        }
        // SAFETY: the caller's promise about its texts.
        let strategy = unsafe { strategy(&raw.head) }?;
        Ok(Table::new(strategy, functions))
    }
}

/// What a table declares, kept for the life of the process.
///
/// # Safety
/// The texts are null or end in a NUL.
unsafe fn strategy(head: &RawHead) -> Result<Strategy, TableError> {
    // SAFETY: the caller's promise.
    let text = |field, pointer| unsafe { text(field, pointer) };
    Ok(Strategy {
        // SAFETY: the caller's promise.
        name: unsafe { name(head.name) }?,
        summary: text("summary", head.summary)?,
        built_on: text("built_on", head.built_on)?,
        reader: one_of("reader", head.reader, &READERS)?,
        progress: one_of("progress", head.progress, &PROGRESSES)?,
        freshness: one_of("freshness", head.freshness, &FRESHNESSES)?,
        writer: text("writer", head.writer)?,
        reference: text("reference", head.reference)?,
    })
}

fn one_of<T: Copy>(field: &'static str, value: u32, known: &[T]) -> Result<T, TableError> {
    let constant = known.get(value as usize).copied();
    constant.ok_or(TableError::Declaration(field, value, known.len() - 1))
}

/// A copy of a text, for the life of the process.
///
/// # Safety
/// The pointer is null or the text ends in a NUL.
unsafe fn text(field: &'static str, pointer: *const c_char) -> Result<&'static str, TableError> {
    let wrong = |found: &str| {
        let expected = format!("one line of UTF-8, {LONGEST_TEXT} bytes at most");
        TableError::Text(field, found.to_owned(), expected)
    };
    if pointer.is_null() {
        return Err(wrong("NULL"));
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    let text = bytes.to_str().map_err(|_| wrong("not UTF-8"))?;
    if text.len() > LONGEST_TEXT {
        return Err(wrong("too long"));
    }
    match text.chars().any(char::is_control) {
        true => Err(wrong("more than one line")),
        false => Ok(text.to_owned().leak()),
    }
}

/// A name that a command line and a file can take, kept for the life of the process.
///
/// # Safety
/// The pointer is null or the text ends in a NUL.
unsafe fn name(pointer: *const c_char) -> Result<&'static str, TableError> {
    let wrong = |found: String| {
        let expected =
            format!("letters, digits and - _ . in 1 to {LONGEST_NAME} bytes, no - first, and neither . nor ..");
        TableError::Text("name", found, expected)
    };
    if pointer.is_null() {
        return Err(wrong("NULL".to_owned()));
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    let name = bytes.to_string_lossy();
    let fits = (1..=LONGEST_NAME).contains(&name.len());
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    match fits && plain && !name.starts_with('-') && name != "." && name != ".." {
        true => Ok(name.into_owned().leak()),
        false if name.chars().count() > 2 * LONGEST_NAME => Err(wrong("too long".to_owned())),
        false => Err(wrong(format!("\"{}\"", name.escape_debug()))),
    }
}
