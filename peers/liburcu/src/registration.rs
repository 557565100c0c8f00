//! Which threads liburcu knows. It registers a thread once, however many lists the thread has handles to.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::flavour::{Bp, FLAVOURS, Flavour, Memb, Qsbr};

/// Keeps the calling thread registered with a flavour. Bound to that thread, as the registration is.
pub struct Registration<F: Flavour>(PhantomData<(F, *const ())>);

thread_local! {
    static HANDLES: Handles = const { Handles([const { Cell::new(0) }; FLAVOURS]) };
}

/// How many registrations the thread holds, by flavour.
struct Handles([Cell<usize>; FLAVOURS]);

impl<F: Flavour> Registration<F> {
    /// Registers the calling thread unless it is registered already.
    pub fn new() -> Self {
        HANDLES.with(|handles| {
            let held = &handles.0[F::INDEX];
            if held.get() == 0 {
                // SAFETY: the thread holds no registration, so it is not registered.
                unsafe { (F::CALLS.register)() }
            }
            held.set(held.get() + 1);
        });
        Registration(PhantomData)
    }
}

impl<F: Flavour> Drop for Registration<F> {
    fn drop(&mut self) {
        // Where the thread's own words are gone already, its registration went with them.
        let _ = HANDLES.try_with(|handles| {
            let held = &handles.0[F::INDEX];
            held.set(held.get() - 1);
            if held.get() == 0 {
                // SAFETY: this was the last registration of a registered thread, and a section lasts for a poll only.
                unsafe { (F::CALLS.unregister)() }
            }
        });
    }
}

impl Drop for Handles {
    /// A registration that was forgotten, never dropped, must not outlive its thread: liburcu would go on looking at its words.
    fn drop(&mut self) {
        let unregister = [Memb::CALLS.unregister, Qsbr::CALLS.unregister, Bp::CALLS.unregister];
        for (held, unregister) in self.0.iter().zip(unregister) {
            if held.get() > 0 {
                // SAFETY: as in `Registration::drop`; the thread ends.
                unsafe { unregister() }
            }
        }
    }
}
