//! `scripts/model calibrate`: measures this host's costs, from two threads at most, and writes its description.
//!
//! Each figure is measured [`ROUNDS`] times; the description has the median and the range of the middle half. What two threads cannot
//! show is marked *assumed*.

use std::hint::{black_box, spin_loop};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, compiler_fence, fence};

use anyhow::{Context, Result, ensure};
use headlock::harness::clock::Moment;
use headlock::harness::pin;
use rustix::thread::{MembarrierCommand, membarrier};

use crate::check::{self, median};
use crate::description::{Costs, Description, End, Figure, Level, Lines, Work};
use crate::plan::Actions;
use crate::{anatomy, vm};

/// Measurements of each figure.
const ROUNDS: usize = 31;
/// Operations of a measurement that touches no other processor.
const LOCAL: u32 = 200_000;
/// Operations of one that does.
const SHARED: u64 = 20_000;
/// Handovers between two threads that sleep.
const SLEEPS: u64 = 300;
/// Lines that one of the two writes and the other then reads.
const LINES: usize = 8;
/// Lines that are stored to together.
const STORES: usize = LINES;
/// Words that are copied, each of three.
const WORDS: usize = 1_000;
/// How often.
const WALKS: u64 = 1_000;
/// After so long a thread that waits has called the kernel, as one has that a holder of its lock wakes.
const FALLS_ASLEEP_NS: u64 = 1_000;
/// Words of a table that no cache holds: 128 MiB.
const COLD: usize = 1 << 24;

/// `calibrate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Takes a minute, and wants a machine that does nothing else. With --measure, every strategy's polls and changes by one thread are
measured too, by that program, and what they take beyond the accesses that the model sees becomes part of the description.

Example:
  cargo build --release
  scripts/model calibrate --name host --measure target/release/headlock --out host.toml"
)]
pub struct Args {
    /// What to call the machine
    #[arg(long, default_value = "this-host", value_name = "NAME")]
    pub name: String,
    /// The two processors to measure between
    #[arg(long, value_delimiter = ',', num_args = 1, value_name = "A,B")]
    pub cpus: Vec<usize>,
    /// Measure each strategy's time beside its accesses with this headlock, built for release
    #[arg(long, value_name = "PROGRAM")]
    pub measure: Option<PathBuf>,
    /// Take all but the strategies' own times from this description, and do not measure it
    #[arg(long, value_name = "FILE", requires = "measure")]
    pub keep: Option<String>,
    /// Write the description to this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A word on lines of its own.
#[repr(align(256))]
#[derive(Default)]
struct Word(AtomicU64);

/// Measures, and answers what to print.
pub fn run(args: &Args) -> Result<String> {
    let mut machine = match &args.keep {
        Some(name) => Description {
            name: args.name.clone(),
            error: None,
            work: Vec::new(),
            ..Description::load(name)?
        },
        None => host(args)?,
    };
    let mut not_quiet = None;
    if let Some(program) = &args.measure {
        (machine.work, not_quiet) = work(&machine, program)?;
    }
    let warning = not_quiet.map_or(String::new(), |said| format!("# {said}\n"));
    let text = warning + &toml::to_string_pretty(&machine)?;
    if let Some(path) = &args.out {
        std::fs::write(path, &text).with_context(|| path.display().to_string())?;
    }
    Ok(text)
}

/// This host, without what its strategies take.
fn host(args: &Args) -> Result<Description> {
    let allowed = pin::allowed_cpus();
    let cpus = if args.cpus.is_empty() {
        allowed.clone()
    } else {
        args.cpus.clone()
    };
    ensure!(cpus.len() >= 2, "{} processors; calibrating takes two", cpus.len());
    let (a, b) = (cpus[0], cpus[1]);
    pin::pin_current(a).map_err(anyhow::Error::msg)?;
    let costs = costs(b)?;
    let latency = rounds("a load of a line that the other core has written", || transfer(b))?;
    let contended = rounds("", || increment(b))?;
    // At two threads an increment takes 2 * (latency / 2 + k * rmw) / k, with k operations a stay: the request comes during the other's.
    let stay = |ns: f64, latency: f64, rmw: f64| match ns - 2.0 * rmw {
        waiting if waiting > 0.0 => (latency / waiting).clamp(1.0, 1000.0),
        // Two threads of one core do not wait for each other.
        _ => 1000.0,
    };
    let stay_pair = Figure {
        value: stay(contended.value, latency.value, costs.rmw_ns.value),
        low: Some(stay(contended.high.unwrap_or(contended.value), latency.value, costs.rmw_ns.value)),
        high: Some(stay(contended.low.unwrap_or(contended.value), latency.value, costs.rmw_ns.value)),
        source: format!("from a contended increment by two threads, {:.1} ns", contended.value),
    };
    let most = stay_pair.high.unwrap_or(stay_pair.value);
    let stay_queue = Figure {
        value: stay_pair.value * 1.5,
        low: stay_pair.low,
        high: Some(most * 3.0),
        source: "assumed: two threads cannot show it".to_owned(),
    };
    let read_service_ns = Figure {
        value: 2.0,
        low: Some(0.5),
        high: Some(8.0),
        source: "assumed: two threads cannot show it".to_owned(),
    };
    let lines_of_stores = [1, STORES].map(|lines| rounds("", || stores(b, lines)));
    let [first, all] = lines_of_stores;
    let (first, all) = (first?, all?);
    let apart = |all: f64| ((all - first.value) / (STORES - 1) as f64).max(0.0);
    let apart_ns = Figure {
        value: apart(all.value),
        low: all.low.map(apart),
        high: all.high.map(apart),
        source: "measured: a store to a line that the other core has written, of eight together less one alone"
            .to_owned(),
    };
    let window_ns = Figure {
        value: 20.0,
        low: Some(0.0),
        high: Some(40.0),
        source: "assumed: some 350 instructions in flight, four each cycle, at 4 GHz".to_owned(),
    };
    let host = headlock::harness::host::facts();
    Ok(Description {
        name: args.name.clone(),
        summary: host.cpu_model.unwrap_or_else(|| "a processor that does not say its name".to_owned()),
        cores: allowed.len(),
        threads_per_core: 1,
        lines: Lines {
            stay_pair,
            stay_queue,
            near_first: false,
            read_service_ns,
            apart_ns,
            window_ns,
        },
        costs,
        level: vec![Level {
            name: "machine".to_owned(),
            cores: allowed.len(),
            latency_ns: latency,
        }],
        error: None,
        work: Vec::new(),
    })
}

fn costs(b: usize) -> Result<Costs> {
    let own = Word::default();
    let load = rounds("a load of a line that is here", || Ok(local(|| _ = black_box(own.0.load(Ordering::Acquire)))))?;
    membarrier(MembarrierCommand::RegisterPrivateExpedited).context("membarrier(2)")?;
    let barrier = || membarrier(MembarrierCommand::PrivateExpedited).expect("the process has registered");
    let alone = rounds("membarrier(2) with no other thread running", || Ok(shared_cost(barrier)))?;
    let beside = rounds("membarrier(2) beside one running thread", || beside_spinner(b, || shared_cost(barrier)))?;
    let core = |with: f64, without: f64| (with - without).max(0.0);
    let membarrier_core_ns = Figure {
        value: core(beside.value, alone.value),
        low: Some(core(beside.low.unwrap_or(beside.value), alone.value).min(core(beside.value, alone.value))),
        high: Some(core(beside.high.unwrap_or(beside.value), alone.value).max(core(beside.value, alone.value))),
        source: "measured: membarrier(2) beside one running thread, less without".to_owned(),
    };

    Ok(Costs {
        plain_ns: rounds("half of copying a word of a table that is here", || Ok(copy()))?,
        store_ns: rounds("a store to a line that is ours", || Ok(local(|| own.0.store(1, Ordering::Release))))?,
        rmw_ns: rounds("an increment of a line that is ours", || {
            Ok(local(|| _ = own.0.fetch_add(1, Ordering::AcqRel)))
        })?,
        fence_ns: rounds("a sequentially consistent fence", || {
            // Fences with nothing between them are one.
            Ok(local(|| {
                fence(Ordering::SeqCst);
                black_box(());
            }))
        })?,
        call_ns: Figure {
            value: 0.5,
            low: Some(0.2),
            high: Some(1.0),
            source: "assumed".to_owned(),
        },
        memory_ns: rounds("a chain of loads over 128 MiB", || Ok(cold()))?,
        pause_ns: rounds("a pause instruction", || Ok(local(spin_loop)))?,
        alloc_ns: rounds("half of allocating and freeing 24 bytes", || {
            Ok(local(|| _ = black_box(Box::new([0_u64; 3]))) / 2.0)
        })?,
        syscall_ns: rounds("getppid(2)", || Ok(shared_cost(|| _ = black_box(rustix::process::getppid()))))?,
        yield_ns: rounds("sched_yield(2) with nobody to yield to", || Ok(shared_cost(std::thread::yield_now)))?,
        wake_ns: rounds("waking a thread that has just fallen asleep, until it runs", || {
            wake(b).map(|[runs, _]| runs)
        })?,
        wake_call_ns: rounds("the same, until its caller goes on", || wake(b).map(|[_, call]| call))?,
        futex_wait_ns: rounds("a futex wait for a word that has changed", || Ok(shared_cost(futex_wait)))?,
        clock_ns: rounds("reading the monotonic clock", || Ok(local(|| _ = black_box(Moment::now()))))?,
        membarrier_ns: alone,
        membarrier_core_ns,
        load_ns: load,
    })
}

/// Repeats a measurement; the median, and the quartiles for a range.
fn rounds(what: &str, mut measure: impl FnMut() -> Result<f64>) -> Result<Figure> {
    let mut values = (0..ROUNDS).map(|_| measure()).collect::<Result<Vec<f64>>>()?;
    let value = median(&mut values);
    Ok(Figure {
        value,
        low: Some(values[ROUNDS / 4]),
        high: Some(values[ROUNDS - 1 - ROUNDS / 4]),
        source: format!("measured: {what}"),
    })
}

fn per(start: Moment, operations: f64) -> f64 {
    start.elapsed_ns() as f64 / operations
}

fn local(mut operation: impl FnMut()) -> f64 {
    let start = Moment::now();
    for _ in 0..LOCAL {
        operation();
    }
    per(start, f64::from(LOCAL))
}

fn shared_cost(mut operation: impl FnMut()) -> f64 {
    let start = Moment::now();
    for _ in 0..SHARED / 10 {
        operation();
    }
    per(start, SHARED as f64 / 10.0)
}

/// Runs `other` on the second processor while `here` runs, and answers what `here` does.
fn beside<T>(cpu: usize, other: impl FnOnce() + Send, here: impl FnOnce() -> T) -> Result<T> {
    let started = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let helper = scope.spawn(move || {
            let placed = pin::pin_current(cpu);
            started.store(true, Ordering::Release);
            placed.map(|()| other())
        });
        while !started.load(Ordering::Acquire) {
            spin_loop();
        }
        let answer = here();
        helper.join().expect("the helper does not panic").map_err(anyhow::Error::msg)?;
        Ok(answer)
    })
}

fn beside_spinner(cpu: usize, here: impl FnOnce() -> f64) -> Result<f64> {
    let over = &AtomicBool::new(false);
    beside(
        cpu,
        move || {
            while !over.load(Ordering::Relaxed) {
                spin_loop();
            }
        },
        || {
            let ns = here();
            over.store(true, Ordering::Relaxed);
            ns
        },
    )
}

/// Lets what is under way come to its end.
fn settle() {
    fence(Ordering::SeqCst);
    (0..20).for_each(|_| spin_loop());
}

/// The order of a walk over lines: no two steps of it are alike, or the processor would fetch the next line before it is asked for.
const ORDER: [usize; LINES] = [3, 0, 5, 7, 1, 6, 2, 4];

/// What `here` takes, ns, after the other processor has written all of those lines.
fn handed(cpu: usize, here: impl Fn(&[Word])) -> Result<f64> {
    let words: &Vec<Word> = &(0..LINES).map(|_| Word::default()).collect();
    let turn = &Word::default();
    let wait_for = move |wanted: u64| {
        while turn.0.load(Ordering::Acquire) != wanted {
            spin_loop();
        }
    };
    beside(
        cpu,
        move || {
            for round in 0..WALKS {
                wait_for(2 * round);
                words.iter().for_each(|word| word.0.store(0, Ordering::Release));
                settle();
                turn.0.store(2 * round + 1, Ordering::Release);
            }
        },
        || {
            let mut spent = 0;
            for round in 0..WALKS {
                wait_for(2 * round + 1);
                settle();
                let start = Moment::now();
                here(words);
                spent += start.elapsed_ns();
                turn.0.store(2 * round + 2, Ordering::Release);
            }
            spent as f64 / WALKS as f64
        },
    )
}

/// A load of a line that the other processor has written: a walk over such lines, in which each load says where the next one goes.
fn transfer(cpu: usize) -> Result<f64> {
    let walk = |words: &[Word]| {
        let end = ORDER.iter().fold(0, |zero, at| words[at + zero as usize].0.load(Ordering::Acquire));
        black_box(end);
    };
    handed(cpu, walk).map(|ns| ns / LINES as f64)
}

/// Stores to so many lines that the other processor has written, until all have reached the cache.
fn stores(cpu: usize, lines: usize) -> Result<f64> {
    handed(cpu, |words| {
        ORDER[..lines].iter().for_each(|&at| words[at].0.store(1, Ordering::Release));
        fence(Ordering::SeqCst);
    })
}

/// Half of what a word takes that is copied by itself, of words that do not follow each other, as a list's deadlines: a load and a store.
fn copy() -> f64 {
    let from: Vec<[u64; 3]> = vec![[1; 3]; WORDS];
    let mut to = vec![0; WORDS];
    let start = Moment::now();
    let rounds = LOCAL as usize / WORDS;
    for _ in 0..rounds {
        for (to, from) in to.iter_mut().zip(black_box(&from)) {
            *to = from[0];
            // Not several words at once.
            compiler_fence(Ordering::SeqCst);
        }
        black_box(&to);
    }
    per(start, (2 * rounds * WORDS) as f64)
}

/// What an increment takes each of two processors that do nothing else. One may get more of them than the other, so both are counted.
fn increment(cpu: usize) -> Result<f64> {
    let (word, done, over) = (&Word::default(), &Word::default(), &AtomicBool::new(false));
    beside(
        cpu,
        move || {
            while !over.load(Ordering::Relaxed) {
                (0..64).for_each(|_| _ = word.0.fetch_add(1, Ordering::AcqRel));
                done.0.store(done.0.load(Ordering::Relaxed) + 64, Ordering::Relaxed);
            }
        },
        || {
            while done.0.load(Ordering::Relaxed) == 0 {
                spin_loop();
            }
            let (start, before) = (Moment::now(), done.0.load(Ordering::Relaxed));
            for _ in 0..SHARED {
                word.0.fetch_add(1, Ordering::AcqRel);
            }
            let others = done.0.load(Ordering::Relaxed) - before;
            let ns = 2.0 * per(start, (SHARED + others) as f64);
            over.store(true, Ordering::Relaxed);
            ns
        },
    )
}

fn futex_wait() {
    let changed = std::sync::atomic::AtomicU32::new(1);
    let answer = rustix::thread::futex::wait(&changed, rustix::thread::futex::Flags::PRIVATE, 0, None);
    assert_eq!(answer, Err(rustix::io::Errno::AGAIN), "the word is not what is waited for");
}

/// What waking a thread that has just fallen asleep takes: until it runs, and its caller.
fn wake(cpu: usize) -> Result<[f64; 2]> {
    let turn = &AtomicU64::new(0);
    std::thread::scope(|scope| {
        let helper = scope.spawn(move || {
            let placed = pin::pin_current(cpu);
            for round in 0..SLEEPS {
                while turn.load(Ordering::Acquire) != 2 * round + 1 {
                    std::thread::park();
                }
                turn.store(2 * round + 2, Ordering::Release);
            }
            placed
        });
        let mut spent = [0; 2];
        for round in 0..SLEEPS {
            let before = Moment::now();
            while before.elapsed_ns() < FALLS_ASLEEP_NS {
                spin_loop();
            }
            let start = Moment::now();
            turn.store(2 * round + 1, Ordering::Release);
            helper.thread().unpark();
            spent[1] += start.elapsed_ns();
            while turn.load(Ordering::Acquire) != 2 * round + 2 {
                spin_loop();
            }
            spent[0] += start.elapsed_ns();
        }
        helper.join().expect("the helper does not panic").map_err(anyhow::Error::msg)?;
        Ok(spent.map(|ns| ns as f64 / SLEEPS as f64))
    })
}

/// A load of what no cache holds: a walk in which each load says where the next one goes.
fn cold() -> f64 {
    // One cycle through all of the table (Sattolo), with numbers that need not be good ones.
    static TABLE: std::sync::OnceLock<Vec<u32>> = std::sync::OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table: Vec<u32> = (0..COLD as u32).collect();
        let mut state = 1_u64;
        for at in (1..COLD).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            table.swap(at, (state >> 33) as usize % at);
        }
        table
    });
    let start = Moment::now();
    let mut at = 0;
    for _ in 0..LOCAL {
        at = table[at as usize];
    }
    black_box(at);
    per(start, f64::from(LOCAL))
}

/// What each strategy's polls and changes take beside the accesses that the model sees: measured by one thread, less the model's. And what is
/// to be said if the machine was not quiet.
fn work(machine: &Description, program: &std::path::Path) -> Result<(Vec<Work>, Option<String>)> {
    let dir = std::env::temp_dir().join(format!("headlock-model-calibrate-{}", std::process::id()));
    let (mut beyond, mut not_quiet) = (Vec::new(), None);
    for op in ["deadline", "modify"] {
        std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        // No workload that ships, so that those can be checked.
        let file = dir.join(format!("only-{op}.toml"));
        std::fs::write(&file, format!("timers = 100\nhead_share = 0\nrun_due = 0\nmix = {{ {op} = 1 }}\n"))?;
        let name = file.display().to_string();
        let measured = check::headlock(program, &["run", "--workload", &name, "--threads", "1"], "60s", &dir)?;
        not_quiet = not_quiet.or(check::not_quiet(&measured));
        let actions = Actions::Drawn(crate::predict::load_workload(&name)?);
        let body = actions.body(machine, 1, 1)?;
        let strategies = anatomy::names();
        let modelled = vm::for_each(&strategies, |strategy| {
            let head = actions.head(machine, End::Middle, strategy, 1, 1)?;
            Ok(vm::play(strategy, &[&head, &body])?.ns_per_op())
        })?;
        let of = |strategy: &str| measured.iter().find(|it| it.strategy == strategy).map(|it| it.ns);
        let beside: Vec<f64> = strategies
            .iter()
            .zip(modelled)
            .map(|(strategy, modelled)| {
                of(strategy).map(|ns| ns - modelled).with_context(|| format!("{strategy} was not measured"))
            })
            .collect::<Result<_>>()?;
        beyond.push(beside);
    }
    std::fs::remove_dir_all(&dir)?;
    let pairs = anatomy::names().into_iter().zip(beyond[0].iter().zip(&beyond[1]));
    let work = pairs.map(|(strategy, (&deadline_ns, &modify_ns))| {
        let strategy = strategy.to_owned();
        Work { strategy, deadline_ns, modify_ns }
    });
    Ok((work.collect(), not_quiet))
}
