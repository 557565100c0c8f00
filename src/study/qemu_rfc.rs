//! The study of the RFC: its parts, each the command that makes it.

use std::path::{Path, PathBuf};

use super::traces::Known;

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
    pub const STRICT: &str = "strict";
    pub const THREADS: &str = "threads";
    pub const PACE: &str = "pace";
    pub const POINTS: &str = "points";
    pub const MEMORY: &str = "memory";
    pub const CROSSOVER: &str = "crossover";
    pub const FRESH: &str = "fresh";
}

/// Shares of the budget of what has no point that a verdict is taken of.
const MEMORY: f64 = 0.04;
const CROSSOVER: f64 = 0.13;
const FRESH: f64 = 0.06;
/// What playing at the recorded pace takes of it.
const PACE: f64 = 0.15;

/// The difference that is still called the same.
const MARGIN: &str = "--threshold=5%";

/// Rows that are played in strict order for each second of budget.
const ROWS_PER_S: u64 = 2_800;
/// Blocks at the recorded pace, the pilot's included.
const PACED_BLOCKS: u64 = 14;

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

/// How much of a trace can be played at its own pace by so many loaded lists and all others, often enough to bound an interval, ns; a
/// tenth of a second at least.
pub fn paced_ns(budget_ns: u64, loaded: usize) -> u64 {
    // Beside the strategies: the A/A control and the floor, which stands behind the C interface too if any list does.
    let contestants = STRATEGIES.len() + 2 + if loaded > 0 { loaded + 1 } else { 0 };
    ((budget_ns as f64 * PACE) as u64 / (contestants as u64 * PACED_BLOCKS)).max(100_000_000)
}

/// One part.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is needed for.
    pub role: &'static str,
    /// Its directory, in the study's.
    pub path: String,
    /// Its command, without the program's name, the time that it may take and where it writes.
    pub words: Vec<String>,
    /// Its share of the budget; `None` of a point, whose pilot says what it needs.
    pub share: Option<f64>,
}

impl Part {
    /// Its command line, with this much time and at most so many blocks, for this directory.
    pub fn command(&self, time_ns: u64, blocks: Option<usize>, out: &Path, quiet: bool) -> Vec<String> {
        let time = match self.role {
            role::FRESH => format!("--seconds={}", (time_ns / 1_000_000_000).max(1)),
            _ => format!("--budget={}ms", (time_ns / 1_000_000).max(1)),
        };
        let mut command = vec!["headlock".to_owned()];
        command.extend(self.words.iter().cloned());
        command.extend([time, format!("--out={}", out.display())]);
        command.extend(blocks.map(|blocks| format!("--blocks={blocks}")));
        command.extend(quiet.then(|| "--quiet".to_owned()));
        command
    }
}

/// All parts: first those whose share is fixed. `paced` is the trace, or the beginning of one, that is played with threads; `load` are
/// the flags that load libraries.
pub fn parts(strict: &[Known], paced: &Known, load: &[String], cpus: usize) -> Vec<Part> {
    let strategies = format!("--strategies={}", STRATEGIES.join(","));
    let paced = paced.path.display().to_string();
    let part = |role, path: String, words: &[&str], share| Part {
        role,
        path,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        share,
    };
    let loading = |part: Part| Part { words: [&part.words[..], load].concat(), ..part };
    let measured = |role, path: String, words: &[&str], share| {
        loading(part(role, path, &[words, &[&strategies, MARGIN]].concat(), share))
    };
    let fresh = "--strategies=rcu-epoch,rcu-epoch-validated,atomic-deadline";
    let churn = ["run", "--workload=churn,modify-heavy", "--threads=1"];
    let crossover = ["crossover", "--vary=mods", "--strategies=rcu-epoch,atomic-deadline"];
    let mut parts = vec![
        loading(part(role::FRESH, role::FRESH.to_owned(), &["verify", fresh, "--checks=fresh"], Some(FRESH))),
        loading(part(role::CROSSOVER, role::CROSSOVER.to_owned(), &crossover, Some(CROSSOVER))),
        measured(role::MEMORY, role::MEMORY.to_owned(), &churn, Some(MEMORY)),
    ];
    for (place, trace) in strict.iter().enumerate() {
        // A file's name may have 255 bytes.
        let name = if trace.facts.name.len() > 128 {
            place.to_string()
        } else {
            trace.facts.name.clone()
        };
        let file = trace.path.display().to_string();
        parts.push(measured(role::STRICT, format!("strict-{name}"), &["replay", &file], None));
    }
    let threads = ["replay", &paced, "--order=threads"];
    parts.push(measured(role::THREADS, role::THREADS.to_owned(), &threads, None));
    parts.push(measured(role::PACE, role::PACE.to_owned(), &[&threads[..], &["--speed=1"]].concat(), None));
    let mut counts = vec![1, cpus];
    counts.dedup();
    for workload in ["hot", "paced"] {
        for threads in &counts {
            let words = [
                "run",
                &format!("--workload={workload}"),
                &format!("--threads={threads}"),
            ];
            parts.push(measured(role::POINTS, format!("{workload}-{threads}"), &words, None));
        }
    }
    parts
}

/// Where a study cuts its traces to.
pub fn traces_dir(dir: &Path) -> PathBuf {
    dir.join("traces")
}

/// Where the pilot of a part is, in the study's directory.
pub fn pilot_path(part: &str) -> String {
    format!("pilot/{part}")
}
