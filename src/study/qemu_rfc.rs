//! The study of the RFC: which commands, and how the time is shared out among them.

use std::path::{Path, PathBuf};

use super::traces::Known;
use crate::record::StudyPart;

/// The study's name.
pub const NAME: &str = "qemu-rfc";

/// What the RFC is, what it would have to become, and the rivals that a reviewer will name.
pub const STRATEGIES: [&str; 8] = [
    "mutex",
    "mutex-peek",
    "mutex-inline",
    "rcu-epoch",
    "rcu-epoch-validated",
    "rcu-membarrier",
    "seqlock",
    "atomic-deadline",
];

/// What a part is needed for. Claims know parts by these words.
#[allow(missing_docs, reason = "each is the word that stands in study.json")]
pub mod role {
    pub const LOADS: &str = "loads";
    pub const STRICT: &str = "strict";
    pub const THREADS: &str = "threads";
    pub const PACE: &str = "pace";
    pub const POINTS: &str = "points";
    pub const MEMORY: &str = "memory";
    pub const CROSSOVER: &str = "crossover";
    pub const FRESH: &str = "fresh";
}

/// Shares of the budget. The rest is for loading traces and for the blocks that end a little late.
const STRICT: f64 = 0.12;
const THREADS: f64 = 0.09;
const PACE: f64 = 0.20;
const POINTS: f64 = 0.25;
const MEMORY: f64 = 0.05;
const CROSSOVER: f64 = 0.17;
const FRESH: f64 = 0.07;

/// Strategies, the A/A control and the floor: the trials of a block of one pass.
const CONTESTANTS: u64 = STRATEGIES.len() as u64 + 2;
/// Blocks that a part should get at least, for its intervals to be bounded.
const BLOCKS: u64 = 4;
/// Rows that the strict part plays for each second of budget: loading and playing one, in both passes, under every strategy and
/// [`BLOCKS`] times, takes about 40 us.
const ROWS_PER_S: u64 = 2_800;

/// The traces to be played in strict order: as many as the budget allows, the shortest first, one at least.
pub fn strict(traces: &[Known], budget_ns: u64) -> Vec<Known> {
    let most = budget_ns / 1_000_000_000 * ROWS_PER_S;
    let mut rows = 0;
    let fits = |(place, trace): &(usize, &Known)| {
        rows += trace.facts.rows;
        *place == 0 || rows <= most
    };
    traces.iter().enumerate().take_while(fits).map(|(_, trace)| trace.clone()).collect()
}

/// How much of a trace can be played at its own pace under every strategy, often enough to bound an interval, ns; a tenth of a
/// second at least.
pub fn paced_ns(budget_ns: u64) -> u64 {
    /// What a trial takes beside playing: starting a process, loading.
    const AROUND_NS: u64 = 150_000_000;
    let trial = (budget_ns as f64 * PACE) as u64 / (CONTESTANTS * BLOCKS);
    trial.saturating_sub(AROUND_NS).max(100_000_000)
}

/// The parts, each the command that makes it. `paced` is the trace, or the beginning of one, that is played with threads.
pub fn parts(dir: &Path, budget_ns: u64, strict: &[Known], paced: &Known, quiet: bool) -> Vec<StudyPart> {
    let budget = |share: f64| format!("--budget={}ms", (budget_ns as f64 * share / 1e6) as u64);
    let strategies = format!("--strategies={}", STRATEGIES.join(","));
    let paced = paced.path.display().to_string();
    let strict: Vec<String> = strict.iter().map(|trace| trace.path.display().to_string()).collect();
    let strict: Vec<&str> = strict.iter().map(String::as_str).collect();
    let seconds = format!("--seconds={}", (budget_ns as f64 * FRESH / 1e9) as u64 + 1);
    let part = |role: &str, words: &[&str]| {
        let out = dir.join(role);
        let mut command: Vec<String> = ["headlock"].iter().chain(words).map(|word| (*word).to_owned()).collect();
        command.extend([format!("--out={}", out.display())]);
        command.extend(quiet.then(|| "--quiet".to_owned()));
        StudyPart {
            role: role.to_owned(),
            path: role.to_owned(),
            command,
            state: None,
        }
    };
    let mut parts = vec![StudyPart {
        role: role::LOADS.to_owned(),
        path: role::LOADS.to_owned(),
        command: Vec::new(),
        state: None,
    }];
    parts.extend([
        part(role::STRICT, &[&["replay"], &strict[..], &[&strategies, &budget(STRICT)]].concat()),
        part(role::THREADS, &["replay", &paced, "--order=threads", &strategies, &budget(THREADS)]),
        part(
            role::PACE,
            &[
                "replay",
                &paced,
                "--order=threads",
                "--speed=1",
                &strategies,
                &budget(PACE),
            ],
        ),
        part(role::POINTS, &["run", "--workload=hot,paced", &strategies, &budget(POINTS)]),
        part(
            role::MEMORY,
            &[
                "run",
                "--workload=churn,modify-heavy",
                "--threads=1",
                &strategies,
                &budget(MEMORY),
            ],
        ),
        part(
            role::CROSSOVER,
            &[
                "crossover",
                "--vary=mods",
                "--strategies=rcu-epoch,atomic-deadline",
                &budget(CROSSOVER),
            ],
        ),
        part(
            role::FRESH,
            &[
                "verify",
                "--strategies=rcu-epoch,rcu-epoch-validated,atomic-deadline",
                "--checks=fresh",
                &seconds,
            ],
        ),
    ]);
    parts
}

/// Where a study cuts its traces to.
pub fn traces_dir(dir: &Path) -> PathBuf {
    dir.join("traces")
}
