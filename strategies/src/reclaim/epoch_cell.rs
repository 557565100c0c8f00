//! A value that is replaced as a whole and read under an epoch pin: RCU in its textbook form, on crossbeam-epoch.

use crossbeam_epoch::{Atomic, Collector, LocalHandle, Owned, Shared, unprotected};

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
        CellReader {
            cell: self,
            participant: self.collector.register(),
            replaced: Shared::null(),
        }
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
pub struct CellReader<'a, T: 'static> {
    cell: &'a EpochCell<T>,
    participant: LocalHandle,
    /// The value that this thread took out and has not retired yet, or null.
    replaced: Shared<'static, T>,
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

    /// Replaces the value. The old one stays until this thread [retires](Self::retire) it: pinning may collect garbage, which is no
    /// work for the holder of a lock.
    pub fn replace(&mut self, value: Option<T>) {
        self.retire();
        // SAFETY: the guard only lends its lifetime. The new value is nobody else's yet, and what is swapped out is not looked at but kept for `retire`, so that no pin need keep it alive: only the thread that
        // swapped a value out retires it.
        #[allow(unsafe_code)]
        let guard = unsafe { unprotected() };
        let value = value.map_or(Shared::null(), |value| Owned::new(value).into_shared(guard));
        self.replaced = self.cell.current.swap(value, Ordering::AcqRel, guard);
    }
}

impl<T: 'static> CellReader<'_, T> {
    /// Leaves the value that was replaced, if there is one, to a grace period.
    pub fn retire(&mut self) {
        let replaced = std::mem::replace(&mut self.replaced, Shared::null());
        if replaced.is_null() {
            return;
        }
        let guard = self.participant.pin();
        // SAFETY: the swap took the value out for good, and nobody but this thread did. Who still reads it was pinned before the
        // swap, and so before this pin.
        #[allow(unsafe_code)]
        unsafe {
            guard.defer_destroy(replaced);
        }
    }
}

impl<T: 'static> Drop for CellReader<'_, T> {
    fn drop(&mut self) {
        self.retire();
    }
}
