//! A machine, as a file describes it.
//!
//! Every figure is a value with its source. A value that nobody measured or published says `assumed` and gives a range; predictions
//! are made from the middle and from both ends.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use headlock::record::{Machine, MachineError};
use serde::{Deserialize, Serialize};

/// The word with which the source of a figure begins that nobody measured.
const ASSUMED: &str = "assumed";

/// Which of a range's values is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All costs at their lowest.
    Fast,
    /// The values stated.
    Middle,
    /// All costs at their highest.
    Slow,
}

impl End {
    /// All of them.
    pub const ALL: [End; 3] = [End::Fast, End::Middle, End::Slow];
}

/// A figure and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The value to use.
    pub value: f64,
    /// The lowest value it may have; the value itself if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The highest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Who measured or published it, or `assumed`.
    pub source: String,
}

impl Figure {
    fn check(&self, name: &str) -> Result<()> {
        ensure!(self.value >= 0.0 && self.value.is_finite(), "{name} is {}; a number from 0 on expected", self.value);
        let (low, high) = (self.low.unwrap_or(self.value), self.high.unwrap_or(self.value));
        ensure!(low <= self.value && self.value <= high, "{name}: {low} to {high} does not hold {}", self.value);
        let ranged = self.low.is_some() && self.high.is_some();
        ensure!(!self.is_assumed() || ranged, "{name} is assumed, so it needs low and high");
        ensure!(!self.source.trim().is_empty(), "{name} has no source");
        Ok(())
    }

    /// Whether nobody measured it.
    pub fn is_assumed(&self) -> bool {
        self.source.starts_with(ASSUMED)
    }

    fn cost(&self, end: End) -> f64 {
        match end {
            End::Fast => self.low.unwrap_or(self.value),
            End::Middle => self.value,
            End::Slow => self.high.unwrap_or(self.value),
        }
    }

    /// Of what is good to have much of.
    fn gain(&self, end: End) -> f64 {
        self.cost(match end {
            End::Fast => End::Slow,
            End::Middle => End::Middle,
            End::Slow => End::Fast,
        })
    }
}

/// A group of cores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// What such a group is called.
    pub name: String,
    /// Cores in it.
    pub cores: usize,
    /// What a line takes between two cores of it that share no smaller group, ns.
    pub latency_ns: Figure,
}

/// What a line does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "explained once, in model/vm/runtime/vm.h")]
pub struct Lines {
    pub stay_pair: Figure,
    pub stay_queue: Figure,
    pub near_first: bool,
    pub read_service_ns: Figure,
    #[serde(default = "apart")]
    pub apart_ns: Figure,
    pub window_ns: Figure,
}

/// What descriptions have that do not say.
fn apart() -> Figure {
    Figure {
        value: 5.0,
        low: Some(2.0),
        high: Some(15.0),
        source: "assumed".to_owned(),
    }
}

macro_rules! costs {
    ($($field:ident $name:literal),* $(,)?) => {
        /// What operations cost, ns.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(missing_docs, reason = "explained once, in model/vm/runtime/vm.h")]
        pub struct Costs { $(pub $field: Figure),* }

        impl Costs {
            fn each(&self) -> impl Iterator<Item = (&'static str, &Figure)> {
                [$(($name, &self.$field)),*].into_iter()
            }
        }
    };
}

costs! {
    plain_ns "plain", load_ns "load", store_ns "store", rmw_ns "rmw", fence_ns "fence", call_ns "call", memory_ns "memory",
    pause_ns "pause", alloc_ns "alloc", syscall_ns "syscall", yield_ns "yield", wake_ns "wake", wake_call_ns "wake_call",
    futex_wait_ns "futex_wait", clock_ns "clock",
    membarrier_ns "membarrier", membarrier_core_ns "membarrier_core",
}

/// A strategy's time beside its accesses, as measured with one thread, by operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// The strategy.
    pub strategy: String,
    /// A poll's, ns.
    pub deadline_ns: f64,
    /// A modify's, ns.
    pub modify_ns: f64,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Its name in tables and files.
    pub name: String,
    /// One line about it.
    pub summary: String,
    /// Cores.
    pub cores: usize,
    /// Threads that a core executes at once.
    pub threads_per_core: usize,
    /// What lines do.
    pub lines: Lines,
    /// What operations cost.
    pub costs: Costs,
    /// Groups of cores, the smallest first; the last is the whole machine.
    pub level: Vec<Level>,
    /// How far predictions are off; unknown until something was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<MachineError>,
    /// Time beside accesses, by strategy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub work: Vec<Work>,
}

impl Description {
    /// Reads a description by path, or by name from those that ship.
    pub fn load(name: &str) -> Result<Description> {
        let path = Self::path(name)?;
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "{}: no such description; a TOML file or one of {} expected",
                path.display(),
                names().unwrap_or_default().join(", ")
            )
        })?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// The file that a name or path stands for.
    pub fn path(name: &str) -> Result<PathBuf> {
        let path = Path::new(name);
        Ok(if path.extension().is_some() || path.components().count() > 1 {
            path.to_owned()
        } else {
            shipped()?.join(format!("{name}.toml"))
        })
    }

    /// Reads a description.
    pub fn parse(text: &str) -> Result<Description> {
        let it: Description =
            toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.to_string().trim().replace('\n', " ")))?;
        ensure!((1..=512).contains(&it.cores), "cores is {}; 1 to 512 expected", it.cores);
        ensure!(
            (1..=8).contains(&it.threads_per_core),
            "threads_per_core is {}; 1 to 8 expected",
            it.threads_per_core
        );
        ensure!((1..=8).contains(&it.level.len()), "{} levels; 1 to 8 expected", it.level.len());
        let mut inner = 1;
        for level in &it.level {
            ensure!(
                level.cores >= inner && level.cores.is_multiple_of(inner),
                "level {:?} has {} cores; a multiple of the {inner} of the level before expected",
                level.name,
                level.cores
            );
            inner = level.cores;
            level.latency_ns.check(&format!("the latency of level {:?}", level.name))?;
        }
        ensure!(inner == it.cores, "the last level has {inner} cores; all {} expected", it.cores);
        for (name, figure) in it.costs.each() {
            figure.check(name)?;
        }
        for (name, figure) in [("stay_pair", &it.lines.stay_pair), ("stay_queue", &it.lines.stay_queue)] {
            figure.check(name)?;
            ensure!(figure.low.unwrap_or(figure.value) >= 1.0, "{name} is less than 1 operation");
        }
        it.lines.read_service_ns.check("read_service_ns")?;
        it.lines.apart_ns.check("apart_ns")?;
        it.lines.window_ns.check("window_ns")?;
        Ok(it)
    }

    /// Processors as the system would count them.
    pub fn processors(&self) -> usize {
        self.cores * self.threads_per_core
    }

    /// The core of a thread: one thread on each core first, in order.
    pub fn core(&self, thread: usize) -> usize {
        thread % self.cores
    }

    /// The plan's lines that describe the machine.
    pub fn plan(&self, end: End) -> String {
        let mut text = format!("cores {}\n", self.cores);
        for level in &self.level {
            let _ = writeln!(text, "level {} {}", level.cores, picoseconds(level.latency_ns.cost(end)));
        }
        for (name, figure) in self.costs.each() {
            let _ = writeln!(text, "cost {name} {}", picoseconds(figure.cost(end)));
        }
        let _ = writeln!(text, "cost read_service {}", picoseconds(self.lines.read_service_ns.cost(end)));
        let _ = writeln!(text, "cost apart {}", picoseconds(self.lines.apart_ns.cost(end)));
        for (name, figure) in [
            ("stay_pair", &self.lines.stay_pair),
            ("stay_queue", &self.lines.stay_queue),
        ] {
            let _ = writeln!(text, "cost {name} {}", (figure.gain(end) * 1e3).round());
        }
        let _ = writeln!(text, "cost window {}", picoseconds(self.lines.window_ns.gain(end)));
        let _ = writeln!(text, "cost near_first {}", u8::from(self.lines.near_first));
        text
    }

    /// The names of the figures that nobody measured.
    pub fn assumed(&self) -> Vec<String> {
        let costs = self.costs.each().map(|(name, figure)| (name.to_owned(), figure));
        let lines = [
            ("stay_pair".to_owned(), &self.lines.stay_pair),
            ("stay_queue".to_owned(), &self.lines.stay_queue),
            ("read_service".to_owned(), &self.lines.read_service_ns),
            ("apart".to_owned(), &self.lines.apart_ns),
            ("window".to_owned(), &self.lines.window_ns),
        ];
        let levels = self.level.iter().map(|level| (format!("latency of {}", level.name), &level.latency_ns));
        levels
            .chain(lines)
            .chain(costs)
            .filter(|(_, figure)| figure.is_assumed())
            .map(|(name, _)| name)
            .collect()
    }

    /// As result files have it.
    pub fn recorded(&self) -> Result<Machine> {
        Ok(serde_json::from_value(serde_json::to_value(self)?)?)
    }
}

/// Puts an error into a description's file and leaves the rest of it as it is.
pub fn write_error(path: &Path, error: &MachineError) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    std::fs::write(path, with_error(&text, error)?).with_context(|| path.display().to_string())
}

/// The text with its `[error]` table replaced, or with one at its end.
fn with_error(text: &str, error: &MachineError) -> Result<String> {
    let mut inside = false;
    let kept = text.lines().filter(|line| {
        if line.starts_with('[') {
            inside = line.trim() == "[error]";
        }
        !inside
    });
    let kept: Vec<&str> = kept.collect();
    Ok(format!("{}\n\n[error]\n{}", kept.join("\n").trim_end(), toml::to_string(error)?))
}

/// Whole picoseconds, so that sums are the same everywhere.
pub fn picoseconds(ns: f64) -> i64 {
    (ns * 1e3).round() as i64
}

/// Where the descriptions are that ship.
pub fn shipped() -> Result<PathBuf> {
    Ok(root()?.join("model/machines"))
}

/// Where headlock's own files are.
pub fn root() -> Result<PathBuf> {
    std::env::var_os("HEADLOCK_ROOT").map(PathBuf::from).context("start this program by scripts/model")
}

/// The names of the descriptions that ship.
pub fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(shipped()?)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    if names.is_empty() {
        bail!("no description in {}", shipped()?.display());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (PathBuf, String)> {
        let machines = Path::new(env!("CARGO_MANIFEST_DIR")).join("machines");
        let paths = std::fs::read_dir(machines).unwrap().map(|entry| entry.unwrap().path());
        paths.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
    }

    #[test]
    fn every_description_that_ships_is_read() {
        assert!(all().count() >= 4);
        for (path, text) in all() {
            let description = Description::parse(&text).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
            assert_eq!(path.file_stem().unwrap().to_str(), Some(description.name.as_str()));
        }
    }

    #[test]
    fn an_assumed_figure_without_a_range_is_refused() {
        let (_, text) = all().find(|(path, _)| path.ends_with("graviton3.toml")).unwrap();
        let broken = text.replace("rmw_ns = { value = 5, low = 3, high = 8,", "rmw_ns = { value = 5,");
        assert_ne!(text, broken);
        assert_eq!(Description::parse(&broken).unwrap_err().to_string(), "rmw is assumed, so it needs low and high");
    }

    #[test]
    fn an_error_found_replaces_the_one_before() {
        let (_, text) = all().find(|(path, _)| path.ends_with("xeon-8176-8s.toml")).unwrap();
        let error = MachineError { time: 0.5, against: "a test".to_owned() };
        let once = with_error(&text, &error).unwrap();
        assert_eq!(Description::parse(&once).unwrap().error, Some(error.clone()));
        assert_eq!(with_error(&once, &error).unwrap(), once);
        let without = Description { error: None, ..Description::parse(&once).unwrap() };
        assert_eq!(without, Description { error: None, ..Description::parse(&text).unwrap() });
    }

    #[test]
    fn levels_that_do_not_nest_are_refused() {
        let (_, text) = all().find(|(path, _)| path.ends_with("epyc-7742-2s.toml")).unwrap();
        let broken = text.replace("cores = 64\n", "cores = 66\n");
        let error = Description::parse(&broken).unwrap_err().to_string();
        assert!(error.starts_with("level \"socket\" has 66 cores; a multiple of the 4"), "{error}");
    }
}
