//! Drawing a script: operations in exact shares and random order, then a walk that gives them timers and times.

use super::{DUE, FRONT, HEAD_TIMER, IDLE, Script, Step};
use crate::workload::distance::Sampler;
use crate::workload::{Arrivals, Load, Mix, Op, Role, Workload, WorkloadError};
use headlock_strategies::Nanos;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::{BTreeSet, VecDeque};
use std::iter::repeat_n;

/// The deadlines that the workload's timers have at start, all beyond the head zone. The same for every thread count.
///
/// # Errors
/// If the workload is not valid.
pub fn initial(workload: &Workload, seed: u64) -> Result<Vec<Nanos>, WorkloadError> {
    let distance = workload.sampler()?;
    let mut rng = stream(seed, 0);
    let mut deadlines: Vec<Nanos> = (0..workload.timers).map(|_| ordinary(distance.draw(&mut rng))).collect();
    if let (true, Some(last)) = (workload.has_front_timer(), deadlines.last_mut()) {
        *last = FRONT;
    }
    Ok(deadlines)
}

impl Script {
    /// So many steps of what `thread` of `threads` plays, a multiple of [`Script::STEPS`]. The same seed gives the same script.
    ///
    /// # Errors
    /// If the workload is not valid, or cannot be played by that many threads.
    pub fn draw(
        workload: &Workload,
        thread: usize,
        threads: usize,
        seed: u64,
        steps: usize,
    ) -> Result<Script, WorkloadError> {
        workload.check(threads)?;
        let distance = workload.sampler()?;
        let mut rng = stream(seed, 1 + thread);
        let mix = workload.role(thread).map(Role::mix).or(workload.mix).unwrap_or_default();
        let never_armed = workload.timers as u32;
        let ops = order(&mix, workload, steps, &mut rng);
        let count = |wanted: fn(&Drawn) -> bool| ops.iter().filter(|drawn| wanted(drawn)).count();
        let busy_runs = count(|drawn| drawn.op == Op::Run && !drawn.idle);
        let fires_own = count(|drawn| drawn.op == Op::Modify) > 0;
        let due = part(count(|drawn| drawn.op == Op::Run), workload.run_due).min(busy_runs);
        // A thread with a mix cannot fire more than it has made due; a runner fires what others have.
        let due = if fires_own {
            due.min(count(|drawn| drawn.head.is_some()))
        } else {
            due
        };
        let mut walk = Walk {
            timers: Own::of(workload, thread, threads),
            due: Spread::new(due, busy_runs, &mut rng),
            fires_own,
            zone: BTreeSet::new(),
            cancelled: VecDeque::new(),
            never_armed,
            distance: &distance,
        };
        let mut drawn = Vec::with_capacity(ops.len());
        let mut cancelled = Vec::with_capacity(ops.len() / Script::MARK);
        for (number, op) in ops.into_iter().enumerate() {
            if number.is_multiple_of(Script::MARK) {
                cancelled.push(walk.cancelled.iter().copied().collect());
            }
            drawn.push(walk.step(op, number, &mut rng));
        }
        Ok(Script {
            steps: drawn.into(),
            rearm: (0..Script::REARMS).map(|_| ordinary(distance.draw(&mut rng))).collect(),
            gaps: gaps(workload.load, steps, &mut rng),
            cancelled: cancelled.into(),
            never_armed,
        })
    }
}

/// The gaps of an open load, scaled so that the whole script takes exactly as long as its rate says.
fn gaps(load: Load, steps: usize, rng: &mut impl Rng) -> Box<[f32]> {
    let mut gaps: Vec<f64> = match load {
        Load::Closed => return Box::default(),
        Load::Open { arrivals: Arrivals::Fixed, .. } => vec![1.0; steps],
        Load::Open { arrivals: Arrivals::Poisson, .. } => (0..steps).map(|_| Exp1.sample(rng)).collect(),
    };
    let scale = steps as f64 / gaps.iter().sum::<f64>();
    gaps.iter_mut().for_each(|gap| *gap *= scale);
    gaps.into_iter().map(|gap| gap as f32).collect()
}

/// The generator's stream of that number; streams do not overlap.
fn stream(seed: u64, number: usize) -> Xoshiro256PlusPlus {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    for _ in 0..number {
        rng.jump();
    }
    rng
}

/// The deadline at that distance, ns, which lies beyond the head zone.
fn ordinary(distance: i64) -> Nanos {
    Nanos(DUE.0 + distance)
}

/// That share of `whole`, rounded.
fn part(whole: usize, share: f64) -> usize {
    (whole as f64 * share).round() as usize
}

/// An operation before it has a timer and a time.
#[derive(Clone, Copy)]
struct Drawn {
    op: Op,
    /// A poll or run of an empty list, or a cancel of a timer that is not active.
    idle: bool,
    /// A modify at the head.
    head: Option<AtHead>,
}

/// Which timer a modify at the head takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtHead {
    /// The one that no other operation changes.
    HeadTimer,
    /// One of the thread's own: there are so many cancels that each modify must arm one that was cancelled.
    Own,
}

/// The share of an operation that finds nothing to do.
fn idle_share(op: Op, workload: &Workload) -> f64 {
    match op {
        Op::Deadline | Op::Expired | Op::Run => workload.empty_share,
        Op::Cancel => workload.idle_cancel_share,
        Op::Modify | Op::Anticipate | Op::Churn => 0.0,
    }
}

/// The operations of a script in random order, turned so that every cancel has an operation behind it that arms its timer again.
///
/// A slice ends by time, somewhere in the script. What it has played has the shares asked for, on average and whatever the strategy,
/// only as long as what is still to come does not depend on what it has met. So the shares are exact over the whole script, of which a
/// slice is little, and over no shorter stretch of it.
fn order(mix: &Mix, workload: &Workload, steps: usize, rng: &mut impl Rng) -> Vec<Drawn> {
    let counts = apportion(mix, workload.idle_cancel_share, steps);
    let modifies = counts[Op::Modify as usize];
    let heads = part(modifies, workload.head_share);
    let arming = modifies + counts[Op::Anticipate as usize] + counts[Op::Churn as usize];
    let cancels = counts[Op::Cancel as usize] - part(counts[Op::Cancel as usize], workload.idle_cancel_share);
    // With nearly as many cancels as there are operations to arm the timers again, the number of cancelled timers would drift, the
    // further the longer the script, were their shares not exact in each short stretch.
    let stretches = if cancels * 2 > arming - heads {
        steps / Script::STEPS
    } else {
        1
    };
    let mut ops: Vec<Drawn> = Vec::with_capacity(steps);
    for stretch in 0..stretches {
        let start = ops.len();
        for (op, count) in Op::ALL.into_iter().zip(counts) {
            let idle = part(count, idle_share(op, workload));
            for (idle, count) in [(true, idle), (false, count - idle)] {
                let up_to = |stretch| count * stretch / stretches;
                ops.extend(repeat_n(Drawn { op, idle, head: None }, up_to(stretch + 1) - up_to(stretch)));
            }
        }
        ops[start..].shuffle(rng);
    }
    let at_head = if cancels > arming - heads {
        AtHead::Own
    } else {
        AtHead::HeadTimer
    };
    let mut spread = Spread::new(heads, modifies, rng);
    for drawn in ops.iter_mut().filter(|drawn| drawn.op == Op::Modify) {
        drawn.head = spread.next(true).then_some(at_head);
    }
    // The sum of cancels less arming operations, from the start up to each step, has its lowest value somewhere. A script
    // that ends there ends with nothing cancelled: from no step on do cancels outnumber what arms them again.
    let mut balance = 0_i32;
    let mut lowest = (0, 0);
    for (step, drawn) in ops.iter().enumerate() {
        balance += match drawn.op {
            Op::Cancel => i32::from(!drawn.idle),
            Op::Modify if drawn.head == Some(AtHead::HeadTimer) => 0,
            Op::Modify | Op::Anticipate | Op::Churn => -1,
            Op::Deadline | Op::Expired | Op::Run => 0,
        };
        lowest = lowest.min((balance, step + 1));
    }
    ops.rotate_left(lowest.1 % steps);
    ops
}

/// How many steps each operation gets, by largest remainder (Hamilton's method): within one of its exact share.
fn apportion(mix: &Mix, idle_cancels: f64, steps: usize) -> [usize; Op::ALL.len()] {
    let shares = mix.shares();
    let total: f64 = shares.iter().sum();
    let exact = shares.map(|share| share / total * steps as f64);
    let mut counts = exact.map(|count| count as usize);
    let mut by_remainder: Vec<usize> = (0..exact.len()).filter(|&op| shares[op] > 0.0).collect();
    by_remainder.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    let missing = steps - counts.iter().sum::<usize>();
    for &op in by_remainder.iter().cycle().take(missing) {
        counts[op] += 1;
    }
    // Rounding may have left more cancels than there are operations to arm the timers again.
    let arming = [Op::Modify, Op::Anticipate, Op::Churn].map(|op| op as usize);
    let most = arming.into_iter().fold(arming[0], |most, op| if shares[op] > shares[most] { op } else { most });
    let cancel = Op::Cancel as usize;
    while counts[cancel] - part(counts[cancel], idle_cancels) > arming.iter().map(|&op| counts[op]).sum() {
        counts[cancel] -= 1;
        counts[most] += 1;
    }
    counts
}

/// Says yes a given number of times in a given number of calls, evenly spread. A yes that is not possible is kept for
/// the next call that it is possible in.
#[derive(Default)]
struct Spread {
    wanted: usize,
    calls: usize,
    owed: usize,
}

impl Spread {
    fn new(wanted: usize, calls: usize, rng: &mut impl Rng) -> Self {
        Spread { wanted, calls, owed: rng.random_range(0..calls.max(1)) }
    }

    fn next(&mut self, possible: bool) -> bool {
        self.owed += self.wanted;
        let yes = possible && self.owed >= self.calls;
        if yes {
            self.owed -= self.calls;
        }
        yes
    }
}

/// The timers that a thread changes, the head timer and the front timer aside: `first`, `first + stride`, … `count` of them.
struct Own {
    first: usize,
    stride: usize,
    count: usize,
}

impl Own {
    fn of(workload: &Workload, thread: usize, threads: usize) -> Self {
        // Which of the threads that change timers this is, and how many there are.
        let (place, changers) = match workload.roles {
            Some(roles) => (thread.saturating_sub(roles.pollers), roles.modifiers.max(1)),
            None => (thread, threads),
        };
        let reserved = usize::from(workload.has_head_timer());
        let shared_out = workload.timers - reserved - usize::from(workload.has_front_timer());
        let first = place % changers.min(shared_out);
        Own {
            first: reserved + first,
            stride: changers,
            count: (shared_out - first).div_ceil(changers),
        }
    }

    fn pick(&self, rng: &mut impl Rng) -> u32 {
        (self.first + self.stride * rng.random_range(0..self.count)) as u32
    }
}

/// Gives operations their timers and times, one after the other, knowing what the earlier ones did.
struct Walk<'a> {
    timers: Own,
    due: Spread,
    /// Whether what this thread's runs fire is what its modifies put into the head zone.
    fires_own: bool,
    /// The timers that it has put there and not taken out again; with more timers than one and not too many cancels, the head timer
    /// at most.
    zone: BTreeSet<u32>,
    /// Own timers cancelled and not armed again, the longest ago first.
    cancelled: VecDeque<u32>,
    /// The timer that idle cancels name.
    never_armed: u32,
    distance: &'a Sampler,
}

impl Walk<'_> {
    /// The step of that number.
    fn step(&mut self, drawn: Drawn, number: usize, rng: &mut impl Rng) -> Step {
        let Drawn { op, idle, head } = drawn;
        let mut step = Step { time: IDLE, timer: 0, op, at_head: false, at_empty: false };
        match op {
            Op::Deadline | Op::Expired | Op::Run if idle => step.at_empty = true,
            Op::Cancel if idle => step.timer = self.never_armed,
            Op::Deadline | Op::Expired => {}
            Op::Run => {
                if self.due.next(!self.fires_own || !self.zone.is_empty()) {
                    self.zone.clear();
                    step.time = DUE;
                }
            }
            Op::Modify => match head {
                Some(at_head) => {
                    step.at_head = true;
                    step.timer = match at_head {
                        AtHead::HeadTimer => HEAD_TIMER,
                        AtHead::Own => self.next_to_arm(rng),
                    };
                    self.zone.insert(step.timer);
                    // Sooner than all before, for a list whose head zone holds more than the head timer.
                    step.time = Nanos(DUE.0 - number as i64);
                }
                None => {
                    step.timer = self.next_to_arm(rng);
                    self.zone.remove(&step.timer);
                    step.time = ordinary(self.distance.draw(rng));
                }
            },
            Op::Anticipate => {
                step.timer = self.next_to_arm(rng);
                step.time = ordinary(self.distance.draw_near(rng));
            }
            Op::Cancel => {
                step.timer = self.armed(rng);
                self.zone.remove(&step.timer);
                if !self.cancelled.contains(&step.timer) {
                    self.cancelled.push_back(step.timer);
                }
            }
            Op::Churn => {
                step.timer = self.next_to_arm(rng);
                self.zone.remove(&step.timer);
                step.time = ordinary(self.distance.draw(rng));
            }
        }
        step
    }

    /// The timer to arm next: one that was cancelled, or else any.
    fn next_to_arm(&mut self, rng: &mut impl Rng) -> u32 {
        self.cancelled.pop_front().unwrap_or_else(|| self.timers.pick(rng))
    }

    /// A timer that is armed, or any if none is.
    fn armed(&self, rng: &mut impl Rng) -> u32 {
        loop {
            let timer = self.timers.pick(rng);
            if self.cancelled.len() == self.timers.count || !self.cancelled.contains(&timer) {
                return timer;
            }
        }
    }
}
