//! A prepared trace on its way from the process that prepared it to those that play it.
//!
//! It lies in a memfd(2): a file in memory without a name. So no disk writes it back while something is measured, nothing is left
//! behind however the run ends, SIGKILL included, and no other program finds it. A process that plays it opens it through /proc,
//! under the number of the process that holds it, and reads it as any file. It is sealed, so that all of them play the same.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use serde::{Deserialize, Serialize};

use crate::workload::trace::prepared::Prepared;

/// Where a prepared trace is to be read. It is there as long as the process that made it keeps a copy of this value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handed {
    path: PathBuf,
    /// Only in the process that made it.
    #[serde(skip)]
    _held: Option<Arc<File>>,
}

impl Handed {
    /// Writes `trace` where other processes of this program can read it.
    ///
    /// # Errors
    /// If the kernel knows no memfd(2), or has no memory for it.
    pub fn new(trace: &Prepared) -> io::Result<Self> {
        let explain = |error: io::Error| {
            io::Error::new(error.kind(), format!("the prepared trace cannot be put into a memfd: {error}"))
        };
        let write = || {
            let file = File::from(memfd_create("headlock-trace", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
            trace.write(&file)?;
            fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
            Ok(file)
        };
        let file = write().map_err(explain)?;
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        Ok(Handed { path: path.into(), _held: Some(Arc::new(file)) })
    }

    /// Where to read it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A stand-in, for tests that play nothing.
    #[cfg(test)]
    pub(super) fn at(path: &str) -> Self {
        Handed { path: path.into(), _held: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Order;
    use crate::workload::trace::Trace;
    use crate::workload::trace::prepared::Opened;
    use std::fs;

    fn idle() -> Prepared {
        let path = format!("{}/traces/idle.csv.zst", env!("CARGO_MANIFEST_DIR"));
        Prepared::of(&Trace::load(path).unwrap(), Order::Threads, true)
    }

    #[test]
    fn what_is_handed_on_is_what_was_prepared() {
        let trace = idle();
        let handed = Handed::new(&trace).unwrap();
        let text = serde_json::to_string(&handed).unwrap();
        let received: Handed = serde_json::from_str(&text).unwrap();
        let mut written = Vec::new();
        trace.write(&mut written).unwrap();
        assert_eq!(fs::read(received.path()).unwrap(), written);
        assert!(Opened::open(received.path()).is_ok());
        assert!(fs::OpenOptions::new().write(true).open(received.path()).and_then(|file| file.set_len(0)).is_err());
    }

    #[test]
    fn it_is_there_as_long_as_a_copy_is_kept() {
        let handed = Handed::new(&idle()).unwrap();
        let file = Arc::downgrade(handed._held.as_ref().unwrap());
        let kept = handed.clone();
        drop(handed);
        assert!(Opened::open(kept.path()).is_ok());
        drop(kept);
        assert!(file.upgrade().is_none(), "the kernel frees the memory with the last descriptor");
    }
}
