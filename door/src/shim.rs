//! The door from the other side: a table of a list in Rust, whose functions are what a library's are to the caller.
//!
//! A list plays through it as one in C does, call by call, so that the price of the door is the difference to the same list
//! without it.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr;

use headlock_strategies::{Config, Nanos, Strategy, TimerHandle, TimerId, TimerList};

use crate::check::Table;
use crate::raw::{Fire, Functions, RawConfig, RawCounts, RawHandle, RawList, RawLockCounts};

/// What a list is called by that plays through the door, behind its own name.
pub const SUFFIX: &str = "@c";

/// A table of a list in Rust, under the list's name with [`SUFFIX`] behind it.
pub fn table_of<L: TimerList>() -> Table {
    let own = L::strategy();
    let strategy = Strategy {
        name: format!("{}{SUFFIX}", own.name).leak(),
        summary: format!("{}, through the C interface", own.name).leak(),
        ..own
    };
    let functions = Functions {
        create_list: create_list::<L>,
        destroy_list: destroy_list::<L>,
        create_handle: create_handle::<L>,
        destroy_handle: destroy_handle::<L>,
        create: create::<L>,
        free: free::<L>,
        modify: modify::<L>,
        anticipate: anticipate::<L>,
        cancel: cancel::<L>,
        deadline: deadline::<L>,
        run: run::<L>,
        expired: Some(expired::<L>),
        quiescent: Some(quiescent::<L>),
        counts: Some(counts::<L>),
        local_counts: Some(local_counts::<L>),
        lock_counts: Some(lock_counts::<L>),
        count_locks: Some(count_locks::<L>),
    };
    Table::new(strategy, functions)
}

/// What a `RawHandle` of ours is.
#[repr(C)]
struct Handle<H> {
    /// First, so that both have one address.
    own: H,
    /// The address under which a run has handed the handle to its callback.
    lent: Cell<usize>,
}

/// # Safety
/// Of this and all functions below: what the header demands of a caller, with the list or handle of another function of the same table.
unsafe extern "C-unwind" fn create_list<L: TimerList>(config: *const RawConfig) -> *mut RawList {
    // SAFETY: the caller's promise.
    let raw = unsafe { &*config };
    let config = Config { hold_spins: raw.hold_spins, grace: raw.probe };
    Box::into_raw(Box::new(L::new(&config))).cast()
}

unsafe extern "C-unwind" fn destroy_list<L: TimerList>(list: *mut RawList) {
    // SAFETY: the caller's promise; the list came from `create_list`.
    drop(unsafe { Box::from_raw(list.cast::<L>()) });
}

/// The list behind an address.
///
/// # Safety
/// It came from `create_list` of the same type and is destroyed after the last use of what this answers.
unsafe fn list<'a, L: TimerList>(list: *mut RawList) -> &'a L {
    // SAFETY: the caller's promise.
    unsafe { &*list.cast::<L>() }
}

unsafe extern "C-unwind" fn create_handle<L: TimerList>(raw: *mut RawList) -> *mut RawHandle {
    // SAFETY: the caller's promise; handles are destroyed before their list.
    let list = unsafe { list::<L>(raw) };
    let handle = Box::into_raw(Box::new(Handle { own: list.handle(), lent: Cell::new(0) }));
    handle.expose_provenance();
    handle.cast()
}

unsafe extern "C-unwind" fn destroy_handle<L: TimerList>(handle: *mut RawHandle) {
    // SAFETY: the caller's promise; the handle came from `create_handle`.
    drop(unsafe { Box::from_raw(handle.cast::<Handle<L::Handle<'_>>>()) });
}

/// The handle behind an address.
///
/// A callback changes the list by the same address as the run that it is called from, while that run holds the handle and has
/// lent it out. So an address stands for whatever was exposed last under it: the whole handle, or what the run lent.
///
/// # Safety
/// It came from `create_handle` of the same type, is used by one thread, and whoever uses it already has lent it out.
#[inline(always)]
unsafe fn handle<'a, L: TimerList + 'a>(handle: *mut RawHandle) -> &'a mut L::Handle<'a> {
    let handle = ptr::with_exposed_provenance_mut::<L::Handle<'a>>(handle.addr());
    // SAFETY: the caller's promise.
    unsafe { &mut *handle }
}

unsafe extern "C-unwind" fn create<L: TimerList>(raw: *mut RawHandle) -> u64 {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.create().into_raw()
}

unsafe extern "C-unwind" fn free<L: TimerList>(raw: *mut RawHandle, timer: u64) {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.free(TimerId::from_raw(timer));
}

unsafe extern "C-unwind" fn modify<L: TimerList>(raw: *mut RawHandle, timer: u64, expire: i64) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.modify(TimerId::from_raw(timer), Nanos(expire)).is_yes().into()
}

unsafe extern "C-unwind" fn anticipate<L: TimerList>(raw: *mut RawHandle, timer: u64, expire: i64) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.anticipate(TimerId::from_raw(timer), Nanos(expire)).is_yes().into()
}

unsafe extern "C-unwind" fn cancel<L: TimerList>(raw: *mut RawHandle, timer: u64) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.cancel(TimerId::from_raw(timer)).into()
}

unsafe extern "C-unwind" fn deadline<L: TimerList>(raw: *mut RawHandle) -> i64 {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.deadline().map_or(crate::raw::EMPTY, |deadline| deadline.0)
}

unsafe extern "C-unwind" fn expired<L: TimerList>(raw: *mut RawHandle, now: i64) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.expired(Nanos(now)).into()
}

unsafe extern "C-unwind" fn run<L: TimerList>(
    raw: *mut RawHandle,
    now: i64,
    fire: Fire,
    context: *mut c_void,
) -> usize {
    // SAFETY: the caller's promise.
    let own = unsafe { handle::<L>(raw) };
    // SAFETY: the place beside the handle in the same box, which no reference covers.
    let lent = unsafe { &*raw.wrapping_byte_add(offset_of!(Handle<L::Handle<'_>>, lent)).cast::<Cell<usize>>() };
    own.run(Nanos(now), |handle, timer| {
        // Kept where the compiler must take it to be read, so that it expects the callback to change what the run holds.
        lent.set(ptr::from_mut(handle).expose_provenance());
        // SAFETY: the callback and the context that go with this run, from the caller.
        unsafe { fire(context, timer.into_raw()) };
    })
}

unsafe extern "C-unwind" fn quiescent<L: TimerList>(raw: *mut RawHandle) {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.quiescent();
}

unsafe extern "C-unwind" fn counts<L: TimerList>(raw: *mut RawList, counts: *mut RawCounts) {
    // SAFETY: the caller's promise.
    let list = unsafe { list::<L>(raw) };
    // SAFETY: as above.
    unsafe { counts.write(list.counts().into()) };
}

unsafe extern "C-unwind" fn local_counts<L: TimerList>(raw: *mut RawHandle, counts: *mut RawCounts) {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    // SAFETY: as above.
    unsafe { counts.write(handle.local_counts().into()) };
}

unsafe extern "C-unwind" fn lock_counts<L: TimerList>(raw: *mut RawHandle, counts: *mut RawLockCounts) {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    // SAFETY: as above.
    unsafe { counts.write(handle.lock_counts().into()) };
}

unsafe extern "C-unwind" fn count_locks<L: TimerList>(raw: *mut RawHandle, counting: c_int) {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle::<L>(raw) };
    handle.count_locks(counting != 0);
}
