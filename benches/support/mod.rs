//! What the benches share: lists with timers armed, one operation at a time, and where the threads run.
#![allow(dead_code, reason = "each bench uses a part of it")]
#![allow(
    clippy::disallowed_types,
    reason = "criterion wants its own kind of duration measured"
)]

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Duration;

use criterion::Criterion;
use headlock::harness::clock::Moment;
use headlock::harness::{FloorList, pin};
use headlock::strategies::{Nanos, TimerHandle, TimerId, Visitor, visit_builtin};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Operations between two quiescent states, as in `headlock run`.
const BATCH: u64 = 64;
/// How many pre-drawn changes a thread plays in turn.
const DRAWS: usize = 1 << 16;

/// The head's deadlines in the measured thread: each modify at the head takes the next one down.
const HEAD: i64 = 1 << 60;
/// The head's deadlines in a background writer: behind those above, so that a modify at the head is one beside it, too.
const WRITERS_HEAD: i64 = 1 << 61;
/// All other deadlines lie from here on, within [`SPAN`].
const BEHIND: i64 = 1 << 62;
/// How far deadlines behind the head are apart at most, ns: a second.
const SPAN: i64 = 1_000_000_000;

/// The processors that this program may use, before any thread is bound to one.
pub static CPUS: LazyLock<Vec<usize>> = LazyLock::new(pin::allowed_cpus);

/// Binds the calling thread, which measures, to the first processor, and sets times that make all benches last minutes.
/// Options on the command line take precedence.
pub fn criterion() -> Criterion {
    if let Some(&first) = CPUS.first() {
        pin::pin_current(first).expect("the processor is in the affinity mask");
    }
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
}

/// Visits the floor, which is the loop's own cost, and every built-in strategy.
pub fn visit_all(visitor: &mut impl Visitor) {
    visitor.visit::<FloorList>();
    visit_builtin(visitor);
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// Reads the head's deadline.
    Deadline,
    /// Runs the list while nothing is due.
    Run,
    /// Modifies a timer so that it becomes the head.
    ModifyHead,
    /// Modifies a timer that is not the head and does not become it.
    ModifyBehind,
    /// Frees a timer behind the head, creates one and arms it there.
    Churn,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 5] = [
        Operation::Deadline,
        Operation::Run,
        Operation::ModifyHead,
        Operation::ModifyBehind,
        Operation::Churn,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Deadline => "deadline",
            Operation::Run => "run",
            Operation::ModifyHead => "modify at the head",
            Operation::ModifyBehind => "modify behind the head",
            Operation::Churn => "churn",
        }
    }

    /// Does it `times` times.
    pub fn repeat<H: TimerHandle>(self, timers: &mut Timers<H>, times: u64) {
        match self {
            Operation::Deadline => timers.repeat(times, |timers| {
                black_box(timers.handle.deadline());
            }),
            Operation::Run => timers.repeat(times, |timers| {
                black_box(timers.handle.run(Nanos::ZERO, |_, _| {}));
            }),
            Operation::ModifyHead => timers.repeat(times, Timers::modify_at_head),
            Operation::ModifyBehind => timers.repeat(times, Timers::modify_behind),
            Operation::Churn => timers.repeat(times, Timers::churn),
        }
    }

    /// Does it `times` times and answers how long that took: what criterion asks for, with quiescent states in between.
    pub fn timed<H: TimerHandle>(self, timers: &mut Timers<H>, times: u64) -> Duration {
        let start = Moment::now();
        self.repeat(timers, times);
        Duration::from_nanos(start.elapsed_ns())
    }
}

/// A pre-drawn change.
#[derive(Clone, Copy)]
struct Draw {
    timer: usize,
    expire: Nanos,
}

/// One thread's handle, its own timers, and the changes that it will make.
pub struct Timers<H> {
    handle: H,
    timers: Vec<TimerId>,
    draws: Vec<Draw>,
    next: usize,
    /// The deadline that was last used at the head.
    head: i64,
}

impl<H: TimerHandle> Timers<H> {
    /// Arms `count` timers, at least two. The first is the head and stays it, but for modifies at the head.
    pub fn armed(handle: H, count: usize) -> Self {
        Timers::with_head(handle, count, HEAD)
    }

    /// As [`armed`](Self::armed), for a thread in the background.
    pub fn in_background(handle: H, count: usize) -> Self {
        Timers::with_head(handle, count, WRITERS_HEAD)
    }

    fn with_head(mut handle: H, count: usize, head: i64) -> Self {
        // As where `headlock run` takes times: the counting would be a part of what takes the lock, and of nothing else.
        handle.count_locks(false);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(count as u64);
        let mut behind = || Nanos(random.random_range(BEHIND..BEHIND + SPAN));
        let timers: Vec<TimerId> = (0..count).map(|_| handle.create()).collect();
        for &timer in &timers[1..] {
            let _ = handle.modify(timer, behind());
        }
        let _ = handle.modify(timers[0], Nanos(BEHIND - 1));
        let expire: Vec<Nanos> = (0..DRAWS).map(|_| behind()).collect();
        let draw = |expire| Draw { timer: random.random_range(1..count), expire };
        let draws = expire.into_iter().map(draw).collect();
        Timers { handle, timers, draws, next: 0, head }
    }

    #[inline(always)]
    fn repeat(&mut self, times: u64, operation: impl Fn(&mut Self)) {
        for turn in 1..=times {
            operation(self);
            if turn.is_multiple_of(BATCH) {
                self.handle.quiescent();
            }
        }
    }

    #[inline(always)]
    fn draw(&mut self) -> Draw {
        let draw = self.draws[self.next];
        self.next = (self.next + 1) % DRAWS;
        draw
    }

    #[inline(always)]
    fn modify_at_head(&mut self) {
        let draw = self.draw();
        self.head -= 1;
        black_box(self.handle.modify(self.timers[draw.timer], Nanos(self.head)).is_yes());
    }

    #[inline(always)]
    fn modify_behind(&mut self) {
        let draw = self.draw();
        black_box(self.handle.modify(self.timers[draw.timer], draw.expire).is_yes());
    }

    #[inline(always)]
    fn churn(&mut self) {
        let draw = self.draw();
        self.handle.free(self.timers[draw.timer]);
        let timer = self.handle.create();
        self.timers[draw.timer] = timer;
        black_box(self.handle.modify(timer, draw.expire).is_yes());
    }

    /// Modifies at the head and behind it in turn: a writer's load.
    #[inline(always)]
    pub fn modify_both(&mut self) {
        self.modify_at_head();
        self.modify_behind();
        self.handle.quiescent();
    }
}
