//! Opens a library and finds its table.

use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::check::{Table, TableError};
use crate::guard::guarded;
use crate::raw::RawStrategy;

/// Thread-local memory whose alignment is all that it is for.
///
/// Where a library reaches its own thread-local memory without a call, as a read-side section of liburcu's must to be as cheap as in
/// a program, the loader has to find room for it beside the program's, and refuses if that is aligned less than the library's is.
/// liburcu's is aligned to 128 bytes.
#[repr(align(128))]
struct Aligned(Cell<u8>);

thread_local! {
    static ALIGNED: Aligned = const { Aligned(Cell::new(0)) };
}

/// Why a library is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The loader refuses it: no library, another machine's, something it needs is missing.
    #[error("it does not load: {0}; expected a whole shared library, with everything that it needs")]
    Open(String),
    /// It is a library and has no table.
    #[error("it exports no headlock_export(); expected the function that include/headlock.h declares")]
    NoTable,
    /// There is something wrong with the table.
    #[error("{0}")]
    Table(#[from] TableError),
}

/// Loads the library at `path`, which stays for the life of the process, and looks its table through.
///
/// The library's code runs from here on, its constructors first: nothing that it does can be taken back. Its names are its own
/// (`RTLD_LOCAL`), and one that cannot be found is told now and not in the middle of a trial (`RTLD_NOW`).
///
/// # Errors
/// If it cannot be opened or has no table that is as it should be.
pub fn load(path: &Path) -> Result<Table, LoadError> {
    ALIGNED.with(|aligned| black_box(&aligned.0).set(1));
    // SAFETY: what a constructor of the library does is beyond anybody's promise; whoever calls this has agreed to run it.
    let library = guarded("a constructor", || unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) });
    let library = library.map_err(|error| LoadError::Open(reason(&error, path)))?;
    // Never unloaded: its threads, its thread-local data and liburcu's would be left pointing at nothing.
    let library: &'static Library = Box::leak(Box::new(library));
    type Export = unsafe extern "C-unwind" fn() -> *const RawStrategy;
    // SAFETY: a function of this name is declared in the header, with this type.
    let export = unsafe { library.get::<Export>(c"headlock_export") }.map_err(|_| LoadError::NoTable)?;
    // SAFETY: the header's promise about that function.
    let table = guarded("headlock_export", || unsafe { export() });
    // SAFETY: the header's promise about what it answers.
    Ok(unsafe { Table::read(table) }?)
}

/// The loader's own words, without the path, which whoever tells of it names anyway.
fn reason(error: &libloading::Error, path: &Path) -> String {
    let words = match error {
        libloading::Error::DlOpen { source } => source.to_string(),
        other => other.to_string(),
    };
    words.trim_start_matches(&format!("{}: ", path.display())).to_owned()
}
