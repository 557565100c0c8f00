//! One thread's way through a block.

use std::sync::atomic::Ordering as Memory;

use headlock_strategies::{Counts, LockCounts};
use nix::sys::resource::{UsageWho, getrusage};

use super::plan::{Purpose, Round};
use super::{Part, Shared};
use crate::harness::clock::{Moment, thread_cpu_ns};
use crate::harness::contestant::{Played, Player, Slice};
use crate::harness::disturbance::{STOP_NS, Stretch};
use crate::harness::job::{JobError, ThreadOutcome};
use crate::harness::latency::Recorder;
use crate::harness::pin;
use crate::harness::proc::{RunQueue, Scheduling};
use crate::harness::state::{Probe, Reading};
use crate::record::Pass;

/// What one thread did in a block.
pub struct Thread {
    /// For each entrant.
    pub totals: Vec<Total>,
    /// What else took its time, in the throughput pass and in the latency pass.
    pub watched: [Watched; 2],
    /// What the scheduler did to it.
    pub scheduled: Scheduling,
    /// How long it took, ns.
    pub block_ns: u64,
    /// What its probes read of the machine's state.
    pub readings: Vec<Reading>,
}

/// What one thread did for one entrant.
pub struct Total {
    /// Sums over measured slices. Role and lock acquisitions are for others to fill in.
    pub outcome: ThreadOutcome,
    /// Each measured slice.
    pub rounds: Vec<Played>,
    /// What the thread's time went to in each of them.
    pub stretches: Vec<Stretch>,
    /// What its handles counted by themselves in measured slices.
    pub counts: Counts,
    /// Lock acquisitions through its handles in measured slices, if they were counted.
    pub locks: LockCounts,
    /// Lock acquisitions and operations in slices that were played to count them.
    pub counted: LockCounts,
    pub counted_ops: u64,
    /// Whether the lists leave counting where time is measured.
    pub leaves_counting: bool,
    /// Its latencies.
    pub recorder: Recorder,
    /// Time that its slices have taken, in ticks of the clock.
    played: u64,
}

/// Time in the slices of a pass, meetings included.
#[derive(Clone, Copy, Default)]
pub struct Watched {
    /// All of it, ns.
    pub wall_ns: u64,
    /// Where the thread did not go to sleep by itself, ns.
    pub awake_ns: u64,
    /// What of that was no processor time, ns.
    pub lost_ns: u64,
}

/// How a thread stands at some moment.
#[derive(Clone, Copy)]
struct Standing {
    at: Moment,
    cpu_ns: u64,
    sleeps: u64,
    preempted: u64,
}

impl Standing {
    /// Two system calls, some 300 ns each.
    fn now() -> Self {
        let usage = getrusage(UsageWho::RUSAGE_THREAD);
        let count = |of| u64::try_from(of).unwrap_or(0);
        Standing {
            at: Moment::now(),
            cpu_ns: thread_cpu_ns(),
            sleeps: usage.as_ref().map_or(0, |usage| count(usage.voluntary_context_switches())),
            preempted: usage.as_ref().map_or(0, |usage| count(usage.involuntary_context_switches())),
        }
    }
}

/// Plays the block on the calling thread.
pub fn play<P: Part>(
    shared: &Shared<'_, P>,
    number: usize,
    part: impl Fn(usize) -> Result<P, JobError>,
) -> Result<Thread, JobError> {
    let cpus = &shared.job.cpus;
    let placed = match cpus.len() {
        0 => Ok(()),
        bound => pin::pin_current(cpus[number % bound]).map_err(JobError::Pin),
    };
    let part = placed.and_then(|()| part(number));
    if part.is_err() {
        shared.unfit.store(true, Memory::Relaxed);
    }
    shared.start_line.wait();
    let part = part?;
    let mut totals: Vec<Total> = shared.entrants.iter().map(|_| Total::default()).collect();
    if shared.unfit.load(Memory::Relaxed) {
        // Another thread says why.
        return Ok(Thread {
            totals,
            watched: Default::default(),
            scheduled: Scheduling::default(),
            block_ns: 0,
            readings: Vec::new(),
        });
    }
    let mut players: Vec<Box<dyn Player + '_>> = Vec::new();
    for entrant in shared.entrants {
        // In step, since which of them fails is known by its turn.
        shared.meeting.meet(|| (shared.announce)(entrant.contestant));
        players.push(entrant.lists.player(number, &part));
    }
    for (entrant, (player, total)) in shared.entrants.iter().zip(players.iter_mut().zip(&mut totals)) {
        total.leaves_counting = entrant.pass == Pass::Throughput && player.count_locks(false);
        total.rounds.reserve(shared.plan.rounds.len());
        total.stretches.reserve(shared.plan.rounds.len());
        player.count_locks(!total.leaves_counting);
    }
    let before = Scheduling::now();
    let mut turns = Turns {
        shared,
        number,
        part: &part,
        players,
        totals,
        watched: Default::default(),
        standing: Standing::now(),
        queue: RunQueue::of_this_thread(),
        queued_ns: None,
        round: 0,
        played: false,
        probe: Probe::new(&shared.probes, number),
    };
    turns.stand();
    let start = turns.standing.at;
    turns.probe.before();
    turns.rounds(&shared.plan.opening);
    loop {
        if shared.plan.until_ns.is_some() && turns.played {
            turns.restart();
        }
        turns.rounds(&shared.plan.rounds);
        let enough = |until_ns| {
            let (longest_ns, lasted_ns) = turns.so_far(start);
            longest_ns >= until_ns && lasted_ns >= shared.plan.least_ns
        };
        if shared.plan.until_ns.is_none_or(enough) {
            break;
        }
    }
    turns.probe.after();
    let block_ns = start.elapsed_ns();
    let scheduled = Scheduling::now().since(before);
    let Turns { players, mut totals, watched, probe, .. } = turns;
    for ((player, total), entrant) in players.into_iter().zip(&mut totals).zip(shared.entrants) {
        shared.meeting.meet(|| (shared.announce)(entrant.contestant));
        let mut player = player;
        player.settle();
        total.recorder = player.take_recorder();
    }
    Ok(Thread {
        totals,
        watched,
        scheduled,
        block_ns,
        readings: probe.into_readings(),
    })
}

/// A thread in the middle of a block.
struct Turns<'a, 'p, P> {
    shared: &'a Shared<'a, P>,
    number: usize,
    part: &'p P,
    players: Vec<Box<dyn Player + 'p>>,
    totals: Vec<Total>,
    watched: [Watched; 2],
    /// After the last slice.
    standing: Standing,
    queue: RunQueue,
    /// What it said before the standing was taken anew.
    queued_ns: Option<u64>,
    /// Rounds played of one pass.
    round: usize,
    /// Whether anything was played.
    played: bool,
    probe: Probe<'a>,
}

impl<P: Part> Turns<'_, '_, P> {
    fn rounds(&mut self, rounds: &[Round]) {
        for round in rounds {
            self.played = true;
            self.part.touch(round.from, round.to);
            for contestant in self.shared.plan.order(self.round) {
                let is = |entrant: &super::Entrant<P>| entrant.contestant == contestant && entrant.pass == round.pass;
                if let Some(entrant) = self.shared.entrants.iter().position(is) {
                    self.turn(entrant, round);
                }
            }
            // Rounds of the two passes come in pairs, and each pass has its rounds in every order.
            self.probe.between();
            self.stand();
            self.round += usize::from(round.pass == self.shared.job.passes[0] && round.purpose != Purpose::WarmUp);
        }
    }

    /// One slice of one contestant, between two meetings.
    fn turn(&mut self, entrant: usize, round: &Round) {
        let shared = self.shared;
        let (player, total) = (&mut self.players[entrant], &mut self.totals[entrant]);
        let measured = round.purpose == Purpose::Measure;
        if self.number == 0 {
            (shared.announce)(shared.entrants[entrant].contestant);
        }
        let counts = total.leaves_counting && round.purpose == Purpose::Count;
        if counts {
            player.count_locks(true);
        }
        player.settle();
        let (local, locks) = (player.local_counts(), player.lock_counts());
        shared.meet_before(entrant);
        let began = shared.met.load(Memory::Relaxed);
        let slice = Slice {
            from: round.from,
            to: round.to,
            limit_ns: shared.plan.slice_ns,
            over: &shared.over,
            recorded: measured,
            shift: total.played.wrapping_sub(began),
        };
        let played = player.slice(&slice);
        shared.meet_after(entrant, measured);
        total.played += shared.met.load(Memory::Relaxed).wrapping_sub(began);
        let standing = Standing::now();
        let before = std::mem::replace(&mut self.standing, standing);
        let locks = player.lock_counts().since(locks);
        if counts {
            player.count_locks(false);
            total.count(played.ops, locks);
        }
        if measured {
            let lost_ns = self.watched[usize::from(round.pass == Pass::Latency)].add(&before, &standing);
            total.measure(played, lost_ns, standing.preempted - before.preempted);
            // Of the round so far, or since it was asked last. Asked only where it matters.
            let queued_ns = match lost_ns < STOP_NS {
                true => Some(0),
                false => self.queue.waited_ns().zip(self.queued_ns).map(|(now, then)| now.saturating_sub(then)),
            };
            total.stretches.push(Stretch {
                wall_ns: standing.at.ns_since(before.at),
                // Where nobody counts the queue, all may be that.
                away_ns: lost_ns.saturating_sub(queued_ns.unwrap_or(u64::MAX)),
                kept_ns: played.kept_ns.saturating_sub(queued_ns.unwrap_or(u64::MAX)),
                sleeps: standing.sleeps - before.sleeps,
            });
            total.locks += locks;
            total.counts += player.local_counts().since(local);
            if lost_ns >= STOP_NS {
                self.stand();
            }
        }
    }

    /// Takes the thread's standing anew. The queue is asked before, so that it has whatever wait the clocks have.
    fn stand(&mut self) {
        self.queued_ns = self.queue.waited_ns();
        self.standing = Standing::now();
    }

    /// Puts all lists back to where the trace starts.
    fn restart(&mut self) {
        self.shared.meeting.meet(|| ());
        if self.number == 0 {
            for (player, entrant) in self.players.iter_mut().zip(self.shared.entrants) {
                (self.shared.announce)(entrant.contestant);
                player.restart();
            }
        }
        self.shared.meeting.meet(|| ());
    }

    /// The longest that any contestant has measured on any thread, and how long the block has lasted since it began, ns; the same answer
    /// on all threads.
    fn so_far(&self, began: Moment) -> (u64, u64) {
        let shared = self.shared;
        let own = self.totals.iter().map(|total| total.outcome.elapsed_ns).max().unwrap_or(0);
        shared.longest_ns.fetch_max(own, Memory::Relaxed);
        shared.lasted_ns.fetch_max(began.elapsed_ns(), Memory::Relaxed);
        // Before it all have said theirs, and after the next one nobody reads any more.
        shared.meeting.meet(|| ());
        let so_far = (shared.longest_ns.load(Memory::Relaxed), shared.lasted_ns.load(Memory::Relaxed));
        shared.meeting.meet(|| ());
        so_far
    }
}

impl Default for Total {
    fn default() -> Self {
        Total {
            outcome: ThreadOutcome::default(),
            rounds: Vec::new(),
            stretches: Vec::new(),
            counts: Counts::default(),
            locks: LockCounts::default(),
            counted: LockCounts::default(),
            counted_ops: 0,
            leaves_counting: false,
            recorder: Recorder::idle(),
            played: 0,
        }
    }
}

impl Total {
    /// Adds a slice in which lock acquisitions were counted.
    fn count(&mut self, ops: u64, locks: LockCounts) {
        self.counted_ops += ops;
        self.counted += locks;
    }

    /// Adds a measured slice.
    fn measure(&mut self, played: Played, lost_ns: u64, preempted: u64) {
        let elapsed_ns = played.end.ns_since(played.start);
        let outcome = &mut self.outcome;
        outcome.ops += played.ops;
        outcome.elapsed_ns += elapsed_ns;
        outcome.cpu_ns += elapsed_ns.saturating_sub(lost_ns);
        outcome.ctx_switches += preempted;
        outcome.fired += played.fired;
        outcome.rearms += played.rearms;
        outcome.service_ns += played.service_ns;
        outcome.behind_ns += played.behind_ns;
        self.rounds.push(played);
    }
}

impl Watched {
    /// Adds the time from one standing to the next; answers what of it was no processor time, ns.
    fn add(&mut self, before: &Standing, after: &Standing) -> u64 {
        let wall_ns = after.at.ns_since(before.at);
        let lost_ns = wall_ns.saturating_sub(after.cpu_ns - before.cpu_ns);
        self.wall_ns += wall_ns;
        if before.sleeps == after.sleeps {
            self.awake_ns += wall_ns;
            self.lost_ns += lost_ns;
        }
        lost_ns
    }
}
