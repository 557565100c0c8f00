//! A list behind the door as a [`TimerList`].

use std::any::Any;
use std::ffi::c_void;
use std::hint::black_box;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{self, NonNull};

use headlock_strategies::conformance::trial::give_up;
use headlock_strategies::{
    Config, Counts, Freshness, LockCounts, Nanos, Progress, ReaderCost, Rearm, Strategy, TimerHandle, TimerId,
    TimerList, spin,
};

use crate::guard::{end, guarded};
use crate::raw::{CONFIG_SIZE, EMPTY, Functions, NO_TIMER, RawConfig, RawCounts, RawHandle, RawList, RawLockCounts};
use crate::slot::Slot;

/// The list whose table is in a slot.
///
/// Types differ by slot because a [`TimerList`] is made from its type alone; what they do is the same.
pub struct CList<const SLOT: usize> {
    functions: &'static Functions,
    list: NonNull<RawList>,
    /// The library may keep its address for as long as the list exists.
    _config: Box<RawConfig>,
}

// SAFETY: the header demands of a list that any thread may create a handle to it, ask it for its counts and destroy it.
unsafe impl<const SLOT: usize> Send for CList<SLOT> {}
// SAFETY: as above, and many at once.
unsafe impl<const SLOT: usize> Sync for CList<SLOT> {}

impl<const SLOT: usize> TimerList for CList<SLOT> {
    const STRATEGY: Strategy = Strategy {
        name: "behind-the-door",
        summary: "whatever the table in the slot declares",
        built_on: "include/headlock.h",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Racy,
        writer: "whatever the list does",
        reference: "docs/STRATEGY.md",
    };
    type Handle<'a> = CHandle<'a>;

    /// # Panics
    /// If the slot is empty.
    fn strategy() -> Strategy {
        table::<SLOT>().strategy
    }

    /// # Panics
    /// If the slot is empty, or the library makes no list.
    fn new(config: &Config) -> Self {
        // So that no compiler follows the functions of a table that is known when it is compiled.
        let functions = black_box(table::<SLOT>().functions);
        let config = Box::new(RawConfig {
            size: CONFIG_SIZE,
            hold_spins: config.hold_spins,
            spin: host_spin,
            retired: config.grace.map(|_| host_retired as extern "C" fn(_) -> _),
            reclaimed: config.grace.map(|_| host_reclaimed as extern "C" fn(_, _)),
            probe: config.grace,
        });
        // SAFETY: the table's own function, with a config that outlives the list.
        let list = guarded("create_list", || unsafe { (functions.create_list)(&raw const *config) });
        let list =
            NonNull::new(list).unwrap_or_else(|| give_up("create_list() answered NULL; expected a list".to_owned()));
        CList { functions, list, _config: config }
    }

    /// # Panics
    /// If the library makes no handle.
    fn handle(&self) -> CHandle<'_> {
        // SAFETY: the list is the library's own, and has not been destroyed.
        let handle = guarded("create_handle", || unsafe { (self.functions.create_handle)(self.list.as_ptr()) });
        let handle = NonNull::new(handle)
            .unwrap_or_else(|| give_up("create_handle() answered NULL; expected a handle".to_owned()));
        CHandle { functions: self.functions, handle, list: PhantomData }
    }

    fn counts(&self) -> Counts {
        let mut counts = RawCounts::default();
        if let Some(count) = self.functions.counts {
            // SAFETY: the list is the library's own, and has not been destroyed; the counts are ours for the call.
            guarded("counts", || unsafe { count(self.list.as_ptr(), &raw mut counts) });
        }
        counts.into()
    }
}

/// The table in a slot that list types were made of.
fn table<const SLOT: usize>() -> crate::Table {
    Slot(SLOT).table().expect("a slot is filled before lists are made of it")
}

impl<const SLOT: usize> Drop for CList<SLOT> {
    fn drop(&mut self) {
        // SAFETY: the list is the library's own, destroyed once; handles borrow it, so none is left.
        guarded("destroy_list", || unsafe { (self.functions.destroy_list)(self.list.as_ptr()) });
    }
}

/// One thread's handle to a list behind the door. Bound to its thread by the address in it.
pub struct CHandle<'a> {
    functions: &'static Functions,
    handle: NonNull<RawHandle>,
    list: PhantomData<&'a RawList>,
}

impl CHandle<'_> {
    #[inline(always)]
    fn raw(&self) -> *mut RawHandle {
        self.handle.as_ptr()
    }
}

impl Drop for CHandle<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle was created by this thread, is destroyed once, and no operation is under way.
        guarded("destroy_handle", || unsafe { (self.functions.destroy_handle)(self.raw()) });
    }
}

impl TimerHandle for CHandle<'_> {
    fn create(&mut self) -> TimerId {
        // SAFETY: of every call of this block: the handle was created by this thread and not destroyed, the function is its own.
        let timer = guarded("create", || unsafe { (self.functions.create)(self.raw()) });
        if timer == NO_TIMER {
            give_up("create() answered HEADLOCK_NO_TIMER; expected the name of a timer".to_owned());
        }
        TimerId::from_raw(timer)
    }

    fn free(&mut self, timer: TimerId) {
        if timer.into_raw() != NO_TIMER {
            // SAFETY: as in `create`.
            guarded("free", || unsafe { (self.functions.free)(self.raw(), timer.into_raw()) });
        }
    }

    #[inline]
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        if timer.into_raw() == NO_TIMER {
            return Rearm::No;
        }
        // SAFETY: as in `create`.
        let rearm = guarded("modify", || unsafe { (self.functions.modify)(self.raw(), timer.into_raw(), expire.0) });
        Rearm::when(rearm != 0)
    }

    #[inline]
    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        if timer.into_raw() == NO_TIMER {
            return Rearm::No;
        }
        // SAFETY: as in `create`.
        let rearm =
            guarded("anticipate", || unsafe { (self.functions.anticipate)(self.raw(), timer.into_raw(), expire.0) });
        Rearm::when(rearm != 0)
    }

    #[inline]
    fn cancel(&mut self, timer: TimerId) -> bool {
        // SAFETY: as in `create`.
        let cancel = || unsafe { (self.functions.cancel)(self.raw(), timer.into_raw()) };
        timer.into_raw() != NO_TIMER && guarded("cancel", cancel) != 0
    }

    #[inline(always)]
    fn deadline(&mut self) -> Option<Nanos> {
        // SAFETY: as in `create`.
        let deadline = guarded("deadline", || unsafe { (self.functions.deadline)(self.raw()) });
        (deadline != EMPTY).then_some(Nanos(deadline))
    }

    #[inline(always)]
    fn expired(&mut self, now: Nanos) -> bool {
        match self.functions.expired {
            // SAFETY: as in `create`.
            Some(expired) => guarded("expired", || unsafe { expired(self.raw(), now.0) }) != 0,
            None => self.deadline().is_some_and(|deadline| deadline <= now),
        }
    }

    fn run(&mut self, now: Nanos, fire: impl FnMut(&mut Self, TimerId)) -> usize {
        let run = self.functions.run;
        let handle = self.raw();
        let mut visit = Visit {
            handle: ptr::from_mut(self),
            fire,
            inside: false,
            panic: None,
        };
        let call_back = call_back_of(&visit);
        let context = (&raw mut visit).cast::<c_void>();
        // SAFETY: as in `create`; the context is what the callback takes it for, and stays until the call is over.
        let fired = guarded("run", || unsafe { run(handle, now.0, call_back, context) });
        if visit.inside {
            end("a longjmp() left a callback of run()");
        }
        if let Some(panic) = visit.panic {
            resume_unwind(panic);
        }
        fired
    }

    #[inline]
    fn quiescent(&mut self) {
        if let Some(quiescent) = self.functions.quiescent {
            // SAFETY: as in `create`.
            guarded("quiescent", || unsafe { quiescent(self.raw()) });
        }
    }

    fn lock_counts(&self) -> LockCounts {
        let mut counts = RawLockCounts::default();
        if let Some(count) = self.functions.lock_counts {
            // SAFETY: as in `create`; the counts are ours for the call.
            guarded("lock_counts", || unsafe { count(self.raw(), &raw mut counts) });
        }
        counts.into()
    }

    fn count_locks(&mut self, counting: bool) -> bool {
        let Some(count) = self.functions.count_locks else {
            return false;
        };
        // SAFETY: as in `create`.
        guarded("count_locks", || unsafe { count(self.raw(), counting.into()) });
        true
    }

    fn local_counts(&self) -> Counts {
        let mut counts = RawCounts::default();
        if let Some(count) = self.functions.local_counts {
            // SAFETY: as in `create`; the counts are ours for the call.
            guarded("local_counts", || unsafe { count(self.raw(), &raw mut counts) });
        }
        counts.into()
    }
}

/// A run under way, as its callback finds it.
struct Visit<H, F> {
    handle: *mut H,
    fire: F,
    /// Whether the callback has begun and not ended.
    inside: bool,
    /// What it panicked with, kept until the library's frames are left in an orderly way; from then on nothing is called back.
    panic: Option<Box<dyn Any + Send>>,
}

/// The callback that goes with a run.
fn call_back_of<H, F: FnMut(&mut H, TimerId)>(_visit: &Visit<H, F>) -> crate::raw::Fire {
    call_back::<H, F>
}

/// `headlock_fire`.
///
/// # Safety
/// `context` is a [`Visit`] of these types, and its handle is used by nobody else while this runs.
unsafe extern "C-unwind" fn call_back<H, F: FnMut(&mut H, TimerId)>(context: *mut c_void, timer: u64) {
    let visit = context.cast::<Visit<H, F>>();
    // SAFETY: the caller's promise.
    let visit = unsafe { &mut *visit };
    if visit.panic.is_some() {
        return;
    }
    if visit.inside {
        end("a callback of run() was called within itself, or a longjmp() left it");
    }
    visit.inside = true;
    // SAFETY: the handle that `run` was called on, which waits for it to end.
    let handle = unsafe { &mut *visit.handle };
    let fired = catch_unwind(AssertUnwindSafe(|| (visit.fire)(handle, TimerId::from_raw(timer))));
    visit.inside = false;
    visit.panic = fired.err();
}

extern "C" fn host_spin(turns: u32) {
    spin(turns);
}

extern "C" fn host_retired(config: *const RawConfig) -> u64 {
    // SAFETY: the header has a library hand back the config that its list was made with, which is there as long as the list.
    let probe = unsafe { (*config).probe };
    probe.map_or(0, |probe| (probe.stamp)())
}

extern "C" fn host_reclaimed(config: *const RawConfig, stamp: u64) {
    // SAFETY: as in `host_retired`.
    if let Some(probe) = unsafe { (*config).probe } {
        (probe.reclaimed)(stamp);
    }
}

impl From<RawLockCounts> for LockCounts {
    fn from(raw: RawLockCounts) -> Self {
        let RawLockCounts { acquisitions, contended, wait_ns } = raw;
        LockCounts { acquisitions, contended, wait_ns }
    }
}

impl From<LockCounts> for RawLockCounts {
    fn from(counts: LockCounts) -> Self {
        let LockCounts { acquisitions, contended, wait_ns } = counts;
        RawLockCounts { acquisitions, contended, wait_ns }
    }
}

impl From<RawCounts> for Counts {
    fn from(raw: RawCounts) -> Self {
        let RawCounts { lock, retries, retired, reclaimed, peak_unreclaimed } = raw;
        Counts {
            lock: lock.into(),
            retries,
            retired,
            reclaimed,
            peak_unreclaimed,
        }
    }
}

impl From<Counts> for RawCounts {
    fn from(counts: Counts) -> Self {
        let Counts { lock, retries, retired, reclaimed, peak_unreclaimed } = counts;
        RawCounts {
            lock: lock.into(),
            retries,
            retired,
            reclaimed,
            peak_unreclaimed,
        }
    }
}
