//! Stamps: which strategies passed `headlock verify` with this very code on this machine as it is, and which broke what.
//!
//! A stamp is a file for each piece of code, program or library, on each machine. `verify` writes it; the commands that measure
//! read it and write down in `run.json` what it says. docs/VERIFY.md says where stamps lie and what makes them void.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::export::{read_text, replace};
use crate::harness::{host, program_sha256, sha256};
use crate::json;
use crate::record::{BehindDoor, Check, Checked, Common, Stamp, Stamped, Verified, is_floor};

/// Names the directory of state, for all users of which it is another. Set and empty: there is none.
const STATE: &str = "HEADLOCK_STATE";

/// The file whose lock is held while a stamp is changed.
const LOCK: &str = ".lock";

/// How many digits of a hash tell machines apart.
const DIGITS: usize = 16;

/// What one check of a strategy came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The strategy.
    pub strategy: String,
    /// The check.
    pub check: Check,
    /// Whether nothing was broken.
    pub passed: bool,
    /// When, and how long it took.
    pub checked: Checked,
}

/// What is known of a run's strategies before it. What is wrong with the stamps comes second, in words; they count as none.
pub fn passes(told: &Common) -> (BTreeMap<String, Option<Verified>>, Option<String>) {
    let none = || told.strategies.iter().filter(|name| !is_floor(name)).map(|name| (name.clone(), None)).collect();
    match Stamps::here() {
        Ok(Some(stamps)) => stamps.passes(&told.strategies, &told.behind_door),
        Ok(None) => (none(), None),
        Err(why) => (none(), Some(why)),
    }
}

/// The stamps of this machine.
pub struct Stamps {
    directory: PathBuf,
    machine: String,
    /// The program's own hash.
    program: String,
}

impl Stamps {
    /// Those that this environment names; `None` if it names none on purpose.
    ///
    /// # Errors
    /// If there is no place for them, or this program cannot be read; in words.
    pub fn here() -> Result<Option<Stamps>, String> {
        let Some(state) = state()? else { return Ok(None) };
        Ok(Some(Stamps {
            directory: state.join("verified"),
            machine: machine(),
            program: program_sha256().map_err(|error| format!("cannot read this program's own file: {error}"))?,
        }))
    }

    /// What is known of these strategies, by name. What is wrong with a stamp comes second, in words; it counts as no stamp.
    fn passes(
        &self,
        strategies: &[String],
        behind: &[BehindDoor],
    ) -> (BTreeMap<String, Option<Verified>>, Option<String>) {
        let mut read: BTreeMap<Stamped, Result<Option<Stamp>, String>> = BTreeMap::new();
        let mut passes = BTreeMap::new();
        for name in strategies.iter().filter(|name| !is_floor(name)) {
            let of = self.of(name, behind);
            let stamp = read.entry(of.clone()).or_insert_with(|| self.read(&of));
            let stamp = stamp.as_ref().ok().and_then(Option::as_ref);
            passes.insert(name.clone(), stamp.and_then(|stamp| stamp.strategies.get(name)?.told()));
        }
        (passes, read.into_values().find_map(Result::err))
    }

    /// Keeps what a verification came to, check by check.
    ///
    /// # Errors
    /// If a stamp cannot be written; in words. The others are.
    pub fn keep(&self, outcomes: &[Outcome], behind: &[BehindDoor]) -> Result<(), String> {
        let mut by_code: BTreeMap<Stamped, Vec<&Outcome>> = BTreeMap::new();
        for outcome in outcomes {
            by_code.entry(self.of(&outcome.strategy, behind)).or_default().push(outcome);
        }
        let kept = by_code.into_iter().map(|(of, outcomes)| {
            let path = self.path(&of);
            self.change(of, &outcomes)
                .map_err(|error| format!("{}: cannot be written: {error}", path.display()))
        });
        kept.fold(Ok(()), Result::and)
    }

    fn change(&self, of: Stamped, outcomes: &[&Outcome]) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        // Until the end: two verifications at a time must not undo each other.
        let lock = File::create(self.directory.join(LOCK))?;
        lock.lock()?;
        let path = self.path(&of);
        // What cannot be read says nothing.
        let mut stamp = self.read(&of).ok().flatten().unwrap_or_else(|| Stamp::new(of));
        for outcome in outcomes {
            let known = stamp.strategies.entry(outcome.strategy.clone()).or_default();
            known.keep(outcome.check, outcome.passed, outcome.checked);
        }
        replace(&self.directory, path.file_name().unwrap_or_default(), |out| json::write(&stamp, out))
    }

    /// Whose stamp tells of a strategy.
    fn of(&self, strategy: &str, behind: &[BehindDoor]) -> Stamped {
        let library = behind.iter().find(|it| it.declaration.name == strategy).and_then(|it| it.sha256.clone());
        Stamped {
            code: library.unwrap_or_else(|| self.program.clone()),
            machine: self.machine.clone(),
            headlock_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn path(&self, of: &Stamped) -> PathBuf {
        self.directory.join(format!("{}-{}.json", of.code, of.machine))
    }

    /// A stamp, if there is one that is not void.
    fn read(&self, of: &Stamped) -> Result<Option<Stamp>, String> {
        let path = self.path(of);
        let stamp = read(&path).map_err(|why| {
            format!("{}: {why}, so it counts as none; headlock verify writes it anew", path.display())
        })?;
        Ok(stamp.filter(|stamp| stamp.of == *of))
    }
}

fn read(path: &Path) -> Result<Option<Stamp>, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    // Before it is opened: a pipe would wait for a writer.
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(facts) if !facts.is_file() => return Err("is not a file".to_owned()),
        Ok(_) => {}
    }
    let text = read_text(path).map_err(unreadable)?;
    json::read(text.as_bytes()).map(Some).map_err(|error| format!("is no stamp: {error}"))
}

/// The directory of state, as the XDG Base Directory Specification has it.
fn state() -> Result<Option<PathBuf>, String> {
    if let Some(told) = env::var_os(STATE) {
        return Ok((!told.is_empty()).then(|| told.into()));
    }
    // A relative path is to be ignored.
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    match state {
        Some(state) => Ok(Some(state.join("headlock"))),
        None => Err(format!("there is no place for stamps of verify; expected a directory in HOME or {STATE}")),
    }
}

/// What makes it this machine in this state: its name for itself, its processor's model and its kernel. As a hash, since the first is
/// nobody's business (machine-id(5)).
fn machine() -> String {
    let host = host::facts();
    let id = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let name = match id.trim() {
        "" => host.hostname,
        id => id.to_owned(),
    };
    let facts = [Some(name), host.cpu_model, host.kernel].map(Option::unwrap_or_default).join("\n");
    sha256(facts.as_bytes()).chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Check, Declaration};

    fn stamps(directory: &Path) -> Stamps {
        Stamps {
            directory: directory.join("verified"),
            machine: "machine".to_owned(),
            program: "program".to_owned(),
        }
    }

    fn outcome(name: &str, check: Check, passed: bool) -> Outcome {
        let checked = Checked { date: "2026-11-27T12:00:00Z".parse().unwrap(), seconds: 2.0 };
        Outcome { strategy: name.to_owned(), check, passed, checked }
    }

    fn passed(name: &str) -> Outcome {
        outcome(name, Check::Model, true)
    }

    fn library(name: &str, sha256: &str) -> BehindDoor {
        BehindDoor {
            declaration: Declaration {
                name: name.to_owned(),
                summary: String::new(),
                reader_pays: String::new(),
                progress: String::new(),
                freshness: String::new(),
                writer_pays: String::new(),
                built_on: String::new(),
                reference: String::new(),
            },
            library: Some("/x.so".to_owned()),
            sha256: Some(sha256.to_owned()),
        }
    }

    /// The names of those that had passed, and what is wrong.
    fn known(stamps: &Stamps, names: &[&str], behind: &[BehindDoor]) -> (Vec<String>, Option<String>) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (passes, wrong) = stamps.passes(&names, behind);
        (passes.into_iter().filter_map(|(name, pass)| pass.map(|_| name)).collect(), wrong)
    }

    #[test]
    fn passes_and_failures_are_kept_by_strategy_and_check() {
        let dir = tempfile::tempdir().unwrap();
        let stamps = stamps(dir.path());
        assert_eq!(known(&stamps, &["mutex", "floor@c"], &[]), (vec![], None));
        stamps.keep(&[passed("mutex"), passed("hazard")], &[]).unwrap();
        assert_eq!(
            known(&stamps, &["mutex", "seqlock", "hazard"], &[]),
            (["hazard", "mutex"].map(String::from).into(), None)
        );
        stamps
            .keep(
                &[
                    outcome("mutex", Check::Hold, true),
                    outcome("mutex", Check::Progress, false),
                ],
                &[],
            )
            .unwrap();
        let names = ["mutex".to_owned()];
        let mutex = stamps.passes(&names, &[]).0.remove("mutex").flatten().unwrap();
        assert_eq!(mutex.checks, [Check::Model, Check::Hold]);
        assert_eq!(mutex.broken.iter().map(|it| it.check).collect::<Vec<_>>(), [Check::Progress]);
    }

    #[test]
    fn a_stamp_is_void_for_other_code_and_another_machine() {
        let dir = tempfile::tempdir().unwrap();
        let here = stamps(dir.path());
        here.keep(&[passed("mutex"), passed("mine")], &[library("mine", "a")]).unwrap();
        assert_eq!(known(&here, &["mutex", "mine"], &[library("mine", "a")]).0, ["mine", "mutex"]);
        assert_eq!(known(&here, &["mutex", "mine"], &[library("mine", "b")]).0, ["mutex"]);
        let rebuilt = Stamps { program: "other".to_owned(), ..stamps(dir.path()) };
        assert_eq!(known(&rebuilt, &["mutex", "mine"], &[library("mine", "a")]).0, ["mine"]);
        let elsewhere = Stamps { machine: "other".to_owned(), ..stamps(dir.path()) };
        assert_eq!(known(&elsewhere, &["mutex", "mine"], &[library("mine", "a")]), (vec![], None));
        // A stamp that was given another's name.
        let of = |stamps: &Stamps| stamps.path(&stamps.of("mutex", &[]));
        fs::copy(of(&here), of(&rebuilt)).unwrap();
        assert_eq!(known(&rebuilt, &["mutex"], &[]), (vec![], None));
    }

    #[test]
    fn whatever_lies_in_its_place_is_one_line_and_no_stamp() {
        let dir = tempfile::tempdir().unwrap();
        let stamps = stamps(dir.path());
        fs::create_dir_all(&stamps.directory).unwrap();
        let path = stamps.path(&stamps.of("mutex", &[]));
        let wrong = || known(&stamps, &["mutex"], &[]).1.expect("something is wrong");
        fs::write(&path, "{").unwrap();
        assert!(wrong().contains("is no stamp: "), "{}", wrong());
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(wrong().contains("it is longer than 4 MiB"), "{}", wrong());
        // Overwritten by the next pass.
        stamps.keep(&[passed("mutex")], &[]).unwrap();
        assert_eq!(known(&stamps, &["mutex"], &[]).0, ["mutex"]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(wrong().contains("is not a file"), "{}", wrong());
        assert!(!wrong().contains('\n'));
        let error = stamps.keep(&[passed("mutex")], &[]).unwrap_err();
        assert!(error.contains("cannot be written: "), "{error}");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("verified"), "").unwrap();
        let error = stamps(dir.path()).keep(&[passed("mutex")], &[]).unwrap_err();
        assert!(error.contains("cannot be written: "), "{error}");
        assert!(known(&stamps(dir.path()), &["mutex"], &[]).1.unwrap().contains("cannot be read: "));
    }
}
