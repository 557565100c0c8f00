//! The flavours, and what each declares.

use headlock::strategies::{Freshness, Progress, ReaderCost, Strategy};

use crate::reclaim::{Published, RcuHead};

/// What a poll found.
#[repr(C)]
pub struct Reading {
    /// The head's deadline, ns, or [`EMPTY`].
    pub deadline: i64,
    /// How often the head moved meanwhile.
    pub retries: u64,
}

/// Stands for an empty list; as in shim.c.
pub const EMPTY: i64 = i64::MIN;

/// How many flavours there are.
pub const FLAVOURS: usize = 3;

/// The shim's functions for one flavour.
#[derive(Clone, Copy)]
pub struct Calls {
    /// Reads the head in a read-side critical section.
    ///
    /// # Safety
    /// The thread is registered, and a node that is published now or later is released through `defer`.
    pub poll: unsafe extern "C" fn(*const Published) -> Reading,
    /// Registers the calling thread.
    ///
    /// # Safety
    /// It is not registered yet.
    pub register: unsafe extern "C" fn(),
    /// Takes the calling thread off.
    ///
    /// # Safety
    /// It is registered and in no read-side critical section.
    pub unregister: unsafe extern "C" fn(),
    /// Announces a quiescent state; nothing to do but for qsbr.
    ///
    /// # Safety
    /// The thread is registered and in no read-side critical section.
    pub quiescent: unsafe extern "C" fn(),
    /// Calls the function on the head from another thread, after a grace period.
    ///
    /// # Safety
    /// The thread is registered, and the head stays where it is until then.
    pub defer: unsafe extern "C" fn(*mut RcuHead, unsafe extern "C" fn(*mut RcuHead)),
}

/// A flavour of liburcu.
pub trait Flavour: Send + Sync + 'static {
    /// Its number, below [`FLAVOURS`].
    const INDEX: usize;
    /// The shim's functions for it.
    const CALLS: Calls;
    /// What the list declares.
    const STRATEGY: Strategy;
}

/// What the flavours' lists have in common.
const STRATEGY: Strategy = Strategy {
    name: "liburcu",
    summary: "as rcu-membarrier",
    built_on: "liburcu",
    reader: ReaderCost::Asymmetric,
    progress: Progress::LockFree,
    freshness: Freshness::Notified,
    writer: "two stores when the head changes; one free in 256 pays a call_rcu",
    reference: "Desnoyers et al., IEEE TPDS 2012",
};

macro_rules! flavour {
    ($(#[$doc:meta])* $type:ident = $index:literal, $strategy:expr, [$($call:ident: $shim:ident),*]) => {
        $(#[$doc])*
        pub enum $type {}

        impl Flavour for $type {
            const INDEX: usize = $index;
            const CALLS: Calls = Calls { $($call: shim::$shim),* };
            const STRATEGY: Strategy = $strategy;
        }
    };
}

flavour! {
    /// Readers pay compiler fences, grace periods pay membarrier(2).
    Memb = 0,
    Strategy { name: "liburcu-memb", summary: "as rcu-membarrier, by liburcu's memb flavour", ..STRATEGY },
    [
        poll: headlock_memb_poll,
        register: headlock_memb_register,
        unregister: headlock_memb_unregister,
        quiescent: headlock_memb_quiescent,
        defer: headlock_memb_defer
    ]
}

flavour! {
    /// Readers pay nothing and announce quiescent states.
    Qsbr = 1,
    Strategy {
        name: "liburcu-qsbr",
        summary: "as rcu-qsbr, by liburcu's qsbr flavour",
        reader: ReaderCost::None,
        ..STRATEGY
    },
    [
        poll: headlock_qsbr_poll,
        register: headlock_qsbr_register,
        unregister: headlock_qsbr_unregister,
        quiescent: headlock_qsbr_quiescent,
        defer: headlock_qsbr_defer
    ]
}

flavour! {
    /// As memb, "bulletproof": threads need not register themselves.
    Bp = 2,
    Strategy { name: "liburcu-bp", summary: "as rcu-membarrier, by liburcu's bp flavour", ..STRATEGY },
    [
        poll: headlock_bp_poll,
        register: headlock_bp_register,
        unregister: headlock_bp_unregister,
        quiescent: headlock_bp_quiescent,
        defer: headlock_bp_defer
    ]
}

/// What shim.c defines.
mod shim {
    use super::Reading;
    use crate::reclaim::{Published, RcuHead};

    macro_rules! declare {
        ($($poll:ident, $register:ident, $unregister:ident, $quiescent:ident, $defer:ident;)*) => {
            unsafe extern "C" {
                $(
                    pub(super) fn $poll(published: *const Published) -> Reading;
                    pub(super) fn $register();
                    pub(super) fn $unregister();
                    pub(super) fn $quiescent();
                    pub(super) fn $defer(head: *mut RcuHead, release: unsafe extern "C" fn(*mut RcuHead));
                )*
            }
        };
    }

    declare! {
        headlock_memb_poll, headlock_memb_register, headlock_memb_unregister, headlock_memb_quiescent, headlock_memb_defer;
        headlock_qsbr_poll, headlock_qsbr_register, headlock_qsbr_unregister, headlock_qsbr_quiescent, headlock_qsbr_defer;
        headlock_bp_poll, headlock_bp_register, headlock_bp_unregister, headlock_bp_quiescent, headlock_bp_defer;
    }
}
