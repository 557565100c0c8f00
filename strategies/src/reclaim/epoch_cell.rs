//! A value that is replaced as a whole and read under an epoch pin: RCU in its textbook form, on crossbeam-epoch.

use crossbeam_epoch::{Atomic, Collector, LocalHandle, Owned};

use crate::sync::Ordering;

/// The current value, or none.
///
/// `current` is swapped by whoever replaces the value, and points at a value that nobody changes any more. Release on the
/// swap pairs with acquire on the load: a reader that finds the value finds it whole.
pub struct EpochCell<T> {
    current: Atomic<T>,
    collector: Collector,
}

impl<T: Send + Sync + 'static> EpochCell<T> {
    /// A cell without a value.
    pub fn new() -> Self {
        EpochCell { current: Atomic::null(), collector: Collector::new() }
    }

    /// Registers a thread.
    pub fn reader(&self) -> CellReader<'_, T> {
        CellReader { cell: self, participant: self.collector.register() }
    }
}

impl<T: Send + Sync + 'static> Default for EpochCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for EpochCell<T> {
    fn drop(&mut self) {
        let current = std::mem::take(&mut self.current);
        // SAFETY: the word holds null or a value that no swap has taken out, and with `&mut self` nobody else is left.
        #[allow(unsafe_code)]
        drop(unsafe { current.try_into_owned() });
    }
}

/// A participant of a cell's epochs.
pub struct CellReader<'a, T> {
    cell: &'a EpochCell<T>,
    participant: LocalHandle,
}

impl<T: Send + Sync + 'static> CellReader<'_, T> {
    /// Looks at the current value from inside a read-side critical section.
    #[inline]
    pub fn read<R>(&self, look: impl FnOnce(Option<&T>) -> R) -> R {
        let guard = self.participant.pin();
        let current = self.cell.current.load(Ordering::Acquire, &guard);
        // SAFETY: a value is retired after it was swapped out, to the collector that this thread is pinned in, so what the
        // word holds now stays until the guard is dropped.
        #[allow(unsafe_code)]
        let value = unsafe { current.as_ref() };
        look(value)
    }

    /// Replaces the value and leaves the old one to a grace period.
    pub fn replace(&self, value: Option<T>) {
        let guard = self.participant.pin();
        let old = match value {
            Some(value) => self.cell.current.swap(Owned::new(value), Ordering::AcqRel, &guard),
            None => self.cell.current.swap(crossbeam_epoch::Shared::null(), Ordering::AcqRel, &guard),
        };
        if !old.is_null() {
            // SAFETY: the swap took the value out for good, and nobody but this thread did.
            #[allow(unsafe_code)]
            unsafe {
                guard.defer_destroy(old);
            }
        }
    }
}
