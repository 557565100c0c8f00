//! Timer lists that differ only in how their head is guarded, behind one trait.
//!
//! [`TimerList`] is the contract, [`Strategy`] what each list declares about itself. The built-in lists share one
//! [`list::HeadList`]; a strategy's file holds its [`list::Head`] and nothing else. [`visit_builtin`] walks over all of them.
#![deny(unsafe_code)]

mod api;
pub mod conformance;
mod heap;
pub mod list;
pub mod lock;
pub mod oracle;
pub mod reclaim;
mod sync;

pub use api::*;

/// Something to be done for each strategy, whatever its type.
pub trait Visitor {
    /// Called once per strategy.
    fn visit<L: TimerList>(&mut self);
}

/// The registry: one line a strategy, in the order in which tables show them.
macro_rules! registry {
    ($($module:ident :: $list:ident,)*) => {
        $(pub mod $module;)*

        /// Visits every built-in strategy.
        pub fn visit_builtin(visitor: &mut impl Visitor) {
            $(visitor.visit::<$module::$list>();)*
        }

        /// The conformance suite on every built-in strategy. Under loom, lists exist in models only.
        #[cfg(all(test, not(loom)))]
        mod conformance_of {
            crate::conformance!(oracle, crate::oracle::Oracle);
            $(crate::conformance!($module, crate::$module::$list, built_in);)*

            #[test]
            fn every_node_is_released_with_its_list() {
                $(crate::list::tests::everything_released(<crate::$module::$list as crate::TimerList>::new(&crate::Config::default()));)*
            }
        }
    };
}

registry! {
    mutex::Mutex,
    mutex_peek::MutexPeek,
    rcu_epoch::RcuEpoch,
    arc_swap::ArcSwap,
    seqlock::Seqlock,
    atomic_deadline::AtomicDeadline,
}
