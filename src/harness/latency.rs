//! Per-thread latency recording: one histogram per kind of operation, touched by one thread only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2Serializer};

use super::job::OpHistogram;
use crate::record::{Kind, LatencyHistogram, RECLAIM};

/// Longest latency told apart, ns: one minute. Longer ones count as this.
const HIGHEST_NS: u64 = 60_000_000_000;
/// Significant decimal digits of a recorded value.
const DIGITS: u8 = 3;
/// Kinds of operations at most, and grace periods.
const OPS: usize = 10;
/// The number under which grace periods are recorded, as service times.
pub const GRACE: usize = OPS - 1;

/// An empty histogram with the bounds that all of headlock's have, so that any two can be merged.
pub fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, HIGHEST_NS, DIGITS).expect("constant bounds are valid")
}

/// One thread's histograms.
pub struct Recorder {
    service: [Option<Histogram<u64>>; OPS],
    response: [Option<Histogram<u64>>; OPS],
}

impl Recorder {
    /// Histograms for the operations with these numbers, allocated now and not in the timed loop.
    pub fn new(ops: impl IntoIterator<Item = usize>, with_response: bool) -> Self {
        let mut recorder = Recorder {
            service: [const { None }; OPS],
            response: [const { None }; OPS],
        };
        for op in ops {
            recorder.service[op] = Some(empty_histogram());
            recorder.response[op] = with_response.then(empty_histogram);
        }
        recorder
    }

    /// Records nothing and holds nothing until something is merged into it.
    pub fn idle() -> Self {
        Recorder::new([], false)
    }

    /// Records a service time, ns. A value of 0 counts as 1, the histogram's lowest.
    #[inline]
    pub fn service(&mut self, op: usize, ns: u64) {
        if let Some(histogram) = &mut self.service[op] {
            histogram.saturating_record(ns.max(1));
        }
    }

    /// Records a response time, ns.
    #[inline]
    pub fn response(&mut self, op: usize, ns: u64) {
        if let Some(histogram) = &mut self.response[op] {
            histogram.saturating_record(ns.max(1));
        }
    }

    /// Adds another thread's values.
    pub fn merge(&mut self, other: Recorder) {
        let mine = self.service.iter_mut().chain(&mut self.response);
        let theirs = other.service.into_iter().chain(other.response);
        for (mine, theirs) in mine.zip(theirs) {
            match (mine.as_mut(), theirs) {
                (Some(mine), Some(theirs)) if !theirs.is_empty() => mine.add(theirs).expect("equal bounds"),
                // Taken as it is: a copy would touch all of its memory.
                (None, theirs) => *mine = theirs,
                (Some(_), _) => {}
            }
        }
    }

    /// The non-empty histograms, encoded; `name` gives an operation's name by its number.
    pub fn encode(&self, name: impl Fn(usize) -> &'static str) -> Vec<OpHistogram> {
        let name = |op| if op == GRACE { RECLAIM } else { name(op) };
        let service = self.service.iter().enumerate().map(|(op, histogram)| (op, Kind::Service, histogram));
        let response = self.response.iter().enumerate().map(|(op, histogram)| (op, Kind::Response, histogram));
        service
            .chain(response)
            .filter_map(|(op, kind, histogram)| Some((op, kind, histogram.as_ref()?)))
            .filter(|(_, _, histogram)| !histogram.is_empty())
            .map(|(op, kind, histogram)| OpHistogram { op: name(op).to_owned(), kind, encoded: encode(histogram) })
            .collect()
    }
}

/// The mean service time of all but the slowest hundredth of the recorded operations, ns; 0 if there are none.
pub fn typical_service_ns(latencies: &[LatencyHistogram]) -> f64 {
    let mut all = empty_histogram();
    for latency in latencies.iter().filter(|latency| latency.kind == Kind::Service && latency.op != RECLAIM) {
        all.add(&latency.histogram).expect("equal bounds");
    }
    let wanted = all.len() - all.len() / 100;
    let (mut counted, mut sum_ns) = (0, 0.0);
    for value in all.iter_recorded() {
        let count = value.count_at_value().min(wanted - counted);
        counted += count;
        sum_ns += count as f64 * all.median_equivalent(value.value_iterated_to()) as f64;
    }
    sum_ns / counted.max(1) as f64
}

/// Encodes a histogram for the pipe.
fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2Serializer::new()
        .serialize(histogram, &mut bytes)
        .expect("writing to memory does not fail and the bounds fit the format");
    BASE64.encode(bytes)
}

/// Decodes what [`Recorder::encode`] made.
///
/// # Errors
/// If the text is not base64 or not a histogram.
pub fn decode(encoded: &str) -> Result<Histogram<u64>, String> {
    let bytes = BASE64.decode(encoded).map_err(|error| error.to_string())?;
    hdrhistogram::serialization::Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_typical_service_time_leaves_the_slowest_hundredth_out() {
        let mut histogram = empty_histogram();
        histogram.record_n(100, 990).unwrap();
        histogram.record_n(1_000_000, 10).unwrap();
        let latency = LatencyHistogram {
            workload: "hot".to_owned(),
            strategy: "mutex".to_owned(),
            threads: 1,
            op: "deadline".to_owned(),
            kind: Kind::Service,
            measured_ns: 1,
            histogram,
        };
        let grace = LatencyHistogram { op: RECLAIM.to_owned(), ..latency.clone() };
        assert_eq!(typical_service_ns(&[latency]), 100.0);
        assert_eq!(typical_service_ns(&[grace]), 0.0, "no operation");
        assert_eq!(typical_service_ns(&[]), 0.0);
    }

    #[test]
    fn a_histogram_survives_the_pipe() {
        let mut recorder = Recorder::new([0], false);
        recorder.service(0, 7);
        recorder.service(0, 0);
        let encoded = recorder.encode(|_| "deadline");
        assert_eq!(encoded.len(), 1);
        let decoded = decode(&encoded[0].encoded).unwrap();
        assert_eq!((decoded.len(), decoded.min(), decoded.max()), (2, 1, 7));
        assert!(decode("not base64!").is_err());
    }
}
