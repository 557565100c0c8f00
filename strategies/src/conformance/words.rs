//! Answers in words: timers by number and not by their names in the list, which may be addresses, and nothing in the syntax of Rust.

use crate::{Counts, LockCounts, Nanos, Rearm, TimerId};

/// Numbers for timers, in the order in which they are first told of.
#[derive(Default)]
pub struct Numbers(Vec<TimerId>);

impl Numbers {
    /// `timer 1` and so on.
    pub fn of(&mut self, timer: TimerId) -> String {
        let place = self.0.iter().position(|&known| known == timer).unwrap_or_else(|| {
            self.0.push(timer);
            self.0.len() - 1
        });
        format!("timer {}", place + 1)
    }
}

/// What can be told to a reader who knows C and no Rust.
pub trait Told {
    /// In words.
    fn told(&self, timers: &mut Numbers) -> String;
}

impl Told for TimerId {
    fn told(&self, timers: &mut Numbers) -> String {
        timers.of(*self)
    }
}

impl Told for Nanos {
    fn told(&self, _timers: &mut Numbers) -> String {
        format!("{} ns", self.0)
    }
}

impl Told for Option<Nanos> {
    fn told(&self, timers: &mut Numbers) -> String {
        self.map_or("no timer".to_owned(), |deadline| deadline.told(timers))
    }
}

impl Told for Rearm {
    fn told(&self, _timers: &mut Numbers) -> String {
        if self.is_yes() { "a rearm" } else { "no rearm" }.to_owned()
    }
}

impl Told for [TimerId] {
    fn told(&self, timers: &mut Numbers) -> String {
        match self {
            [] => "no timer".to_owned(),
            all => all.iter().map(|&timer| timers.of(timer)).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Told for &[TimerId] {
    fn told(&self, timers: &mut Numbers) -> String {
        (**self).told(timers)
    }
}

impl Told for Vec<TimerId> {
    fn told(&self, timers: &mut Numbers) -> String {
        self.as_slice().told(timers)
    }
}

impl Told for LockCounts {
    fn told(&self, _timers: &mut Numbers) -> String {
        format!("{} lock acquisitions ({} contended, {} ns waited)", self.acquisitions, self.contended, self.wait_ns)
    }
}

impl Told for Counts {
    fn told(&self, timers: &mut Numbers) -> String {
        format!(
            "{}, {} retries, {} retired, {} reclaimed, {} at most waiting to be",
            self.lock.told(timers),
            self.retries,
            self.retired,
            self.reclaimed,
            self.peak_unreclaimed
        )
    }
}

macro_rules! told_as_displayed {
    ($($type:ty),*) => {
        $(impl Told for $type {
            fn told(&self, _timers: &mut Numbers) -> String {
                self.to_string()
            }
        })*
    };
}

told_as_displayed!(bool, u32, i64, u64, usize, String);

/// One by itself.
pub fn told<T: Told + ?Sized>(it: &T) -> String {
    it.told(&mut Numbers::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_in_the_syntax_of_rust() {
        let [a, b] = [0x7f00_0000_1000, 0x7f00_0000_2000].map(TimerId::from_raw);
        let mut timers = Numbers::default();
        assert_eq!(vec![a, b, a].told(&mut timers), "timer 1, timer 2, timer 1");
        assert_eq!([b].as_slice().told(&mut timers), "timer 2");
        assert_eq!(told::<[TimerId]>(&[]), "no timer");
        assert_eq!((told(&Some(Nanos(100))), told(&None)), ("100 ns".to_owned(), "no timer".to_owned()));
        assert_eq!((told(&Rearm::Yes), told(&false)), ("a rearm".to_owned(), "false".to_owned()));
        let counts = Counts { retired: 3, reclaimed: 2, ..Counts::default() };
        assert!(told(&counts).ends_with("0 retries, 3 retired, 2 reclaimed, 0 at most waiting to be"));
    }
}
