//! Latency over blocks: histograms merged, percentiles read off.
//!
//! A percentile is the smallest recorded value that at least that share of all values does not exceed, as the upper end
//! of its histogram bucket. `latency.csv` and `latency.hlog` come from the same merged histograms.

use std::collections::BTreeMap;

use hdrhistogram::AdditionError;

use super::median;
use crate::record::{Kind, LatencyHistogram, LatencyRow, Pass, Trial};

/// Histograms of different range or precision that do not fit into one.
#[derive(Debug, thiserror::Error)]
#[error("cannot merge the {op} histograms of {strategy} on {workload} at {threads} threads")]
pub struct MergeError {
    workload: String,
    strategy: String,
    threads: usize,
    op: String,
    source: AdditionError,
}

/// Latency histograms, merged per workload, threads, strategy, operation and kind.
#[derive(Clone, Debug, Default)]
pub struct Latencies(BTreeMap<(String, usize, String, String, Kind), LatencyHistogram>);

impl Latencies {
    /// Adds one trial's histogram, or one read back from a log. Leave disturbed trials' out: nothing is taken away again.
    ///
    /// # Errors
    ///
    /// If the values do not fit into the range of what is there and it cannot grow; what is there stays.
    pub fn add(&mut self, addend: LatencyHistogram) -> Result<(), MergeError> {
        let LatencyHistogram { workload, strategy, threads, op, kind, .. } = &addend;
        let key = (workload.clone(), *threads, strategy.clone(), op.clone(), *kind);
        let Some(merged) = self.0.get_mut(&key) else {
            self.0.insert(key, addend);
            return Ok(());
        };
        // A histogram read back from a log has a fixed range, and a later trial may have met a longer delay.
        merged.histogram.auto(true);
        if let Err(source) = merged.histogram.add(&addend.histogram) {
            let LatencyHistogram { workload, strategy, threads, op, .. } = addend;
            return Err(MergeError { workload, strategy, threads, op, source });
        }
        merged.measured_ns = merged.measured_ns.saturating_add(addend.measured_ns);
        Ok(())
    }

    /// The merged histograms, ordered by workload, threads, strategy, operation and kind.
    pub fn histograms(&self) -> impl Iterator<Item = &LatencyHistogram> {
        self.0.values()
    }
}

/// A row per histogram that holds any value, in their order. The clock's cost is the median over the undisturbed trials
/// of the latency pass, 0 if `trials` has none for it.
pub fn latency_rows(latencies: &Latencies, trials: &[Trial]) -> Vec<LatencyRow> {
    let mut clocks: BTreeMap<(&str, usize, &str), Vec<f64>> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| trial.pass == Pass::Latency && !trial.disturbed) {
        let key = (trial.workload.as_str(), trial.threads, trial.strategy.as_str());
        clocks.entry(key).or_default().extend(trial.clock_ns);
    }
    let filled = latencies.histograms().filter(|latency| !latency.histogram.is_empty());
    filled
        .map(|latency| {
            let key = (latency.workload.as_str(), latency.threads, latency.strategy.as_str());
            row(latency, clocks.get(&key).and_then(|clocks| median(clocks)).unwrap_or(0.0))
        })
        .collect()
}

fn row(latency: &LatencyHistogram, clock_ns: f64) -> LatencyRow {
    let histogram = &latency.histogram;
    LatencyRow {
        workload: latency.workload.clone(),
        strategy: latency.strategy.clone(),
        threads: latency.threads,
        op: latency.op.clone(),
        kind: latency.kind,
        count: histogram.len(),
        min_ns: histogram.min(),
        mean_ns: histogram.mean(),
        p50_ns: histogram.value_at_quantile(0.5),
        p90_ns: histogram.value_at_quantile(0.9),
        p99_ns: histogram.value_at_quantile(0.99),
        p999_ns: histogram.value_at_quantile(0.999),
        p9999_ns: histogram.value_at_quantile(0.9999),
        max_ns: histogram.max(),
        clock_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{latency, trial};

    #[test]
    fn merging_two_trials_equals_recording_into_one() {
        let mut merged = Latencies::default();
        merged.add(latency("mutex", 1..=500)).unwrap();
        merged.add(latency("mutex", 501..=1000)).unwrap();
        merged.add(latency("seqlock", 1..=10)).unwrap();

        let rows = latency_rows(&merged, &[]);
        assert_eq!(rows.len(), 2);
        let row = &rows[0];
        assert_eq!((row.count, row.min_ns, row.p50_ns, row.p90_ns, row.p99_ns), (1000, 1, 500, 900, 990));
        assert_eq!((row.p999_ns, row.p9999_ns, row.max_ns, row.mean_ns), (999, 1000, 1000, 500.5));
        assert_eq!(merged.histograms().next().unwrap().measured_ns, 2_000_000_000);
    }

    #[test]
    fn a_longer_delay_than_the_range_is_merged_all_the_same() {
        let mut merged = Latencies::default();
        let mut narrow = latency("mutex", 1..=10);
        narrow.histogram = hdrhistogram::Histogram::new_with_bounds(1, 1_000, 3).unwrap();
        narrow.histogram.record(5).unwrap();
        merged.add(narrow).unwrap();
        merged.add(latency("mutex", 1_000_000..=1_000_000)).unwrap();
        assert!(latency_rows(&merged, &[])[0].max_ns >= 1_000_000);
    }

    #[test]
    fn clock_cost_is_the_median_over_undisturbed_latency_trials() {
        let mut merged = Latencies::default();
        merged.add(latency("mutex", 1..=10)).unwrap();
        let clocks = [(20.0, Pass::Latency), (24.0, Pass::Latency), (1.0, Pass::Throughput)];
        let mut trials: Vec<Trial> =
            clocks.map(|(ns, pass)| Trial { clock_ns: Some(ns), pass, ..trial("mutex", 0) }).into();
        trials.push(Trial {
            disturbed: true,
            clock_ns: Some(900.0),
            pass: Pass::Latency,
            ..trial("mutex", 0)
        });
        assert_eq!(latency_rows(&merged, &trials)[0].clock_ns, 22.0);
    }

    #[test]
    fn an_empty_histogram_gets_no_row() {
        let mut merged = Latencies::default();
        merged.add(latency("mutex", [])).unwrap();
        assert!(latency_rows(&merged, &[]).is_empty());
    }
}
