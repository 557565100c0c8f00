use std::sync::LazyLock;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use proptest::prelude::*;

use super::*;
use crate::export::testing::{result, run};
use crate::stats::testing::latency as sample;
use crate::stats::{Latencies, latency_rows};

fn written(histograms: &[&LatencyHistogram]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(histograms, run().started, &mut bytes).unwrap();
    bytes
}

fn log() -> Vec<u8> {
    let result = result();
    written(&result.latencies.histograms().collect::<Vec<_>>())
}

#[test]
fn what_is_written_is_read_back() {
    let result = result();
    let read = parse(Path::new("latency.hlog"), log().as_slice()).unwrap();
    assert_eq!(read.iter().collect::<Vec<_>>(), result.latencies.histograms().collect::<Vec<_>>());
}

#[test]
fn percentiles_of_the_log_are_those_of_the_table() {
    let result = result();
    let mut merged = Latencies::default();
    for histogram in parse(Path::new("latency.hlog"), log().as_slice()).unwrap() {
        merged.add(histogram).unwrap();
    }
    assert_eq!(latency_rows(&merged, &result.trials), result.latency);
}

/// As a stranger's tool reads it: with the library's reader alone.
#[test]
fn tags_and_intervals_tell_workloads_apart() {
    let log = log();
    let entries: Vec<_> = IntervalLogIterator::new(&log).map(Result::unwrap).collect();
    assert_eq!(entries[0], LogEntry::StartTime(Duration::from_secs(1_795_543_602)));
    let mut lines = Vec::new();
    for entry in &entries[1..] {
        let LogEntry::Interval(interval) = entry else {
            panic!("{entry:?}")
        };
        lines.push((
            interval.tag().unwrap().as_str(),
            interval.start_timestamp().as_secs(),
            interval.duration().as_secs(),
        ));
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, interval.encoded_histogram());
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.unwrap().as_slice()).unwrap();
        assert_eq!(histogram.len(), 12_345);
        assert!((interval.max() - histogram.max() as f64 / 1e6).abs() < 1e-3, "ms, to three decimals");
    }
    assert_eq!(
        lines,
        [
            ("hot/mutex/1/deadline/service", 0, 1),
            ("hot/seqlock/1/deadline/service", 0, 1),
            ("paced%2C%20\"real\"/mutex/1/deadline/service", 2, 1),
            ("paced%2C%20\"real\"/seqlock/1/deadline/service", 2, 1),
        ]
    );
}

#[test]
fn names_may_be_anything() {
    for (workload, strategy) in [
        ("hot", "liburcu/memb"),
        ("a/b", "a,b"),
        ("50%2C", "a b\u{a0}\u{1f512}\n"),
        ("/", "/"),
    ] {
        let named = LatencyHistogram {
            workload: workload.to_owned(),
            kind: Kind::Response,
            ..sample(strategy, 1..=9)
        };
        let read = parse(Path::new("latency.hlog"), written(&[&named]).as_slice()).unwrap();
        assert_eq!(read, [named]);
    }
}

#[test]
fn a_broken_line_is_named_with_what_would_be_right() {
    let good = String::from_utf8(log()).unwrap();
    let first = good.lines().position(|line| line.starts_with("Tag=")).unwrap();
    for (find, put, message) in [
        ("/1/deadline/service", "/one/deadline/service", "the tag is not `workload/strategy/threads/op/kind`"),
        ("/service", "/serving", "the tag is not"),
        ("Tag=hot/mutex/1/deadline/service,", "", "the tag is not"),
        ("Tag=hot/", "Tag=h%2t/", "the tag is not"),
        ("HISTFAAA", "!ISTFAAA", "not base64"),
        ("HISTFAAA", "AAAAFAAA", "not in the V2 compressed format"),
        ("0.000,1.000", "soon,1.000", "not an interval"),
    ] {
        let broken = good.replacen(find, put, 1);
        let error = parse(Path::new("latency.hlog"), broken.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("latency.hlog:{}: ", first + 1)), "{error}");
        assert!(error.contains(message), "{put}: {error}");
    }
}

#[test]
fn a_histogram_that_inflates_without_end_is_refused() {
    let mut zeros = Vec::new();
    let mut encoder = flate2::write::ZlibEncoder::new(&mut zeros, flate2::Compression::best());
    encoder.write_all(&vec![0; 8 << 20]).unwrap();
    encoder.finish().unwrap();
    let bomb = [&[0x1c, 0x84, 0x93, 0x14, 0, 0, 0x20, 0], zeros.as_slice()].concat();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bomb);
    assert!(decode::histogram(&encoded).unwrap_err().contains("more than 1 MiB"));
}

/// A compressed histogram with these fields and counts.
fn encode(length: u32, digits: u32, low: u64, high: u64, counts: &[u8]) -> String {
    let inner = [
        &[0x1c, 0x84, 0x93, 0x13],
        &length.to_be_bytes()[..],
        &[0; 4],
        &digits.to_be_bytes(),
        &low.to_be_bytes(),
        &high.to_be_bytes(),
        &1.0_f64.to_be_bytes(),
        counts,
    ]
    .concat();
    let mut zlib = Vec::new();
    let mut encoder = flate2::write::ZlibEncoder::new(&mut zlib, flate2::Compression::fast());
    encoder.write_all(&inner).unwrap();
    encoder.finish().unwrap();
    let length = (zlib.len() as u32).to_be_bytes();
    let outer = [&[0x1c, 0x84, 0x93, 0x14], &length[..], &zlib].concat();
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, outer)
}

#[test]
fn sizes_that_a_histogram_claims_are_checked_before_memory_is_taken() {
    assert!(decode::histogram(&encode(1, 3, 1, 1_000, &[2])).is_ok());
    assert!(decode::histogram(&encode(u32::MAX, 3, 1, 1_000, &[2])).unwrap_err().contains("length"));
    assert!(decode::histogram(&encode(1, 5, 1, u64::MAX, &[2])).unwrap_err().contains("digits"));
    assert!(decode::histogram(&encode(9, 3, 1, 1_000, &[0xff; 9])).unwrap_err().contains("zeros"));
}

#[test]
fn a_line_without_end_is_refused() {
    let endless = io::repeat(b'x');
    let error = parse(Path::new("latency.hlog"), BufReader::new(endless)).unwrap_err().to_string();
    assert_eq!(error, "latency.hlog:1: the line is longer than 1048576 bytes");
}

#[test]
fn histograms_without_end_are_refused_before_they_fill_memory() {
    // A hundred bytes that claim the highest value there is and take 450 KB for it.
    let line = format!("Tag=w/m/1/run/service,0.000,1.000,1.000,{}\n", encode(1, 3, 1, u64::MAX / 2, &[2]));
    let log = line.repeat(3);
    let read = |max_counters| parse_within(max_counters, Path::new("latency.hlog"), log.as_bytes());
    let all = read(MAX_COUNTERS).unwrap();
    let each = all[0].histogram.distinct_values();
    assert!(all.len() == 3 && each > 50_000, "{each}");
    let error = read(2 * each).unwrap_err().to_string();
    let wanted = format!("latency.hlog:3: more than {} counters in all; expected at most that many", 2 * each);
    assert_eq!(error, wanted);
}

static LOG: LazyLock<Vec<u8>> = LazyLock::new(log);

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(Path::new("latency.hlog"), bytes.as_slice());
    }

    #[test]
    fn a_damaged_log_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = LOG.clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = parse(Path::new("latency.hlog"), bytes.as_slice());
    }

    #[test]
    fn any_fields_and_counts_are_read_or_refused(
        digits in 0u32..6, low in any::<u64>(), high in any::<u64>(),
        counts in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xff)], 0..60),
    ) {
        let _ = decode::histogram(&encode(counts.len() as u32, digits, low, high, &counts));
    }
}
