use std::io::Read;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::export::testing::result;
use crate::export::{latency_csv, ratios_csv, trials_csv};
use crate::record::{LatencyRow, Ratio, Trial};

/// What other tools and the plots rely on: names and order.
const FIXED_TRIALS: &str = "workload,strategy,threads,block,pass,ops,elapsed_ns,ns_per_op,ops_per_s,floor_ns,cpu_ns,\
    lock_acquisitions,lock_contended,lock_wait_ns,retries,retired,peak_unreclaimed,steal_ns,ctx_switches,disturbed";
const FIXED_LATENCY: &str = "workload,strategy,threads,op,kind,count,min_ns,mean_ns,p50_ns,p90_ns,p99_ns,p999_ns,\
    p9999_ns,max_ns,clock_ns";
const FIXED_RATIOS: &str = "workload,threads,metric,strategy,baseline,ratio,ci_low,ci_high,blocks,verdict";

fn written<T: Serialize>(columns: &[&str], rows: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(columns, rows, &mut bytes).unwrap();
    bytes
}

/// The header that serde would write, from the record's own fields.
fn field_names<T: Serialize>(row: &T) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(row).unwrap();
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[test]
fn columns_are_the_fixed_ones_and_name_the_fields_in_order() {
    let result = result();
    assert!(trials_csv::COLUMNS.join(",").starts_with(FIXED_TRIALS));
    assert_eq!(latency_csv::COLUMNS.join(","), FIXED_LATENCY);
    assert!(ratios_csv::COLUMNS.join(",").starts_with(FIXED_RATIOS));
    assert_eq!(trials_csv::COLUMNS.join(","), field_names(&result.trials[0]));
    assert_eq!(latency_csv::COLUMNS.join(","), field_names(&result.latency[0]));
    assert_eq!(ratios_csv::COLUMNS.join(","), field_names(&result.ratios[0]));
}

#[test]
fn what_is_written_is_read_back() {
    let mut result = result();
    result.ratios[0].ci_high = f64::INFINITY;
    let path = Path::new("x.csv");
    let trials = parse(path, written(&trials_csv::COLUMNS, &result.trials).as_slice(), &trials_csv::COLUMNS).unwrap();
    assert_eq!(trials, Rows { rows: result.trials, note: None });
    let latency =
        parse(path, written(&latency_csv::COLUMNS, &result.latency).as_slice(), &latency_csv::COLUMNS).unwrap();
    assert_eq!(latency, Rows { rows: result.latency, note: None });
    let ratios = parse(path, written(&ratios_csv::COLUMNS, &result.ratios).as_slice(), &ratios_csv::COLUMNS).unwrap();
    assert_eq!(ratios, Rows { rows: result.ratios, note: None });
}

#[test]
fn a_table_without_rows_still_has_its_header() {
    assert_eq!(written::<LatencyRow>(&latency_csv::COLUMNS, &[]), format!("{FIXED_LATENCY}\n").into_bytes());
    let empty: Rows<LatencyRow> =
        parse(Path::new("x.csv"), format!("{FIXED_LATENCY}\n").as_bytes(), &latency_csv::COLUMNS).unwrap();
    assert_eq!(empty, Rows { rows: vec![], note: None });
}

#[test]
fn columns_of_a_newer_version_are_passed_over() {
    let result = result();
    let text = String::from_utf8(written(&latency_csv::COLUMNS, &result.latency)).unwrap();
    let newer: String = text
        .lines()
        .enumerate()
        .map(|(i, line)| format!("{line},{}\n", if i == 0 { "new" } else { "7" }))
        .collect();
    let read: Rows<LatencyRow> = parse(Path::new("x.csv"), newer.as_bytes(), &latency_csv::COLUMNS).unwrap();
    assert_eq!(read.rows, result.latency);
}

#[test]
fn cutting_the_file_anywhere_loses_the_last_row_at_most() {
    let result = result();
    let trials = &result.trials[..3];
    let whole = written(&trials_csv::COLUMNS, trials);
    let header = written::<Trial>(&trials_csv::COLUMNS, &[]).len();
    for len in header..whole.len() {
        let read: Rows<Trial> = parse(Path::new("trials.csv"), &whole[..len], &trials_csv::COLUMNS).unwrap();
        let ends = whole[header..len].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(read.rows, trials[..ends], "{len}");
        assert_eq!(read.note.is_some(), whole[len - 1] != b'\n', "{len}");
    }
}

#[test]
fn an_error_names_the_line_the_column_and_what_would_be_right() {
    let good = String::from_utf8(written(&trials_csv::COLUMNS, &result().trials)).unwrap();
    for (find, put, expected) in [
        ("hot,mutex,1,1,", "hot,mutex,one,1,", "trials.csv:3: threads: not a whole number within range"),
        ("hot,mutex,1,1,", "hot,mutex,-1,1,", "trials.csv:3: threads: not a whole number within range"),
        ("hot,mutex,1,1,", "hot,mutex,1,", "trials.csv:3: 35 columns where the header has 36"),
        (
            "1,1,throughput",
            "1,1,thruput",
            "trials.csv:3: unknown variant `thruput`, expected `throughput` or `latency`",
        ),
        (
            "workload,strategy",
            "workload,strategies",
            "trials.csv:1: column 2 is `strategies` where `strategy` belongs",
        ),
        ("at_floor\n", "ops\n", "trials.csv:1: column 36 is `ops` where `at_floor` belongs"),
        ("false", "no", "trials.csv:2: disturbed: neither `true` nor `false`"),
    ] {
        let broken = good.replacen(find, put, 1);
        assert_ne!(broken, good);
        let error = parse::<Trial>(Path::new("trials.csv"), broken.as_bytes(), &trials_csv::COLUMNS).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn odd_files_get_one_clear_line() {
    let header = format!("{FIXED_LATENCY}\n");
    for (bytes, expected) in [
        (&b""[..], "column 1 is `` where `workload` belongs"),
        (b"\x1b[31m,b\n", "column 1 is `\\u{1b}[31m` where `workload` belongs"),
        (b"\xff\xfe\n", "not UTF-8 text"),
        (&[header.trim_end().as_bytes(), b",op\n"].concat(), "column `op` stands twice"),
        (&[header.as_bytes(), &b",".repeat(199), b"\n"].concat(), "200 columns where the header has 15"),
        (&[header.as_bytes(), b"\xff,a,1,x,service,1,1,1,1,1,1,1,1,1,1\n"].concat(), "not UTF-8 text"),
    ] {
        let error =
            parse::<LatencyRow>(Path::new("latency.csv"), bytes, &latency_csv::COLUMNS).unwrap_err().to_string();
        assert!(error.starts_with("latency.csv:") && error.ends_with(expected), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[test]
fn a_row_or_a_file_without_end_is_refused() {
    let endless = |start: String, rest: &'static [u8]| {
        let rest = rest.repeat(1 << 12);
        let content = start.as_bytes().chain(Repeat { bytes: rest, at: 0 });
        parse::<LatencyRow>(Path::new("x.csv"), BufReader::new(content), &latency_csv::COLUMNS)
            .unwrap_err()
            .to_string()
    };
    let header = || format!("{FIXED_LATENCY}\n");
    assert_eq!(endless(String::new(), b"x"), "x.csv:1: the row is longer than 65536 bytes");
    assert_eq!(endless(String::new(), b","), "x.csv:1: the row has more than 256 columns");
    assert_eq!(endless(header(), b"x"), "x.csv:2: the row is longer than 65536 bytes");
    assert_eq!(endless(header(), b"\"\n\","), "x.csv:2: the row has more than 256 columns");
    assert_eq!(
        endless(header(), b"a,a,1,x,service,1,1,1,1,1,1,1,1,1,1\n"),
        "x.csv:1000002: more than 1000000 rows; expected at most that many"
    );
}

/// The same bytes for ever.
struct Repeat {
    bytes: Vec<u8>,
    at: usize,
}

impl Read for Repeat {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(self.bytes.len() - self.at);
        buffer[..len].copy_from_slice(&self.bytes[self.at..][..len]);
        self.at = (self.at + len) % self.bytes.len();
        Ok(len)
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse::<Trial>(Path::new("x.csv"), bytes.as_slice(), &trials_csv::COLUMNS);
        let _ = parse::<Ratio>(Path::new("x.csv"), bytes.as_slice(), &ratios_csv::COLUMNS);
    }

    #[test]
    fn any_rows_under_a_good_header_are_read_or_refused(text in "([a-z0-9.,\"\\-\n\r]|inf|NaN|service){0,200}") {
        let text = format!("{FIXED_LATENCY}\n{text}");
        let _ = parse::<LatencyRow>(Path::new("x.csv"), text.as_bytes(), &latency_csv::COLUMNS);
    }
}
