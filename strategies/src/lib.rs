//! Timer lists that differ only in how their head is guarded, behind one trait.
//!
//! [`TimerList`] is the contract, [`Strategy`] what each list declares about itself. The built-in lists share one
//! [`list::HeadList`]; a strategy's file holds its [`list::Head`] and nothing else. [`visit_builtin`] walks over all of them.
#![deny(unsafe_code)]
// An atomic from `sync` is the standard library's own in this build, which clippy cannot tell from one named directly. In a
// build for loom it is loom's, so that is where clippy checks that nothing passes `sync` and `lock` by: `scripts/test loom`.
#![cfg_attr(not(loom), allow(clippy::disallowed_types, clippy::disallowed_methods))]

mod api;
pub mod conformance;
mod heap;
pub mod list;
pub mod lock;
pub mod oracle;
pub mod reclaim;
mod sync;

pub use api::*;

/// Turns a loop that does nothing, a nanosecond or less a turn: time passed in a critical section or between operations.
///
/// Not a processor's pause instruction, which takes tens of nanoseconds on some, too coarse to tell times apart.
#[inline]
pub fn spin(turns: u32) {
    for turn in 0..turns {
        std::hint::black_box(turn);
    }
}

/// Something to be done for each strategy, whatever its type.
pub trait Visitor {
    /// Called once per strategy.
    fn visit<L: TimerList>(&mut self);
}

/// The registry: one line a strategy, in the order in which tables show them.
macro_rules! registry {
    ($($(#[$only:meta])* $module:ident :: $list:ident,)*) => {
        $($(#[$only])* pub mod $module;)*

        /// Visits every built-in strategy.
        pub fn visit_builtin(visitor: &mut impl Visitor) {
            $($(#[$only])* visitor.visit::<$module::$list>();)*
        }

        /// The conformance suite on every built-in strategy. Under loom, lists exist in models only.
        #[cfg(all(test, not(loom)))]
        mod conformance_of {
            crate::conformance!(oracle, crate::oracle::Oracle);
            $($(#[$only])* crate::conformance!($module, crate::$module::$list, built_in, <crate::$module::$list>::effort());)*

            /// A name may reach another thread by ways that order nothing else.
            mod named_elsewhere {
                $($(#[$only])* #[test] fn $module() {
                    crate::list::tests::named_elsewhere(<crate::$module::$list as crate::TimerList>::new(&crate::Config::default()));
                })*
            }

            /// Every node is released with its list.
            mod released {
                $($(#[$only])* #[test] fn $module() {
                    crate::list::tests::everything_released(<crate::$module::$list as crate::TimerList>::new(&crate::Config::default()));
                })*
            }
        }
    };
}

registry! {
    mutex::Mutex,
    mutex_peek::MutexPeek,
    mutex_inline::MutexInline,
    mutex_std::MutexStd,
    rwlock::RwLock,
    rcu_epoch::RcuEpoch,
    rcu_epoch_validated::RcuEpochValidated,
    rcu_epoch_copy::RcuEpochCopy,
    rcu_membarrier::RcuMembarrier,
    rcu_qsbr::RcuQsbr,
    hazard::Hazard,
    // seize wants the standard library's atomics, which a build for loom does not have.
    #[cfg(not(loom))]
    hyaline::Hyaline,
    arc_swap::ArcSwap,
    arc_swap_list::ArcSwapList,
    seqlock::Seqlock,
    left_right::LeftRight,
    atomic_deadline::AtomicDeadline,
}
