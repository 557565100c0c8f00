use std::io::Read;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::export::testing::result;
use crate::export::{blocks_csv, latency_csv, operations_csv, ratios_csv, trials_csv};
use crate::record::{BlockRow, Kind, LatencyRow, OperationRow, Ratio, State, Trial};
use crate::stats::testing::trial;

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

/// The header that the record's own fields make, those of a record in it after its name. As JSON has them; no text of `row` may
/// hold a comma or a colon.
fn field_names<T: Serialize>(row: &T) -> String {
    let text = serde_json::to_string(row).unwrap();
    let (mut names, mut within) = (Vec::new(), String::new());
    for field in text[1..text.len() - 1].split(',') {
        let mut keys: Vec<&str> = field.split("\":").map(|key| key.rsplit('"').next().unwrap()).collect();
        keys.pop();
        if let [outer, _] = keys[..] {
            within = format!("{outer}_");
        }
        names.push(format!("{within}{}", keys[keys.len() - 1]));
        if field.ends_with('}') {
            within.clear();
        }
    }
    names.join(",")
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
        (&b""[..], "is empty; expected a header, which begins `workload,strategy,threads`"),
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

/// Cells of the first row that are read although they say `cell`, by column.
fn accepted<T: Serialize + DeserializeOwned>(columns: &[&str], row: &T, cell: &str) -> Vec<String> {
    let text = String::from_utf8(written(columns, std::slice::from_ref(row))).unwrap();
    let cells: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(cells.len(), columns.len(), "no cell of the row holds a comma");
    let is_read = |place: &usize| {
        let mut cells = cells.clone();
        cells[*place] = cell;
        let text = format!("{}\n{}\n", columns.join(","), cells.join(","));
        match parse::<T>(Path::new("x.csv"), text.as_bytes(), columns) {
            Ok(_) => true,
            Err(error) => {
                assert!(error.to_string().starts_with("x.csv:2: "), "{error}");
                false
            }
        }
    };
    (0..columns.len()).filter(is_read).map(|place| columns[place].to_owned()).collect()
}

#[test]
fn what_is_no_time_and_no_ratio_is_refused_in_each_column() {
    let result = result();
    let trial = Trial {
        floor_ns: Some(1.0),
        clock_ns: Some(1.0),
        offered_per_s: Some(1.0),
        log_ratio: Some(0.1),
        log_net_ratio: Some(0.1),
        ..result.trials[0].clone()
    };
    let block = BlockRow {
        workload: "hot".to_owned(),
        threads: 2,
        block: 0,
        contestant: "all".to_owned(),
        ended_ms: 1,
        state: State::Apart,
        probes: 1,
        probe_ns: 1,
        addition_ns: 0.4,
        width: 3.7,
        width_low: 3.6,
        width_high: 3.8,
        hop_ns: Some(50.0),
        hop_low_ns: Some(49.0),
        hop_high_ns: Some(51.0),
        layout: "x".to_owned(),
        counted: true,
    };
    let operation = OperationRow {
        workload: "hot".to_owned(),
        strategy: "mutex".to_owned(),
        threads: 1,
        block: 0,
        op: "deadline".to_owned(),
        kind: Kind::Service,
        count: 1,
        typical_ns: 20.0,
        p50_ns: None,
        p99_ns: None,
        p999_ns: None,
    };
    let latency = &result.latency[0];
    let ratio = &result.ratios[0];
    let trials = ["workload", "strategy", "disturbance"];
    let ratios = ["workload", "strategy", "baseline", "state", "op"];
    for cell in ["NaN", "-nan", "inf", "-inf", "-1", "-0.5"] {
        let signed: &[&str] = if cell.starts_with("-0") || cell == "-1" {
            &["log_ratio", "log_net_ratio"]
        } else {
            &[]
        };
        let infinite: &[&str] = if cell.ends_with("inf") { &["log_net_ratio"] } else { &[] };
        assert_eq!(accepted(&trials_csv::COLUMNS, &trial, cell), [&trials, signed, infinite].concat(), "{cell}");
        let mut unbounded: Vec<&str> = ratios.to_vec();
        if cell == "inf" {
            unbounded.extend(["ratio", "ci_low", "ci_high", "ns", "bias"]);
        }
        unbounded.sort_by_key(|name| ratios_csv::COLUMNS.iter().position(|it| it == name));
        assert_eq!(accepted(&ratios_csv::COLUMNS, ratio, cell), unbounded, "{cell}");
        let named = ["workload", "contestant", "layout"];
        assert_eq!(accepted(&blocks_csv::COLUMNS, &block, cell), named, "{cell}");
        assert_eq!(accepted(&operations_csv::COLUMNS, &operation, cell), ["workload", "strategy", "op"], "{cell}");
        assert_eq!(accepted(&latency_csv::COLUMNS, latency, cell), ["workload", "strategy", "op"], "{cell}");
    }
    for (column, cell, says) in [
        ("ns_per_op", "NaN", "ns_per_op: not a finite number >= 0"),
        ("log_ratio", "NaN", "log_ratio: not a finite number"),
        ("log_net_ratio", "NaN", "log_net_ratio: not a number"),
        ("ns_per_op", "-5", "ns_per_op: not a finite number >= 0"),
    ] {
        let text = String::from_utf8(written(&trials_csv::COLUMNS, std::slice::from_ref(&trial))).unwrap();
        let place = trials_csv::COLUMNS.iter().position(|it| *it == column).unwrap();
        let (header, row) = text.trim_end().split_once('\n').unwrap();
        let cells: Vec<&str> = row.split(',').enumerate().map(|(at, it)| if at == place { cell } else { it }).collect();
        let text = format!("{header}\n{}\n", cells.join(","));
        let error = parse::<Trial>(Path::new("trials.csv"), text.as_bytes(), &trials_csv::COLUMNS).unwrap_err();
        assert_eq!(error.to_string(), format!("trials.csv:2: {says}"));
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

/// As pandas saves a table that it has read: a column of whole numbers with a gap becomes one of floats.
#[test]
fn a_table_that_another_program_saved_again_is_read() {
    let trials = [
        trial("mutex", 0),
        Trial {
            disturbed: true,
            disturbance: "x".to_owned(),
            ..trial("seqlock", 1)
        },
    ];
    let mut bytes = Vec::new();
    write(&trials_csv::COLUMNS, &trials, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let again = text
        .replace(",true,", ",True,")
        .replace(",false,", ",False,")
        .lines()
        .enumerate()
        .map(|(line, row)| match line {
            0 => format!("{row}\n"),
            _ => {
                let cells = row.split(',').enumerate();
                // elapsed_ns, lock_acquisitions and ops_most.
                let cells = cells.map(|(at, cell)| {
                    if [6, 11, 31].contains(&at) {
                        format!("{cell}.0")
                    } else {
                        cell.to_owned()
                    }
                });
                cells.collect::<Vec<_>>().join(",") + "\n"
            }
        })
        .collect::<String>();
    assert!(again.contains(",False,") && again != text);
    let read: Rows<Trial> = parse(Path::new("trials.csv"), again.as_bytes(), &trials_csv::COLUMNS).unwrap();
    assert_eq!(read.rows, trials);
    for (right, nonsense, says) in [
        ("False", "Maybe", "disturbed: neither `true` nor `false`"),
        ("mutex,1,0,", "mutex,1.5,0,", "threads: not a whole number within range"),
        ("mutex,1,0,", "mutex,1e300,0,", "threads: not a whole number within range"),
    ] {
        let broken = again.replacen(right, nonsense, 1);
        let error = parse::<Trial>(Path::new("trials.csv"), broken.as_bytes(), &trials_csv::COLUMNS)
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
    }
}
