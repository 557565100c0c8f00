//! The traces of a study: which there are, what they hold, and the beginning of one where the whole is too long.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::record::StudyTrace;
use crate::workload::profile::Profile;
use crate::workload::trace::{SideFiles, Trace, TraceOp, is_side_file, write_beginning};

/// A trace that was read once.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its file.
    pub path: PathBuf,
    /// What it holds; of active timers only once it is [`sized`](Known::sized).
    pub facts: StudyTrace,
    /// What the user should know of the files beside it, a line each.
    pub notes: Vec<String>,
}

impl Known {
    fn of(path: &Path, cut_from: Option<&str>) -> Result<Known, String> {
        let trace = Trace::load(path).map_err(|error| error.to_string())?;
        let counts = trace.counts();
        let facts = StudyTrace {
            name: trace.name.clone(),
            file: path.display().to_string(),
            length_ns: trace.rows.iter().map(|row| row.time.0).max().unwrap_or(0).unsigned_abs(),
            cut_from: cut_from.map(str::to_owned),
            rows: counts.played(),
            deadline: counts[TraceOp::Deadline],
            expired: counts[TraceOp::Expired],
            run: counts[TraceOp::Run],
            changes: counts[TraceOp::Mod] + counts[TraceOp::Anticipate] + counts[TraceOp::Del] + counts[TraceOp::Free],
            free: counts[TraceOp::Free],
            fire: counts[TraceOp::Fire],
            active: 0,
            most_active: 0,
        };
        Ok(Known { path: path.to_owned(), facts, notes: trace.notes })
    }

    /// With the number of its active timers, which takes playing it: only what a study plays is asked for that.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub fn sized(mut self) -> Result<Known, String> {
        let profile = Profile::of(&Trace::load(&self.path).map_err(|error| error.to_string())?);
        (self.facts.active, self.facts.most_active) = (profile.pending_met, profile.pending.max);
        Ok(self)
    }

    /// Rows a second.
    pub fn rate(&self) -> f64 {
        self.facts.rows as f64 * 1e9 / self.facts.length_ns.max(1) as f64
    }
}

/// Every trace of a directory, the shortest (in rows) first.
///
/// # Errors
/// If there is none, or one of them is broken.
pub fn in_dir(dir: &Path) -> Result<Vec<Known>, String> {
    let entries =
        fs::read_dir(dir).map_err(|error| format!("{}: {error}; expected a directory of traces", dir.display()))?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_trace(path)).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{}: no trace is in it; expected files like NAME.csv or NAME.csv.zst", dir.display()));
    }
    let mut known = paths.iter().map(|path| Known::of(path, None)).collect::<Result<Vec<Known>, String>>()?;
    known.sort_by_key(|trace| trace.facts.rows);
    Ok(known)
}

/// `NAME.csv` and `NAME.csv.zst`, but not what stands beside a trace (`NAME.lists.csv` and so on).
fn is_trace(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".csv", ".csv.zst", ".csv.gz"].iter().any(|end| name.ends_with(end)) && !is_side_file(path)
}

/// Writes the first `length_ns` of a trace into `dir`, with the files beside it, under a name that says so.
///
/// # Errors
/// If it cannot be read or written, or nothing happens in that time.
pub fn cut(trace: &Known, length_ns: u64, dir: &Path) -> Result<Known, String> {
    // A file's name may have 255 bytes, and more is put behind this one.
    let of = &trace.facts.name[..trace.facts.name.floor_char_boundary(128)];
    let name = format!("{of}-first-{}ms", length_ns / 1_000_000);
    let path = dir.join(format!("{name}.csv.zst"));
    let failed = |error: std::io::Error| format!("cannot cut {}: {error}", trace.path.display());
    let mut text = Vec::new();
    write_beginning(&trace.path, length_ns, &mut text).map_err(|error| error.to_string())?;
    fs::create_dir_all(dir).map_err(failed)?;
    let packed = compress_to_vec(&text[..], CompressionLevel::Fastest);
    File::create_new(&path).and_then(|mut file| file.write_all(&packed)).map_err(failed)?;
    for (what, file) in SideFiles::of(&trace.path).each() {
        // What a file is compressed with is told by its content, but a person goes by its name.
        let packed = file.extension().filter(|end| *end != "csv").map(|end| format!(".{}", end.display()));
        let copy = format!("{name}.{what}.csv{}", packed.unwrap_or_default());
        fs::copy(file, dir.join(copy)).map_err(failed)?;
    }
    Known::of(&path, Some(&trace.facts.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_the_beginning_with_what_stands_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let whole = dir.path().join("short.csv");
        let text = "time_ns,thread,list,op,timer,expire_ns\n0,0,0,mod,1,5000000\n1000000,0,0,deadline,,\n\
                    2000000,0,0,run,,\n6000000,0,0,run,,\n6000001,0,0,fire,1,\n";
        fs::write(&whole, text).unwrap();
        fs::write(dir.path().join("short.init.csv"), "list,timer,expire_ns\n0,2,7000000\n").unwrap();
        let [known] = &in_dir(dir.path()).unwrap()[..] else {
            panic!()
        };
        assert_eq!((known.facts.rows, known.facts.run, known.facts.fire, known.facts.length_ns), (4, 2, 1, 6_000_001));
        let sized = known.clone().sized().unwrap();
        assert_eq!((sized.facts.active, sized.facts.most_active), (2, 2));
        let cut = cut(known, 2_000_000, &dir.path().join("cut")).unwrap();
        assert_eq!((cut.facts.rows, cut.facts.run, cut.facts.changes), (3, 1, 1));
        assert_eq!((cut.facts.name.as_str(), cut.facts.cut_from.as_deref()), ("short-first-2ms", Some("short")));
        assert!(dir.path().join("cut/short-first-2ms.init.csv").exists());
    }

    #[test]
    fn a_directory_without_traces_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x.lists.csv"), "").unwrap();
        assert!(in_dir(dir.path()).unwrap_err().contains("no trace"));
        assert!(in_dir(&dir.path().join("none")).unwrap_err().contains("expected a directory"));
    }
}
