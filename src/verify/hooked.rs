//! A list that does everything right and tells of each call beforehand, for tests of what a check does to a list.

use headlock_strategies::oracle::Oracle;
use headlock_strategies::{
    Config, Counts, Freshness, Nanos, Progress, ReaderCost, Rearm, Strategy, TimerHandle, TimerId, TimerList,
};

/// An operation of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the operation of that name")]
pub enum Call {
    Create,
    Free,
    Modify,
    Anticipate,
    Cancel,
    Deadline,
    Expired,
    Run,
    Quiescent,
}

/// What is to be done before each call.
pub trait Hook: Default + Send + Sync + 'static {
    /// A handle's own state.
    type Local: Default;

    /// Called on the thread that calls, which may be in a callback.
    fn before(&self, local: &mut Self::Local, call: Call, in_callback: bool);
}

/// The list.
pub struct Hooked<H> {
    hook: H,
    inner: Oracle,
}

impl<H: Hook> TimerList for Hooked<H> {
    const STRATEGY: Strategy = Strategy {
        name: "hooked",
        summary: "tells of each call",
        built_on: "the oracle",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "nothing that matters",
        reference: "a test",
    };
    type Handle<'l> = Hand<'l, H>;

    fn new(config: &Config) -> Self {
        Hooked { hook: H::default(), inner: Oracle::new(config) }
    }
    fn handle(&self) -> Hand<'_, H> {
        Hand {
            hook: &self.hook,
            inner: self.inner.handle(),
            local: H::Local::default(),
            in_callback: false,
        }
    }
    fn counts(&self) -> Counts {
        self.inner.counts()
    }
}

/// A handle to it.
pub struct Hand<'l, H: Hook> {
    hook: &'l H,
    inner: <Oracle as TimerList>::Handle<'l>,
    local: H::Local,
    in_callback: bool,
}

impl<H: Hook> Hand<'_, H> {
    fn before(&mut self, call: Call) {
        self.hook.before(&mut self.local, call, self.in_callback);
    }
}

impl<H: Hook> TimerHandle for Hand<'_, H> {
    fn create(&mut self) -> TimerId {
        self.before(Call::Create);
        self.inner.create()
    }
    fn free(&mut self, timer: TimerId) {
        self.before(Call::Free);
        self.inner.free(timer);
    }
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.before(Call::Modify);
        self.inner.modify(timer, expire)
    }
    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.before(Call::Anticipate);
        self.inner.anticipate(timer, expire)
    }
    fn cancel(&mut self, timer: TimerId) -> bool {
        self.before(Call::Cancel);
        self.inner.cancel(timer)
    }
    fn deadline(&mut self) -> Option<Nanos> {
        self.before(Call::Deadline);
        self.inner.deadline()
    }
    fn expired(&mut self, now: Nanos) -> bool {
        self.before(Call::Expired);
        self.inner.expired(now)
    }
    /// Calls back once all that is due has been unlinked, which is enough for checks that do not look.
    fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Self, TimerId)) -> usize {
        self.before(Call::Run);
        let mut due = Vec::new();
        self.inner.run(now, |_, timer| due.push(timer));
        for &timer in &due {
            self.in_callback = true;
            fire(self, timer);
            self.in_callback = false;
        }
        due.len()
    }
    fn quiescent(&mut self) {
        self.before(Call::Quiescent);
        self.inner.quiescent();
    }
}
