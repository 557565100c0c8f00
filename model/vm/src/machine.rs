//! The virtual machine's interface (`runtime/vm.h`), made safe.

use std::ffi::{c_int, c_void};
use std::io::Write;
use std::path::Path;

/// The most levels of groups of cores.
pub const MAX_LEVELS: usize = 8;

/// A group of cores and how long two of them take to hand a line over. Mirrors `struct level`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    /// Cores in such a group.
    pub cores: c_int,
    /// Time that a transfer inside it takes, ps.
    pub latency: i64,
}

/// The machine's description. Mirrors `struct machine`, which says what each field is; times in ps.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "explained once, in runtime/vm.h")]
pub struct Machine {
    pub cores: c_int,
    pub levels: c_int,
    pub level: [Level; MAX_LEVELS],
    pub plain: i64,
    pub load: i64,
    pub store: i64,
    pub rmw: i64,
    pub fence: i64,
    pub call: i64,
    pub memory: i64,
    pub pause: i64,
    pub alloc: i64,
    pub syscall: i64,
    pub futex_wait: i64,
    pub yield_: i64,
    pub wake: i64,
    pub wake_call: i64,
    pub clock: i64,
    pub membarrier: i64,
    pub membarrier_core: i64,
    pub read_service: i64,
    pub apart: i64,
    pub window: i64,
    pub stay_pair: c_int,
    pub stay_queue: c_int,
    pub near_first: c_int,
    pub slack: i64,
}

/// What one simulated thread did. Mirrors `struct counts`, which says what each field is.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "explained once, in runtime/vm.h")]
pub struct Counts {
    pub plain_loads: u64,
    pub plain_stores: u64,
    pub loads: u64,
    pub stores: u64,
    pub rmws: u64,
    pub fences: u64,
    pub lines_read: u64,
    pub lines_written: u64,
    pub lines_fetched: u64,
    pub lines_taken: u64,
    pub allocations: u64,
    pub frees: u64,
    pub syscalls: u64,
    pub parks: u64,
    pub pauses: u64,
    pub waited: u64,
}

impl Counts {
    /// The names of the counts that an anatomy shows, in order.
    pub const NAMES: [&str; 13] = [
        "plain_loads",
        "plain_stores",
        "atomic_loads",
        "atomic_stores",
        "rmws",
        "fences",
        "lines_read",
        "lines_written",
        "lines_fetched",
        "lines_taken",
        "allocations",
        "frees",
        "syscalls",
    ];

    /// The counts in the order of [`NAMES`](Self::NAMES).
    pub fn values(&self) -> [u64; 13] {
        [
            self.plain_loads,
            self.plain_stores,
            self.loads,
            self.stores,
            self.rmws,
            self.fences,
            self.lines_read,
            self.lines_written,
            self.lines_fetched,
            self.lines_taken,
            self.allocations,
            self.frees,
            self.syscalls,
        ]
    }
}

unsafe extern "C" {
    fn vm_machine(described: *const Machine);
    fn vm_seed(seed: u64);
    fn vm_spawn(core: c_int, at: i64, start: extern "C" fn(*mut c_void), argument: *mut c_void) -> c_int;
    fn vm_run();
    fn vm_reset_counts();
    fn vm_read_counts(counts: *mut Counts);
    fn vm_take_std_lock(address: u64);
    fn vm_take_pauses(addresses: *const u64, count: usize, base: u64);
    fn vm_on_fixed_stack(function: extern "C" fn(*mut c_void), argument: *mut c_void);
    safe fn vm_sink(value: i64);
    safe fn vm_fresh_arena();
    safe fn vm_meet(parties: c_int);
    safe fn vm_leave(status: c_int) -> !;
    safe fn vm_now() -> i64;
    safe fn vm_work(time: i64);
    safe fn vm_wait_until(at: i64);
    safe fn vm_finished_operation();
    safe fn vm_phase() -> c_int;
    safe fn vm_phases(warm_up: i64, least: i64, most: i64, operations: u64);
}

/// Describes the machine that is to come; `seed` decides how long a core keeps a line each time.
pub fn describe(machine: &Machine, seed: u64) {
    // SAFETY: both are called before any simulated thread exists, and copy what they are given.
    unsafe { vm_machine(machine) };
    // SAFETY: as above.
    unsafe { vm_seed(seed) };
}

/// Calls `driver` on a stack whose address is the same in every run.
pub fn on_fixed_stack<T>(driver: impl FnOnce() -> T) -> T {
    struct Call<F, T>(Option<F>, Option<T>);
    extern "C" fn call<F: FnOnce() -> T, T>(argument: *mut c_void) {
        // SAFETY: `argument` is the `Call` below, which nobody else touches until this function has returned.
        let call = unsafe { &mut *argument.cast::<Call<F, T>>() };
        call.1 = call.0.take().map(|driver| driver());
    }
    fn start<F: FnOnce() -> T, T>(call_it: &mut Call<F, T>) {
        // SAFETY: the callee returns once `call` has, so the borrow lasts; it runs on another thread of the kernel, while this one waits.
        unsafe { vm_on_fixed_stack(call::<F, T>, std::ptr::from_mut(call_it).cast()) };
    }
    let mut call = Call(Some(driver), None);
    start(&mut call);
    call.1.expect("a panic has ended the program")
}

/// From here on the driver's own memory comes from a range of its own: where it lies depends on no path, argument or environment.
pub fn fresh_arena() {
    vm_fresh_arena();
}

/// What one simulated thread does.
pub struct Task<'a> {
    /// The core that it runs on.
    pub core: usize,
    /// When it starts, ps.
    pub at: i64,
    /// What it does.
    pub work: Box<dyn FnOnce() + 'a>,
}

/// Runs all tasks to their end, each as a simulated thread.
pub fn run(tasks: Vec<Task<'_>>) {
    extern "C" fn start(argument: *mut c_void) {
        // SAFETY: `argument` is the box that `run` leaked for this thread alone. A panic cannot leave this function: it aborts.
        let work = unsafe { Box::from_raw(argument.cast::<Box<dyn FnOnce()>>()) };
        work();
    }
    for task in tasks {
        let argument = Box::into_raw(Box::new(task.work)).cast();
        // SAFETY: the task is done before `vm_run` returns, so it outlives no borrow of 'a. All simulated threads are coroutines on
        // this thread of the kernel, so nothing in the task is used by two threads at once.
        unsafe { vm_spawn(task.core as c_int, task.at, start, argument) };
    }
    // SAFETY: called outside of the simulation, as it must be: `run` is not called from a task.
    unsafe { vm_run() };
}

/// Drops something on a simulated thread: a list's end may wait for threads of its own.
pub fn release<T>(it: T) {
    let drop_it = Box::new(move || drop(it));
    run(vec![Task { core: 0, at: 0, work: drop_it }]);
}

/// The running thread's virtual clock, ps.
#[inline(always)]
pub fn now() -> i64 {
    vm_now()
}

/// Lets virtual time pass for the running thread, ps.
#[inline(always)]
pub fn work(time: i64) {
    vm_work(time);
}

/// Lets all others run until the clock reaches `at`, ps.
pub fn wait_until(at: i64) {
    vm_wait_until(at);
}

/// What the running thread counts while it does `work`.
pub fn counted(work: impl FnOnce()) -> Counts {
    let mut counts = Counts::default();
    // SAFETY: takes nothing and touches only the virtual machine's own state.
    unsafe { vm_reset_counts() };
    work();
    // SAFETY: `counts` is a place of the layout that the callee fills.
    unsafe { vm_read_counts(&mut counts) };
    counts
}

/// Sets when measuring begins and ends: from `warm_up` on, until `operations` have been measured, one of each thread at least, and
/// `least` has passed since, or `most` has, ps.
pub fn phases(warm_up: i64, least: i64, most: i64, operations: u64) {
    vm_phases(warm_up, least, most, operations);
}

/// Where the play is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing counts yet.
    WarmUp,
    /// Operations count.
    Measure,
    /// The threads are to end.
    Over,
}

/// Where the play is by the running thread's clock.
#[inline(always)]
pub fn phase() -> Phase {
    match vm_phase() {
        0 => Phase::WarmUp,
        1 => Phase::Measure,
        _ => Phase::Over,
    }
}

/// Uses a value, so that it must be computed, without an access to memory as `black_box` has.
#[inline(always)]
pub fn sink(value: i64) {
    vm_sink(value);
}

/// Notes that an operation has been measured.
#[inline(always)]
pub fn finished_operation() {
    vm_finished_operation();
}

/// The running thread waits until so many have come here; they go on at the same time.
pub fn meet(parties: usize) {
    vm_meet(parties as c_int);
}

/// Ends the process without the destructors of libraries, which may wait for simulated threads.
pub fn leave(status: u8) -> ! {
    // Whoever reads has seen enough.
    let _ = std::io::stdout().flush();
    vm_leave(status.into())
}

/// Has the virtual machine see the pause instructions of a file that was loaded at `base`: `scripts/model` has listed their addresses
/// beside it.
///
/// # Errors
/// If the list is missing or malformed.
pub fn take_pauses(file: &Path, base: u64) -> Result<(), String> {
    let list = file.with_extension("pauses");
    let text = std::fs::read_to_string(&list)
        .map_err(|error| format!("{}: {error}; scripts/model makes it", list.display()))?;
    let mut addresses = Vec::new();
    for line in text.lines() {
        let (address, what) = line.trim().split_once(' ').unwrap_or((line, ""));
        let address = u64::from_str_radix(address, 16).map_err(|error| format!("{}: {error}", list.display()))?;
        if what == "lock" {
            // SAFETY: the list is of this program, says `scripts/model`, so that a function begins there; no other thread exists.
            unsafe { vm_take_std_lock(address) };
        } else {
            addresses.push(address);
        }
    }
    // SAFETY: the callee checks that a pause instruction stands at each address before it writes there, and no other thread exists.
    unsafe { vm_take_pauses(addresses.as_ptr(), addresses.len(), base) };
    Ok(())
}
