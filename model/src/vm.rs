//! Runs the instrumented half, and reads its answers.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};

use crate::library;

/// Where `scripts/model` says the program is.
const PROGRAM: &str = "HEADLOCK_VM";

/// Plays a plan, in parts, of a strategy, which may be a list in C, or of an experiment.
pub fn play(strategy: &str, plan: &[&str]) -> Result<Played> {
    Played::parse(&with_library(&["play"], strategy, plan)?)
}

/// Counts what a strategy touches; answers CSV.
pub fn anatomy(strategy: &str) -> Result<String> {
    with_library(&["anatomy", strategy], strategy, &[])
}

fn with_library(arguments: &[&str], strategy: &str, input: &[&str]) -> Result<String> {
    let library = library::path(strategy).map(|path| path.to_string_lossy());
    let arguments: Vec<&str> = arguments.iter().copied().chain(library.as_deref()).collect();
    run(&arguments, input)
}

/// Where the program is.
pub fn program() -> Result<PathBuf> {
    std::env::var_os(PROGRAM)
        .map(PathBuf::from)
        .context("start this program by scripts/model, which builds its other half")
}

/// Runs the program with these arguments and this input; answers what it printed.
pub fn run(arguments: &[&str], input: &[&str]) -> Result<String> {
    let program = program()?;
    let mut child = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| program.display().to_string())?;
    // A program that ends early says why on stderr, which is what to report then.
    let mut pipe = child.stdin.take().expect("piped above");
    let _ = input.iter().try_for_each(|part| pipe.write_all(part.as_bytes()));
    drop(pipe);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} ended with {}: {}",
            program.display(),
            output.status,
            said.lines().last().unwrap_or("it said nothing")
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Does `work` for each item, on as many threads as there are processors; answers come in the items' order.
pub fn for_each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let answer = work(item);
                    answers.lock().expect("no worker panics while it holds it").push((at, answer));
                }
            });
        }
    });
    let mut answers = answers.into_inner().expect("as above");
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// One kind of operation of one thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpPlayed {
    /// Its name.
    pub op: String,
    /// How often.
    pub count: u64,
    /// Time inside it, ps.
    pub time_ps: i64,
}

/// What one thread did while measuring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadPlayed {
    /// Its role.
    pub role: String,
    /// Operations.
    pub ops: u64,
    /// Virtual time, ps.
    pub elapsed_ps: i64,
    /// Timers fired.
    pub fired: u64,
    /// Changes that made their timer the head.
    pub rearms: u64,
    /// By kind.
    pub by_op: Vec<OpPlayed>,
    /// Times that it slept in a futex.
    pub parks: u64,
    /// Time that its requests for lines stood in a queue, ps.
    pub waited_ps: u64,
}

/// What came of a play.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// The threads.
    pub threads: Vec<ThreadPlayed>,
    /// What the list counted: lock acquisitions, contended ones, retries, nodes retired, peak unreclaimed.
    pub list: [u64; 5],
    /// What an experiment found.
    pub values: Vec<(String, u64)>,
}

impl Played {
    /// Reads what the program printed; `play.rs` and `experiment.rs` of `model/vm` say what.
    pub fn parse(text: &str) -> Result<Played> {
        let mut played = Played::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            played
                .line(&words)
                .with_context(|| format!("an answer that this program does not know: {line:?}"))?;
        }
        Ok(played)
    }

    fn line(&mut self, words: &[&str]) -> Option<()> {
        match *words {
            ["thread", _, role, ops, elapsed, fired, rearms] => self.threads.push(ThreadPlayed {
                role: role.to_owned(),
                ops: ops.parse().ok()?,
                elapsed_ps: elapsed.parse().ok()?,
                fired: fired.parse().ok()?,
                rearms: rearms.parse().ok()?,
                ..ThreadPlayed::default()
            }),
            ["op", thread, op, count, time] => {
                self.threads.get_mut(thread.parse::<usize>().ok()?)?.by_op.push(OpPlayed {
                    op: op.to_owned(),
                    count: count.parse().ok()?,
                    time_ps: time.parse().ok()?,
                });
            }
            ["counts", thread, parks, _, waited, ..] => {
                let thread = self.threads.get_mut(thread.parse::<usize>().ok()?)?;
                (thread.parks, thread.waited_ps) = (parks.parse().ok()?, waited.parse().ok()?);
            }
            ["rmws", ..] => {}
            ["list", acquisitions, contended, retries, retired, peak] => {
                for (field, word) in self.list.iter_mut().zip([acquisitions, contended, retries, retired, peak]) {
                    *field = word.parse().ok()?;
                }
            }
            ["value", name, value] => self.values.push((name.to_owned(), value.parse().ok()?)),
            _ => return None,
        }
        Some(())
    }

    /// Operations of all threads.
    pub fn ops(&self) -> u64 {
        self.threads.iter().map(|thread| thread.ops).sum()
    }

    /// Operations of the thread that did fewest and of the one that did most, in the role whose threads differ most.
    pub fn ops_apart(&self) -> (u64, u64) {
        let mut roles: std::collections::BTreeMap<&str, (u64, u64)> = std::collections::BTreeMap::new();
        for thread in &self.threads {
            let (least, most) = roles.entry(&thread.role).or_insert((u64::MAX, 0));
            (*least, *most) = ((*least).min(thread.ops), (*most).max(thread.ops));
        }
        let apart = |&(least, most): &(u64, u64)| most as f64 / least.max(1) as f64;
        roles.into_values().max_by(|a, b| apart(a).total_cmp(&apart(b))).unwrap_or((0, 0))
    }

    /// Thread-nanoseconds per operation, as headlock has it: the sum of the threads' times over the sum of their operations.
    pub fn ns_per_op(&self) -> f64 {
        let time: i64 = self.threads.iter().map(|thread| thread.elapsed_ps).sum();
        time as f64 / 1e3 / self.ops() as f64
    }

    /// Mean time inside one kind of operation, ns; `None` if there was none.
    pub fn ns_inside(&self, op: &str) -> Option<f64> {
        let (mut count, mut time) = (0, 0);
        for played in self.threads.iter().flat_map(|thread| &thread.by_op).filter(|played| played.op == op) {
            count += played.count;
            time += played.time_ps;
        }
        (count > 0).then(|| time as f64 / 1e3 / count as f64)
    }
}
