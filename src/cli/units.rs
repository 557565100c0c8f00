//! Values with units, as they are typed: times, shares, thread counts, processors.

use crate::harness::{Isolation, pin};
use crate::record::Neighbour;
use crate::workload::{Arrivals, MAX_THREADS, Order, Per, Speed, parse_duration_ns};

/// A share, 0.01 for 1 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

/// Thread counts in the order typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadCounts(pub Vec<usize>);

/// Where threads run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinning {
    /// Thread n on the nth processor that the process may use, in turn.
    Auto,
    /// Wherever the scheduler puts them.
    None,
    /// On these processors, in turn.
    Cpus(Vec<usize>),
}

/// A whole number from `min` to `max`.
pub fn whole<T>(min: T, max: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: std::str::FromStr + PartialOrd + Copy + std::fmt::Display + Send + Sync + 'static,
{
    move |text| {
        let wrong = || format!("expected a whole number from {min} to {max}");
        text.trim().parse().map_err(|_| wrong()).and_then(|number| within(min, max, number))
    }
}

/// The number, if it lies from `min` to `max`.
pub fn within<T: PartialOrd + std::fmt::Display>(min: T, max: T, number: T) -> Result<T, String> {
    match (&min..=&max).contains(&&number) {
        true => Ok(number),
        false => Err(format!("expected a whole number from {min} to {max}")),
    }
}

/// A time like 500ns, 10us, 20ms, 30s or 2m, in ns.
pub fn duration_ns(text: &str) -> Result<u64, String> {
    parse_duration_ns(text).map_err(|error| error.to_string())
}

/// The length of a trial: long enough for its clocks, short enough for its user.
pub fn trial_ns(text: &str) -> Result<u64, String> {
    trial_length(duration_ns(text)?)
}

/// A trial's length in ns, if it can be one.
pub fn trial_length(ns: u64) -> Result<u64, String> {
    if (1_000_000..=600_000_000_000).contains(&ns) {
        Ok(ns)
    } else {
        Err("a trial lasts from 1ms to 10m".to_owned())
    }
}

/// What is asked of the machine beside a run.
pub fn neighbour(text: &str) -> Result<Neighbour, String> {
    let known = Neighbour::ALL.into_iter().find(|neighbour| neighbour.word() == text);
    known.ok_or_else(|| "expected busy or idle".to_owned())
}

/// The time that a study is given: no part can do with less than a block.
pub fn budget_ns(text: &str) -> Result<u64, String> {
    let ns = duration_ns(text)?;
    if ns >= 1_000_000_000 {
        Ok(ns)
    } else {
        Err("expected 1s or more; 5m make a study".to_owned())
    }
}

/// A share like 2% or 0.02.
pub fn share(text: &str) -> Result<Share, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (text, 1.0),
    };
    part(number.trim().parse().map_or(f64::NAN, |value: f64| value * scale))
}

/// A deviation like 2.5% or 0.025, or 0 for none, as a fraction.
pub fn deviation(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').unwrap_or(text).trim().parse() {
        Ok(0.0) => Ok(0.0),
        _ => share(text)
            .map(|Share(share)| share)
            .map_err(|_| "expected 0, or a share below 100 %, like 2.5% or 0.025".to_owned()),
    }
}

/// A share as a fraction, if it can be one.
pub fn part(share: f64) -> Result<Share, String> {
    match share > 0.0 && share < 1.0 {
        true => Ok(Share(share)),
        false => Err("expected a share above 0 and below 100 %, like 2% or 0.02".to_owned()),
    }
}

/// A part of a whole, 0 to 1.
pub fn fraction(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

/// Thread counts like 1,2,4, and ranges like 1:8:2 (from 1 to 8 in steps of 2).
pub fn thread_counts(text: &str) -> Result<ThreadCounts, String> {
    const EXPECTED: &str = "expected thread counts like 1,2,4 or a range like 1:8:2";
    let mut counts = Vec::new();
    for part in text.split(',') {
        let numbers: Vec<usize> = part
            .split(':')
            .map(|number| number.trim().parse().map_err(|_| EXPECTED.to_owned()))
            .collect::<Result<_, _>>()?;
        let (from, to, step) = match numbers[..] {
            [one] => (one, one, 1),
            [from, to] => (from, to, 1),
            [from, to, step] if step > 0 => (from, to, step),
            _ => return Err(EXPECTED.to_owned()),
        };
        for count in [from, to] {
            if !(1..=MAX_THREADS).contains(&count) {
                return Err(format!("{count} threads: from 1 to {MAX_THREADS} are possible"));
            }
        }
        counts.extend((from..=to).step_by(step));
    }
    if counts.is_empty() {
        return Err(EXPECTED.to_owned());
    }
    Ok(ThreadCounts(counts))
}

/// `auto`, `none`, or processor numbers and ranges like 0,2 or 0-3, as taskset takes them.
pub fn pinning(text: &str) -> Result<Pinning, String> {
    const EXPECTED: &str = "expected auto, none, or CPU numbers like 0,1 or 0-3";
    match text {
        "auto" => return Ok(Pinning::Auto),
        "none" => return Ok(Pinning::None),
        _ => {}
    }
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let [first, last] = [first, last].map(|number| number.trim().parse::<usize>().map_err(|_| EXPECTED.to_owned()));
        let (first, last) = (first?, last?);
        if first > last || last >= pin::MAX_CPUS {
            return Err(EXPECTED.to_owned());
        }
        cpus.extend(first..=last);
    }
    Ok(Pinning::Cpus(cpus))
}

/// An open load's rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Operations per second.
    pub per_s: f64,
    /// Whose.
    pub per: Per,
}

/// A rate like 200k, 1.5M or 50000, in all, or with `/thread` for each thread.
pub fn rate(text: &str) -> Result<Rate, String> {
    let (number, per) = match text.strip_suffix("/thread") {
        Some(number) => (number, Per::Thread),
        None => (text, Per::All),
    };
    let (number, scale) = match (number.strip_suffix('k'), number.strip_suffix('M')) {
        (Some(number), _) => (number, 1e3),
        (_, Some(number)) => (number, 1e6),
        (None, None) => (number, 1.0),
    };
    match number.parse::<f64>() {
        Ok(value) if (1.0..=1e9).contains(&(value * scale)) => Ok(Rate { per_s: value * scale, per }),
        _ => Err("expected operations per second from 1 to 1000M, like 200k, 1.5M or 50k/thread".to_owned()),
    }
}

/// `poisson` or `fixed`.
pub fn arrivals(text: &str) -> Result<Arrivals, String> {
    match text {
        "poisson" => Ok(Arrivals::Poisson),
        "fixed" => Ok(Arrivals::Fixed),
        _ => Err("expected poisson or fixed".to_owned()),
    }
}

/// `strict` or `threads`.
pub fn order(text: &str) -> Result<Order, String> {
    match text {
        "strict" => Ok(Order::Strict),
        "threads" => Ok(Order::Threads),
        _ => Err("expected strict or threads".to_owned()),
    }
}

/// What shares a process.
pub fn isolation(text: &str) -> Result<Isolation, String> {
    match text {
        "slices" => Ok(Isolation::Slices),
        "process" => Ok(Isolation::Process),
        _ => Err("expected slices or process".to_owned()),
    }
}

/// `max` or how many times as fast as recorded.
pub fn speed(text: &str) -> Result<Speed, String> {
    match text {
        "max" => Ok(Speed::Max),
        number => possible(Speed::Times(number.parse().unwrap_or(f64::NAN))),
    }
}

/// The speed, if a trace can be played at it.
pub fn possible(speed: Speed) -> Result<Speed, String> {
    match speed {
        Speed::Times(times) if !(0.001..=1e6).contains(&times) => {
            Err("expected max, or a number from 0.001 to 1000000".to_owned())
        }
        speed => Ok(speed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thread_counts_are_lists_and_ranges() {
        assert_eq!(thread_counts("1,2,4"), Ok(ThreadCounts(vec![1, 2, 4])));
        assert_eq!(thread_counts("1:8:2"), Ok(ThreadCounts(vec![1, 3, 5, 7])));
        for bad in ["", "0", "10000", "a", "1:2:0", "1:2:3:4", "4:1", "1,,2", "-1"] {
            assert!(thread_counts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_are_percentages_or_fractions() {
        assert_eq!(share("2%"), Ok(Share(0.02)));
        assert_eq!(share("0.5"), Ok(Share(0.5)));
        for bad in ["0", "-1%", "100%", "2", "x", "NaN", "inf"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_deviation_may_be_none() {
        assert_eq!(deviation("2.5%"), Ok(0.025));
        assert_eq!((deviation("0"), deviation("0%")), (Ok(0.0), Ok(0.0)));
        for bad in ["-1%", "100%", "x", "%", "0%%", ""] {
            assert!(deviation(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn processors_are_named_as_taskset_takes_them() {
        assert_eq!(pinning("0-2,5"), Ok(Pinning::Cpus(vec![0, 1, 2, 5])));
        assert_eq!(pinning("1,1"), Ok(Pinning::Cpus(vec![1, 1])));
        for bad in ["", "2-1", "-1", "1-", "a", "0-9999999"] {
            assert!(pinning(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_are_in_all_or_per_thread() {
        assert_eq!(rate("200k"), Ok(Rate { per_s: 200e3, per: Per::All }));
        assert_eq!(rate("1.5M/thread"), Ok(Rate { per_s: 1.5e6, per: Per::Thread }));
        for bad in ["0", "-1", "k", "2G", "1e12", "NaN", "5/s"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn speeds_are_max_or_positive() {
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert_eq!(speed("10"), Ok(Speed::Times(10.0)));
        for bad in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(speed(bad).is_err(), "{bad}");
        }
    }
}
