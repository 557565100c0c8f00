//! `latency.hlog`: the whole histograms, in the HdrHistogram interval log format, version 1.3, with V2 compressed
//! histograms. Values are ns, the third column (the largest value, for human readers) is ms.
//!
//! A line's tag is `workload/strategy/threads/op/kind`, so that a reader that groups lines by tag mixes nothing. What a tag may not
//! hold (a comma, white space) stands as `%` and two hexadecimal digits, as in a URL, and so does a workload's `/`.
//!
//! Trials of all workloads take turns, so there is no true interval to write; instead the time axis is measured time, as if the
//! workloads had been measured one after the other. A line's length is the measured time of its own trials, and each workload
//! starts on the first full second after all lines of the one before have ended:
//!
//! ```text
//! #[Histogram log format version 1.3]
//! #[StartTime: 1764007602.000 (seconds since epoch)]
//! #[MaxValueDivisor: 1000000.000]
//! Tag=hot/mutex/2/deadline/service,0.000,7.200,1.812,HISTFAAAAC...
//! Tag=paced/mutex/2/deadline/service,8.000,7.200,0.094,HISTFAAAAC...
//! ```

mod decode;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, IntervalLogWriterBuilder, IntervalLogWriterError, LogEntry, Tag,
};
use jiff::Timestamp;

use super::{Format, ReadError, Snapshot};
use crate::record::{Kind, LatencyHistogram};

const FILE_NAME: &str = "latency.hlog";
const VERSION: &str = "[Histogram log format version 1.3]";
const NS_PER_MS: f64 = 1e6;

/// The longest line, bytes. The largest histogram with 3 digits, each counter as long as it can be, compresses to less.
const MAX_LINE: usize = 1 << 20;
/// The most counters of all histograms together; 4 GiB in memory, ten thousand of the largest.
const MAX_COUNTERS: usize = 1 << 29;

pub(super) struct LatencyHlog;

impl Format for LatencyHlog {
    fn file_name(&self) -> &'static str {
        FILE_NAME
    }

    fn write(&self, snapshot: &Snapshot<'_>, out: &mut dyn Write) -> io::Result<()> {
        let histograms: Vec<_> = snapshot.histograms.histograms().collect();
        write(&histograms, snapshot.run.started, out)
    }
}

fn write(histograms: &[&LatencyHistogram], started: Timestamp, mut out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment(VERSION)
        .with_start_time(SystemTime::try_from(started).map_err(io::Error::other)?)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(&mut out, &mut serializer)?;
    let mut start = Duration::ZERO;
    for of_workload in histograms.chunk_by(|a, b| a.workload == b.workload) {
        let mut longest = Duration::ZERO;
        for latency in of_workload {
            let tag = tag(latency);
            let tag = Tag::new(&tag).ok_or_else(|| io::Error::other(format!("`{tag}` is no tag of a log")))?;
            let length = Duration::from_nanos(latency.measured_ns);
            longest = longest.max(length);
            log.write_histogram(&latency.histogram, start, length, Some(tag)).map_err(|error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            })?;
        }
        start += Duration::from_secs(longest.as_secs() + 1);
    }
    Ok(())
}

fn tag(latency: &LatencyHistogram) -> String {
    let LatencyHistogram { workload, strategy, threads, op, kind, .. } = latency;
    let (workload, strategy) = (quoted(workload, "/"), quoted(strategy, ""));
    format!("{workload}/{strategy}/{threads}/{op}/{}", kind.as_str())
}

/// A name as part of a tag: what a tag may not hold, and `special`, as `%` and two hexadecimal digits a byte.
fn quoted(name: &str, special: &str) -> String {
    let mut quoted = String::new();
    for letter in name.chars() {
        if letter.is_whitespace() || letter.is_control() || letter == '%' || letter == ',' || special.contains(letter) {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                quoted += &format!("%{byte:02X}");
            }
        } else {
            quoted.push(letter);
        }
    }
    quoted
}

/// The name of which a tag holds this; `None` if it holds no name so.
fn unquoted(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push((digit(*high)? * 16 + digit(*low)?) as u8);
                after
            }
            (b'%', _) => return None,
            (other, after) => {
                bytes.push(*other);
                after
            }
        };
    }
    String::from_utf8(bytes).ok()
}

/// The histograms of a result directory, in the log's order, their measured time to the millisecond.
///
/// # Errors
///
/// If there is no readable `latency.hlog`, or a line of it is not one that headlock writes; the message names it.
pub fn read_histograms(dir: &Path) -> Result<Vec<LatencyHistogram>, ReadError> {
    let path = dir.join(FILE_NAME);
    let file = File::open(&path).map_err(|error| ReadError::io(&path, error))?;
    parse(&path, BufReader::new(file))
}

fn parse(path: &Path, content: impl BufRead) -> Result<Vec<LatencyHistogram>, ReadError> {
    parse_within(MAX_COUNTERS, path, content)
}

fn parse_within(
    max_counters: usize,
    path: &Path,
    mut content: impl BufRead,
) -> Result<Vec<LatencyHistogram>, ReadError> {
    let mut histograms = Vec::new();
    let mut counters = 0;
    let mut line = Vec::new();
    for number in 1.. {
        let wrong = |problem: String| ReadError::content(path, number, problem);
        line.clear();
        let read = (&mut content).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| ReadError::io(path, error))? == 0 {
            break;
        }
        if line.len() > MAX_LINE {
            return Err(wrong(format!("the line is longer than {MAX_LINE} bytes")));
        }
        let text = str::from_utf8(&line).map_err(|_| wrong("not UTF-8 text".to_owned()))?;
        if text.starts_with('#') {
            continue;
        }
        match IntervalLogIterator::new(&line).next() {
            // Empty lines, and the column names that other tools put there.
            None => {}
            _ if text.trim().is_empty() => {}
            Some(Ok(LogEntry::Interval(interval))) => {
                let latency = latency(&interval).map_err(wrong)?;
                counters += latency.histogram.distinct_values();
                if counters > max_counters {
                    return Err(wrong(format!("more than {max_counters} counters in all; expected at most that many")));
                }
                histograms.push(latency);
            }
            Some(_) => return Err(wrong("not an interval: `Tag=TAG,START,LENGTH,MAX,HISTOGRAM`".to_owned())),
        }
    }
    Ok(histograms)
}

fn latency(interval: &IntervalLogHistogram<'_>) -> Result<LatencyHistogram, String> {
    let wrong = || "the tag is not `workload/strategy/threads/op/kind`".to_owned();
    let (workload, rest) = interval.tag().and_then(|tag| tag.as_str().split_once('/')).ok_or_else(wrong)?;
    // From the right: a strategy's name is a stranger's choice, and may hold slashes.
    let mut parts = rest.rsplitn(4, '/');
    let mut part = || parts.next().ok_or_else(wrong);
    let (kind, op, threads, strategy) = (part()?, part()?, part()?, part()?);
    let kind = [Kind::Service, Kind::Response].into_iter().find(|known| known.as_str() == kind);
    Ok(LatencyHistogram {
        workload: unquoted(workload).ok_or_else(wrong)?,
        strategy: unquoted(strategy).ok_or_else(wrong)?,
        threads: threads.parse().map_err(|_| wrong())?,
        op: op.to_owned(),
        kind: kind.ok_or_else(wrong)?,
        measured_ns: u64::try_from(interval.duration().as_nanos()).unwrap_or(u64::MAX),
        histogram: decode::histogram(interval.encoded_histogram())?,
    })
}

#[cfg(test)]
mod tests;
