//! Sealed files in memory, mapped: the pages that one process wrote are read by others as they are, without a copy.
//!
//! And words that two processes share: [`shared_words`].
//!
//! A mapped file is no slice of bytes as Rust means it, since any process may write to the file or cut it off. One of memfd_create(2)
//! can be sealed against both for good (fcntl(2), *File Sealing*), and only such files are mapped here.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use rustix::fs::{SealFlags, fcntl_add_seals, fcntl_get_seals};

/// The bytes of a sealed file, at the beginning of a page.
#[derive(Debug)]
pub struct Sealed {
    /// Dangling if there is no byte.
    bytes: NonNull<u8>,
    length: usize,
}

impl Sealed {
    /// Maps all of `file`.
    ///
    /// # Errors
    /// If it is not sealed against writing and shrinking, or cannot be mapped.
    pub fn map(file: &File) -> io::Result<Self> {
        let sealed = |seals: SealFlags| seals.contains(SealFlags::WRITE | SealFlags::SHRINK);
        // Other files than those in memory know no seals.
        if !fcntl_get_seals(file).is_ok_and(sealed) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not sealed against writing and shrinking"));
        }
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        if length == 0 {
            return Ok(Sealed { bytes: NonNull::dangling(), length });
        }
        // Private, since kernels before 6.7 share no file that is sealed against writing. All pages at once, so that none is missed later.
        let (protection, flags) = (libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_POPULATE);
        // SAFETY: where no address is asked for, the kernel puts the mapping where nothing else is.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, file.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let bytes = NonNull::new(address.cast()).ok_or_else(|| io::Error::other("it was mapped to address 0"))?;
        Ok(Sealed { bytes, length })
    }
}

impl Deref for Sealed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `length` bytes are mapped from `bytes` on until `self` is dropped. Nobody writes to them: this process may not, and the
        // file's seals, which no one can break, keep everybody else from it. Nor are there fewer, since the file cannot shrink.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr(), self.length) }
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: `map` made this mapping, and no slice of it outlives `self`. It fails for no mapping that there is.
            unsafe { libc::munmap(self.bytes.as_ptr().cast(), self.length) };
        }
    }
}

// SAFETY: these are bytes that nobody writes to, and a mapping belongs to the process, not to a thread.
unsafe impl Send for Sealed {}
// SAFETY: as above.
unsafe impl Sync for Sealed {}

/// Makes room for so many words behind the first `from` bytes of a file in memory, and maps it for the life of the process: whatever this
/// process writes there, others find in the file, however it ends.
///
/// `from` is a multiple of the size of a page. The file never gets shorter again.
///
/// # Errors
/// If the file is none that can be sealed, or cannot be made longer or mapped.
pub fn shared_words(file: &File, from: u64, words: usize) -> io::Result<&'static [AtomicU64]> {
    let length = words * size_of::<AtomicU64>();
    let offset = libc::off_t::try_from(from).map_err(io::Error::other)?;
    file.set_len(from + length as u64)?;
    fcntl_add_seals(file, SealFlags::SHRINK)?;
    if file.metadata()?.len() < from + length as u64 {
        return Err(io::Error::other("it was cut before it was sealed"));
    }
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: where no address is asked for, the kernel puts the mapping where nothing else is.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, file.as_raw_fd(), offset) };
    if address == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: so many bytes are mapped from a page's beginning on, for good, since nobody unmaps them and the file's seal keeps it from
    // getting shorter. They are zeros or what somebody wrote, all of which are values of a word; others may write at any time, as with any
    // atomic.
    Ok(unsafe { std::slice::from_raw_parts(address.cast::<AtomicU64>(), words) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{MemfdFlags, fcntl_add_seals, memfd_create};
    use std::io::Write;
    use std::os::unix::fs::FileExt;
    use std::sync::atomic::Ordering;

    fn file(bytes: &[u8], seals: SealFlags) -> File {
        let mut file = File::from(memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap());
        file.write_all(bytes).unwrap();
        fcntl_add_seals(&file, seals).unwrap();
        file
    }

    const ENOUGH: SealFlags = SealFlags::WRITE.union(SealFlags::SHRINK);

    #[test]
    fn a_sealed_file_is_read_as_it_is() {
        for length in [0, 1, 4096, 10_000] {
            let bytes: Vec<u8> = (0..length).map(|number| number as u8).collect();
            let file = file(&bytes, ENOUGH);
            let sealed = Sealed::map(&file).unwrap();
            drop(file);
            assert_eq!(&*sealed, bytes);
            let elsewhere = std::thread::scope(|scope| scope.spawn(|| sealed.to_vec()).join().unwrap());
            assert_eq!(elsewhere, bytes);
        }
    }

    #[test]
    fn what_may_change_is_refused() {
        for seals in [
            SealFlags::empty(),
            SealFlags::WRITE,
            SealFlags::SHRINK,
            SealFlags::SHRINK | SealFlags::GROW,
        ] {
            let error = Sealed::map(&file(b"bytes", seals)).unwrap_err();
            assert_eq!(error.to_string(), "it is not sealed against writing and shrinking", "{seals:?}");
        }
        let program = File::open("/proc/self/exe").unwrap();
        assert!(Sealed::map(&program).is_err());
    }

    #[test]
    fn words_are_found_in_the_file_and_it_stays_as_long_as_it_is() {
        let file = file(b"question", SealFlags::empty());
        let words = shared_words(&file, 1 << 16, 16).unwrap();
        assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
        words[15].store(7, Ordering::Relaxed);
        let mut last = [0; 8];
        file.read_exact_at(&mut last, (1 << 16) + 15 * 8).unwrap();
        assert_eq!(u64::from_ne_bytes(last), 7);
        assert!(file.set_len(0).is_err());
        assert!(shared_words(&File::open("/proc/self/exe").unwrap(), 1 << 16, 16).is_err());
    }

    #[test]
    fn nobody_can_write_to_it_afterwards() {
        let mut file = file(b"bytes", ENOUGH);
        let sealed = Sealed::map(&file).unwrap();
        assert!(file.write_all(b"others").is_err() && file.set_len(0).is_err());
        assert_eq!(&*sealed, b"bytes");
    }
}
