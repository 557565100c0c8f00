//! A user's own limits: `--fail-if 'p999>20%'` fails if that figure has grown by more than so much from A to B.
//!
//! Counts and percentiles have no interval: they are compared as they stand. Counts of a strict replay are exact, so `locks>0`
//! is a sound limit there; a tail wants a generous one.

use super::Row;
use super::side::describe;
use crate::record::LatencyRow;

/// A figure, and how much of it may be added.
#[derive(Clone, Debug, PartialEq)]
pub struct FailIf {
    figure: Figure,
    /// As a fraction: 0.2 for 20 %.
    above: f64,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    /// The ratio of the table.
    Time,
    /// Lock acquisitions per operation.
    Locks,
    P50,
    P99,
    P999,
    Max,
}

/// Parses `FIGURE>SHARE`, a share being like 20% or 0.2.
pub fn fail_if(text: &str) -> Result<FailIf, String> {
    const EXPECTED: &str = "expected FIGURE>SHARE like p99>20%, of time, locks, p50, p99, p999 and max";
    let (figure, share) = text.split_once('>').ok_or(EXPECTED)?;
    let figure = match figure.trim() {
        "time" => Figure::Time,
        "locks" => Figure::Locks,
        "p50" => Figure::P50,
        "p99" => Figure::P99,
        "p999" => Figure::P999,
        "max" => Figure::Max,
        _ => return Err(EXPECTED.to_owned()),
    };
    let (number, scale) = share.strip_suffix('%').map_or((share, 1.0), |number| (number, 0.01));
    match number.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => {
            Ok(FailIf { figure, above: number * scale, text: text.to_owned() })
        }
        _ => Err(EXPECTED.to_owned()),
    }
}

impl FailIf {
    /// A sentence for each row that breaks the limit.
    pub(super) fn broken_by(&self, rows: &[Row]) -> Vec<String> {
        let broken = rows.iter().filter_map(|row| {
            let (a, b) = self.figures(row)?;
            let name = describe(&row.change.b);
            (b > a * (1.0 + self.above)).then(|| format!("--fail-if {}: {name} went from {a} to {b}", self.text))
        });
        broken.collect()
    }

    /// A sentence that names the rows that lack the figure on a side, so that nobody can say whether they break the limit.
    pub(super) fn without_figure(&self, rows: &[Row]) -> Option<String> {
        let without = rows.iter().filter(|row| self.figures(row).is_none());
        let names: Vec<String> = without.map(|row| describe(&row.change.b)).collect();
        (!names.is_empty())
            .then(|| format!("--fail-if {}: not both sides have that figure of {}", self.text, names.join(", ")))
    }

    fn figures(&self, row: &Row) -> Option<(f64, f64)> {
        let percentile = |pick: fn(&LatencyRow) -> u64| match &row.latency {
            [Some(a), Some(b)] => Some((pick(a) as f64, pick(b) as f64)),
            _ => None,
        };
        match self.figure {
            Figure::Time => Some((1.0, row.change.ratio)),
            Figure::Locks => Some((row.locks[0]?, row.locks[1]?)),
            Figure::P50 => percentile(|row| row.p50_ns),
            Figure::P99 => percentile(|row| row.p99_ns),
            Figure::P999 => percentile(|row| row.p999_ns),
            Figure::Max => percentile(|row| row.max_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_shares_of_growth() {
        let parsed = |text| fail_if(text).map(|it| (it.figure, it.above));
        assert_eq!(parsed("p99>20%"), Ok((Figure::P99, 0.2)));
        assert_eq!(parsed("locks > 0"), Ok((Figure::Locks, 0.0)));
        for bad in ["", "p99", "p99>", "p99>-1%", "p98>1%", "p99<1%", "p99>inf"] {
            assert!(fail_if(bad).is_err(), "{bad}");
        }
    }
}
