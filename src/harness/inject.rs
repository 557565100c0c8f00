//! A contestant that is slower than it need be by a known share: a self-test of the tool.
//!
//! What an operation is longer by is added to its time as recorded, and owed: the thread waits for it at the end of its slice. Were it to wait
//! at once, threads would meet at a lock more seldom, and the other operations would be faster than the baseline's. For the same reason
//! all contestants beside an injected one do what it does, with a share of 0: the nanoseconds between two operations decide how threads meet.

use serde::{Deserialize, Serialize};

use super::clock::Moment;

/// How much slower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inject {
    /// By which share of its time.
    pub share: f64,
    /// Operations that take no longer than this are left alone, ns, and above 0 so is a pass that does not time them.
    pub beyond_ns: u64,
}

impl Inject {
    /// Where nobody is.
    pub const NONE: Inject = Inject { share: 0.0, beyond_ns: u64::MAX };

    /// What to record of an operation that took so long, ns. Adds to what the thread owes.
    #[inline(always)]
    pub fn operation_ns(self, service_ns: u64, owed_ns: &mut u64) -> u64 {
        if service_ns > self.beyond_ns {
            self.longer_ns(service_ns, owed_ns)
        } else {
            service_ns
        }
    }

    #[cold]
    fn longer_ns(self, service_ns: u64, owed_ns: &mut u64) -> u64 {
        let more_ns = (service_ns as f64 * self.share).round() as u64;
        *owed_ns += more_ns;
        service_ns + more_ns
    }

    /// When a slice ends that ended by itself at `end`: after what its operations owe, or where they are not timed, its share. All threads
    /// stand still at once, so it takes nothing from one that another gains.
    pub fn slice_end(self, owed_ns: Option<u64>, start: Moment, mut end: Moment) -> Moment {
        let of_slice_ns = || {
            if self.beyond_ns == 0 {
                (end.ns_since(start) as f64 * self.share) as u64
            } else {
                0
            }
        };
        let until = end.plus_ns(owed_ns.unwrap_or_else(of_slice_ns));
        while until.ns_since(end) > 0 {
            end = Moment::now();
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_longer_by_the_share_if_it_took_longer_than_the_others_and_is_owed_for() {
        let mut owed_ns = 0;
        let mut recorded = |inject: Inject, took_ns| inject.operation_ns(took_ns, &mut owed_ns);
        let tail = Inject { share: 0.1, beyond_ns: 500 };
        assert_eq!([400, 500, 600].map(|took_ns| recorded(tail, took_ns)), [400, 500, 660]);
        assert_eq!(recorded(Inject { beyond_ns: 0, ..tail }, 400), 440);
        assert_eq!(recorded(Inject::NONE, 1 << 40), 1 << 40);
        assert_eq!(owed_ns, 100);
    }

    #[test]
    fn a_slice_lasts_for_what_is_owed_and_untimed_for_its_share() {
        let start = Moment::now();
        let end = start.plus_ns(1_000_000);
        let all = Inject { share: 0.1, beyond_ns: 0 };
        let lasts_ns = |inject: Inject, owed_ns| inject.slice_end(owed_ns, start, end).ns_since(start);
        for (inject, owed_ns) in [
            (Inject::NONE, None),
            (Inject { beyond_ns: 1, ..all }, None),
            (all, Some(0)),
        ] {
            assert_eq!(lasts_ns(inject, owed_ns), 1_000_000);
        }
        assert!(lasts_ns(all, None) >= 1_100_000 && lasts_ns(all, Some(200_000)) >= 1_200_000);
    }
}
