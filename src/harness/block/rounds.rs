//! What the rounds of a block say of one contestant beside another: the logarithm of a ratio.
//!
//! **One thread**: the mean of the middle half of the rounds' log ratios (the interquartile mean). The quarters on either side hold what a
//! hiccup did to one slice, and what is left is averaged, where a median would take one of it. Of normally distributed values its variance
//! is 1.2 times the mean's, a median's 1.6 times.
//!
//! **Several threads**: the ratio of all time. A contended mutex has slices of two kinds, its rivals have not (docs/METHOD.md), and the middle
//! half of their ratios is of the commoner kind, not of what the load takes. Time that strangers take is in it: contestants who take turns
//! lose alike on average.

use std::ops::AddAssign;

/// What all threads did in one slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Operations.
    pub ops: u64,
    /// Thread-nanoseconds.
    pub ns: u64,
}

impl AddAssign for Round {
    fn add_assign(&mut self, other: Round) {
        self.ops += other.ops;
        self.ns += other.ns;
    }
}

impl Round {
    /// Thread-nanoseconds of an operation; `None` if there was none.
    fn ns_per_op(self) -> Option<f64> {
        (self.ops > 0 && self.ns > 0).then(|| self.ns as f64 / self.ops as f64)
    }
}

/// The natural logarithm of `own` over `other`, as so many threads played them, over the rounds in which both did something. `None` if
/// there is none.
pub fn log_ratio(own: &[Round], other: &[Round], threads: usize) -> Option<f64> {
    let both = || {
        own.iter()
            .zip(other)
            .filter(|(own, other)| own.ns_per_op().is_some() && other.ns_per_op().is_some())
    };
    if threads > 1 {
        let [own, other] = [sum(both().map(|it| it.0)), sum(both().map(|it| it.1))];
        return Some((own.ns_per_op()? / other.ns_per_op()?).ln());
    }
    middle_mean(both().filter_map(|(own, other)| Some((own.ns_per_op()? / other.ns_per_op()?).ln())).collect())
}

fn sum<'a>(rounds: impl Iterator<Item = &'a Round>) -> Round {
    rounds.fold(Round::default(), |mut sum, round| {
        sum += *round;
        sum
    })
}

/// The same of what is left of both when the figure of the floor that each stands on is taken off, in the same round; each comes with
/// its floor. Where `own` does not clear its floor the ratio counts as smaller than any other, where `other` does not, as larger; where
/// neither does, the round says nothing. `None` if such rounds reach into the middle half, or are as many as the others; of several
/// threads, if all rounds together do not clear the floor.
pub fn log_net_ratio(own: (&[Round], &[Round]), other: (&[Round], &[Round]), threads: usize) -> Option<f64> {
    if threads > 1 {
        let net =
            |(of, floor): (&[Round], &[Round])| Some(sum(of.iter()).ns_per_op()? - sum(floor.iter()).ns_per_op()?);
        let (own, other) = (net(own)?, net(other)?);
        return (own > 0.0 && other > 0.0).then(|| (own / other).ln());
    }
    let mut silent = 0;
    let mut logs = Vec::new();
    let net = |(of, floor): (&[Round], &[Round]), round: usize| -> Option<f64> {
        Some(of.get(round)?.ns_per_op()? - floor.get(round)?.ns_per_op()?)
    };
    for round in 0..own.0.len() {
        let (Some(own), Some(other)) = (net(own, round), net(other, round)) else {
            continue;
        };
        match (own > 0.0, other > 0.0) {
            (true, true) => logs.push((own / other).ln()),
            (false, true) => logs.push(f64::NEG_INFINITY),
            (true, false) => logs.push(f64::INFINITY),
            (false, false) => silent += 1,
        }
    }
    if silent >= logs.len() { None } else { middle_mean(logs) }
}

/// The mean of the middle half, `None` if it is not finite.
fn middle_mean(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let quarter = values.len() / 4;
    let middle = &values[quarter..values.len() - quarter];
    let mean = middle.iter().sum::<f64>() / middle.len() as f64;
    mean.is_finite().then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds of 1,000 operations that took so many ns each.
    fn rounds(ns_per_op: &[u64]) -> Vec<Round> {
        ns_per_op.iter().map(|ns| Round { ops: 1_000, ns: ns * 1_000 }).collect()
    }

    #[test]
    fn a_machine_that_changes_its_speed_does_so_to_both_and_a_hiccup_counts_for_nothing() {
        let base = rounds(&[10, 10, 20, 20, 15, 10, 10, 10]);
        let mut own = rounds(&[20, 20, 40, 40, 30, 20, 20, 20]);
        assert_eq!(log_ratio(&own, &base, 1), Some(2_f64.ln()));
        own[3].ns *= 1_000;
        own[7].ns = 0;
        assert_eq!(log_ratio(&own, &base, 1), Some(2_f64.ln()));
        assert_eq!(log_ratio(&own, &own[..0], 1), None);
        assert_eq!(log_ratio(&rounds(&[0, 0]), &base, 1), None, "no time, no figure");
    }

    #[test]
    fn of_several_threads_all_time_counts_whatever_kinds_of_slices_there_are() {
        let base = rounds(&[80, 80, 80, 120, 120, 120, 120, 120]);
        let own = rounds(&[40; 8]);
        let of_time: f64 = 320.0 / 840.0;
        assert_eq!(log_ratio(&own, &base, 2), Some(of_time.ln()));
        assert!(log_ratio(&own, &base, 1) < Some(of_time.ln()), "the middle half is mostly the commoner kind");
        let mut silent = own.clone();
        silent[0] = Round::default();
        assert_eq!(
            log_ratio(&silent, &base, 2),
            Some((40.0_f64 / (760.0 / 7.0)).ln()),
            "the round in which one did nothing"
        );
        assert_eq!(log_ratio(&own, &base[..0], 2), None);

        let floor = rounds(&[5; 8]);
        assert_eq!(log_net_ratio((&own, &floor), (&base, &floor), 2), Some((35.0_f64 / 100.0).ln()));
        assert_eq!(log_net_ratio((&floor, &floor), (&base, &floor), 2), None, "no clear of the floor, no figure");
    }

    #[test]
    fn the_floor_is_taken_off_in_the_same_round() {
        let floor = rounds(&[2, 4, 2, 4]);
        let base = rounds(&[12, 24, 12, 24]);
        let own = rounds(&[7, 14, 7, 14]);
        assert_eq!(log_net_ratio((&own, &floor), (&base, &floor), 1), Some(0.5_f64.ln()));
        let behind = rounds(&[3, 6, 3, 6]);
        let through = rounds(&[8, 16, 8, 16]);
        assert_eq!(
            log_net_ratio((&through, &behind), (&base, &floor), 1),
            Some(0.5_f64.ln()),
            "each less its own floor"
        );
    }

    #[test]
    fn what_does_not_clear_the_floor_counts_as_the_smallest_and_is_no_figure_where_it_is_the_rule() {
        let floor = rounds(&[2; 8]);
        let base = rounds(&[12; 8]);
        let own = |at_floor: usize| rounds(&[[2].repeat(at_floor), [7].repeat(8 - at_floor)].concat());
        assert_eq!(log_net_ratio((&own(2), &floor), (&base, &floor), 1), Some(0.5_f64.ln()));
        assert_eq!(log_net_ratio((&own(3), &floor), (&base, &floor), 1), None);
        assert_eq!(log_net_ratio((&base, &floor), (&own(3), &floor), 1), None);
        assert_eq!(log_net_ratio((&own(2), &floor), (&own(2), &floor), 1), Some(0.0));
        assert_eq!(log_net_ratio((&own(4), &floor), (&own(4), &floor), 1), None, "half of them say nothing");
    }
}
