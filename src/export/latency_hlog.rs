//! `latency.hlog`: the whole histograms, in the HdrHistogram interval log format, version 1.3, with V2 compressed
//! histograms. Values are ns, the third column (the largest value, for human readers) is ms.
//!
//! A line's tag is `strategy/threads/op/kind`. The workload is not in it, so lines of different workloads may share a tag.
//! They are kept apart twice: a comment `#[Workload: "name"]` stands before the lines of each, and their intervals do not
//! overlap. Trials of all workloads take turns, so there is no true interval to write; instead the time axis is measured
//! time, as if the workloads had been measured one after the other. A line's length is the measured time of its own
//! trials, and each workload starts on the first full second after all lines of the one before have ended. So a tool that
//! knows nothing of the comment selects a workload by its start and end time:
//!
//! ```text
//! #[Histogram log format version 1.3]
//! #[StartTime: 1764007602.000 (seconds since epoch)]
//! #[MaxValueDivisor: 1000000.000]
//! #[Workload: "hot"]
//! Tag=mutex/2/deadline/service,0.000,7.200,1.812,HISTFAAAAC...
//! #[Workload: "paced"]
//! Tag=mutex/2/deadline/service,8.000,7.200,0.094,HISTFAAAAC...
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
const WORKLOAD_START: &str = "[Workload: ";
const WORKLOAD_END: &str = "]";

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
        let name = serde_json::to_string(&of_workload[0].workload)?;
        log.write_comment(&format!("{WORKLOAD_START}{name}{WORKLOAD_END}"))?;
        let mut longest = Duration::ZERO;
        for latency in of_workload {
            let tag = tag(latency);
            let tag = Tag::new(&tag).ok_or_else(|| {
                io::Error::other(format!("`{tag}` has a comma or a space, which a log's tag may not"))
            })?;
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
    let LatencyHistogram { strategy, threads, op, kind, .. } = latency;
    format!("{strategy}/{threads}/{op}/{}", kind.as_str())
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
    let mut workload: Option<String> = None;
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
        if let Some(comment) = text.trim_end().strip_prefix('#') {
            if let Some(rest) = comment.strip_prefix(WORKLOAD_START) {
                let name = rest.strip_suffix(WORKLOAD_END).and_then(|name| serde_json::from_str(name).ok());
                workload = Some(name.ok_or_else(|| wrong("not a workload line: `#[Workload: \"name\"]`".to_owned()))?);
            }
            continue;
        }
        match IntervalLogIterator::new(&line).next() {
            // Empty lines, and the column names that other tools put there.
            None => {}
            _ if text.trim().is_empty() => {}
            Some(Ok(LogEntry::Interval(interval))) => {
                let workload = workload
                    .as_deref()
                    .ok_or_else(|| wrong("a histogram before any workload line: `#[Workload: \"name\"]`".to_owned()))?;
                let latency = latency(workload, &interval).map_err(wrong)?;
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

fn latency(workload: &str, interval: &IntervalLogHistogram<'_>) -> Result<LatencyHistogram, String> {
    let wrong = || "the tag is not `strategy/threads/op/kind`".to_owned();
    let tag = interval.tag().ok_or_else(wrong)?;
    // From the right: of the four only the strategy's name is a stranger's choice.
    let mut parts = tag.as_str().rsplitn(4, '/');
    let mut part = || parts.next().ok_or_else(wrong);
    let (kind, op, threads, strategy) = (part()?, part()?, part()?, part()?);
    let kind = [Kind::Service, Kind::Response].into_iter().find(|known| known.as_str() == kind);
    Ok(LatencyHistogram {
        workload: workload.to_owned(),
        strategy: strategy.to_owned(),
        threads: threads.parse().map_err(|_| wrong())?,
        op: op.to_owned(),
        kind: kind.ok_or_else(wrong)?,
        measured_ns: u64::try_from(interval.duration().as_nanos()).unwrap_or(u64::MAX),
        histogram: decode::histogram(interval.encoded_histogram())?,
    })
}

#[cfg(test)]
mod tests;
