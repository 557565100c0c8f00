//! The real traces, what is refused and in which words, and that no input panics.

use super::load::{Limits, load};
use super::*;
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

mod beside;
mod packed;
mod zero;

/// A directory with the given files, of which `t.csv` is the trace.
fn dir(files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let trace = dir.path().join("t.csv");
    (dir, trace)
}

fn load_bytes(bytes: &[u8]) -> Result<Trace, TraceError> {
    let (_dir, trace) = dir(&[("t.csv", bytes)]);
    Trace::load(trace)
}

/// A file of the header and `rows`.
fn csv(rows: &str) -> Vec<u8> {
    format!("{COLUMNS}\n{rows}").into_bytes()
}

/// The error on loading, without the directory.
fn error_in(files: &[(&str, &[u8])]) -> String {
    let (dir, trace) = dir(files);
    let error = Trace::load(trace).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error.replace(&format!("{}/", dir.path().display()), "")
}

fn error_of(rows: &str) -> String {
    error_in(&[("t.csv", &csv(rows))])
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

fn real(name: &str) -> Trace {
    Trace::load(format!("{}/traces/{name}.csv.zst", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn real_traces_hold_what_their_readme_says() {
    use TraceOp::*;
    let columns = [Mod, Anticipate, Del, Expired, Deadline, Run, Fire];
    for (name, pending, rows, counts) in [
        ("boot", 0, 37_593, [8223, 0, 585, 0, 20752, 7216, 817]),
        ("idle", 5, 9_398, [335, 0, 187, 0, 6400, 2288, 188]),
        ("disk", 2, 961_892, [4838, 0, 2082, 0, 545448, 405392, 4132]),
        ("throttle", 4, 736_426, [7023, 0, 1501, 0, 407800, 313306, 6796]),
        ("net", 4, 954_956, [3246, 0, 3223, 0, 610460, 334804, 3223]),
        ("icount-idle", 5, 10_548, [249, 76, 893, 26, 4689, 4350, 265]),
    ] {
        let trace = real(name);
        assert_eq!(trace.name, name);
        assert_eq!(trace.rows.len(), rows, "{name}");
        assert_eq!(columns.map(|op| trace.counts()[op]), counts, "{name}");
        assert_eq!(trace.counts().total(), rows as u64);
        assert_eq!(trace.counts().played() + trace.expected_fires(), rows as u64);
        assert_eq!(trace.init.len(), pending, "{name}");
        assert!(trace.lists.iter().all(|list| !list.clock.is_empty() && !list.owner.is_empty()), "{name}");
        assert!(trace.threads.iter().all(|thread| !thread.name.is_empty()), "{name}");
        assert!(trace.timers.iter().all(|timer| !timer.created_in_trace), "{name}");
    }
}

#[test]
fn numbers_are_dense_and_names_are_found() {
    let rows =
        "0,7,90,create,5,\n1,7,90,mod,5,-3\n1,2,40,deadline,,\n3,7,90,fire,5,-3\n4,2,90,free,5,\n5,2,40,create,5,\n";
    let (_dir, path) = dir(&[
        ("t.csv", &csv(rows)),
        ("t.lists.csv", b"list,clock,owner\n90,HOST,\"io, main\"\n91,HOST,unused\n"),
        ("t.threads.csv", b"thread,name\r\n\r\n2,poller\r\n"),
        ("t.init.csv", b"list,timer,expire_ns\n40,18446744073709551615,-82309\n"),
    ]);
    let trace = Trace::load(path).unwrap();
    let ids: Vec<_> = trace.lists.iter().map(|l| (l.id, &*l.clock, &*l.owner, l.counts.total())).collect();
    assert_eq!(ids, [(40, "", "", 2), (90, "HOST", "io, main", 4)]);
    let names: Vec<_> = trace.threads.iter().map(|t| (t.id, &*t.name)).collect();
    assert_eq!(names, [(2, "poller"), (7, "")]);
    let timer = |id, list, created_in_trace| TraceTimer { id, list, created_in_trace };
    assert_eq!(trace.timers, [timer(u64::MAX, 0, false), timer(5, 1, true), timer(5, 0, true)]);
    assert_eq!(trace.init, [(0, Nanos(-82309))]);
    assert_eq!(
        trace.rows[1],
        Row {
            time: Nanos(1),
            expire: Nanos(-3),
            timer: 1,
            list: 1,
            thread: 1,
            op: TraceOp::Mod
        }
    );
    assert_eq!(trace.rows[2].timer, NO_TIMER);
    assert_eq!(trace.rows[5].timer, 2);
}

#[test]
fn rows_that_cannot_be_are_refused() {
    let max = i64::MAX;
    let header = "expected 6 columns (time_ns,thread,list,op,timer,expire_ns), found";
    let ops = "expected one of create, free, mod, anticipate, del, expired, deadline, run, fire";
    for (rows, wanted) in [
        ("-1,0,0,run,,", format!("t.csv:2: time_ns is `-1`; expected a whole number from 0 to {max}")),
        ("9223372036854775808,0,0,run,,", format!("t.csv:2: time_ns is `9223372036854775808`; expected a whole number from 0 to {max}")),
        (",0,0,run,,", format!("t.csv:2: time_ns is nothing; expected a whole number from 0 to {max}")),
        ("0,x,0,run,,", format!("t.csv:2: thread is `x`; expected a whole number from 0 to {}", u64::MAX)),
        ("0,0,-4,run,,", format!("t.csv:2: list is `-4`; expected a whole number from 0 to {}", u64::MAX)),
        ("0,0,0,modify,1,5", format!("t.csv:2: unknown op `modify`; {ops}")),
        ("0,0,0,,,", format!("t.csv:2: unknown op nothing; {ops}")),
        ("0,0,0,del,,", "t.csv:2: del names no timer; expected the timer's number".into()),
        ("0,0,0,mod,1,", "t.csv:2: mod names no expire_ns; expected its new deadline in ns".into()),
        ("0,0,0,mod,1,9223372036854775808", format!("t.csv:2: expire_ns is `9223372036854775808`; expected a whole number from {} to {max}", i64::MIN)),
        ("0,0,0,fire,1,soon", format!("t.csv:2: expire_ns is `soon`; expected a whole number from {} to {max}", i64::MIN)),
        ("0,0,0,run,1,", "t.csv:2: run takes no timer but found `1`; expected an empty column".into()),
        ("0,0,0,deadline,,-1", "t.csv:2: deadline takes no expire_ns but found `-1`; expected an empty column".into()),
        ("0,0,0,run", format!("t.csv:2: {header} 4")),
        (&",".repeat(199), format!("t.csv:2: {header} 200")),
        ("5,3,0,run,,\n\n9,4,0,run,,\n4,3,0,run,,", "t.csv:5: time goes back on thread 3, from 5 to 4 ns; expected rows in time order".into()),
        ("0,0,7,mod,1,5\n0,0,8,del,1,", "t.csv:3: timer 1 is used on list 8 but belongs to list 7; expected one list for a timer, or a free and a create between them".into()),
        ("0,0,7,free,1,\n0,0,7,mod,1,5", "t.csv:3: timer 1 was freed; expected a create before it is used again".into()),
        ("0,0,7,mod,1,5\n0,0,7,create,1,", "t.csv:3: timer 1 exists already; expected a free before it is created again".into()),
        ("", "t.csv: the trace has no rows; expected at least one below the header `time_ns,thread,list,op,timer,expire_ns`".into()),
    ] {
        assert_eq!(error_of(rows), wanted);
    }
}

#[test]
fn files_that_are_no_trace_are_refused() {
    let header = "expected header `time_ns,thread,list,op,timer,expire_ns`, found";
    assert_eq!(error_in(&[("t.csv", b"")]), format!("t.csv:1: {header} nothing"));
    assert_eq!(error_in(&[("t.csv", b"time_ns,thread\n")]), format!("t.csv:1: {header} `time_ns,thread`"));
    assert_eq!(
        error_in(&[("t.csv", format!("{COLUMNS},cpu\n").as_bytes())]),
        format!("t.csv:1: {header} `time_ns,thread,list,op,timer,expire_ns,c…`")
    );
    assert_eq!(
        error_in(&[("t.csv", b"\xfft\0i\0")]),
        format!("t.csv:1: the line is not UTF-8 text; expected {COLUMNS}")
    );
    assert_eq!(
        error_of(&"9".repeat(MAX_LINE + 1)),
        format!("t.csv:2: the line is longer than 4096 bytes; expected {COLUMNS}")
    );
    assert_eq!(
        error_in(&[("t.csv", &[&csv("")[..], b"0,0,0,run\xff,,"].concat())]),
        format!("t.csv:2: the line is not UTF-8 text; expected {COLUMNS}")
    );
    assert!(error_in(&[]).starts_with("t.csv: cannot be read: "));
    let (dir, _) = dir(&[]);
    assert!(Trace::load(dir.path()).unwrap_err().to_string().contains("cannot be read: "));
}

#[test]
fn files_beside_it_are_held_to_their_form() {
    let trace = ("t.csv", &*csv("0,0,0,run,,\n"));
    for (file, text, wanted) in [
        (
            "t.lists.csv",
            "list,owner\n",
            "t.lists.csv:1: expected header `list,clock,owner`, found `list,owner`",
        ),
        (
            "t.lists.csv",
            "list,clock,owner\n1,a,b\n1,c,d\n",
            "t.lists.csv:3: list 1 stands here a second time; expected it once",
        ),
        ("t.threads.csv", "thread,name\n1\n", "t.threads.csv:2: expected 2 columns (thread,name), found 1"),
        (
            "t.threads.csv",
            "thread,name\nx,y\n",
            "t.threads.csv:2: thread is `x`; expected a whole number from 0 to 18446744073709551615",
        ),
        (
            "t.init.csv",
            "list,timer,expire_ns\n0,1,5\n0,1,6\n",
            "t.init.csv:3: timer 1 stands here a second time; expected it once",
        ),
        (
            "t.init.csv",
            "list,timer,expire_ns\n0,1\n",
            "t.init.csv:2: expected 3 columns (list,timer,expire_ns), found 2",
        ),
    ] {
        assert_eq!(error_in(&[trace, (file, text.as_bytes())]), wanted);
    }
    assert_eq!(
        error_in(&[trace, ("t.threads.csv", b"thread,name\n1,\xff\n")]),
        "t.threads.csv:2: the line is not UTF-8 text; expected thread,name"
    );
}

#[test]
fn a_row_of_200_columns_is_refused() {
    assert_eq!(error_of(&",".repeat(199)), format!("t.csv:2: expected 6 columns ({COLUMNS}), found 200"));
}

#[test]
fn each_limit_holds() {
    let rows: String = (0..6).map(|n| format!("0,{n},{n},create,{n},\n")).collect();
    let (_dir, path) = dir(&[("t.csv", &csv(&rows))]);
    let within = || Limits { rows: 6, timers: 6, lists: 6, threads: 6 };
    assert_eq!(load(&path, &within()).unwrap().rows.len(), 6);
    for (limits, wanted) in [
        (Limits { rows: 5, ..within() }, "t.csv:7: more than 5 rows; expected at most that many"),
        (Limits { timers: 5, ..within() }, "t.csv:7: more than 5 timers; expected at most that many"),
        (Limits { lists: 5, ..within() }, "t.csv:7: more than 5 lists; expected at most that many"),
        (Limits { threads: 5, ..within() }, "t.csv:7: more than 5 threads; expected at most that many"),
    ] {
        let error = load(&path, &limits).unwrap_err().to_string();
        assert!(error.ends_with(wanted), "{error}");
    }
    let threads: String = (0..=MAX_THREADS).map(|thread| format!("0,{thread},0,run,,\n")).collect();
    assert_eq!(error_of(&threads), "t.csv:258: more than 256 threads; expected at most that many");
}

/// Rows that make sense: as a program would record them.
fn valid_rows() -> impl Strategy<Value = Vec<(i64, u64, u64, TraceOp, u64, i64)>> {
    let row = (0..1000_i64, 0..4_u64, 0..3_u64, 0..TraceOp::ALL.len(), 0..8_u64, any::<i64>());
    prop::collection::vec(row, 1..200).prop_map(|rows| {
        let mut time = 0;
        let mut freed = [false; 24];
        rows.into_iter()
            .map(|(gap, thread, list, op, timer, expire)| {
                time += gap;
                let id = list * 8 + timer;
                let mut op = TraceOp::ALL[op];
                let freed = &mut freed[id as usize];
                if op.names_timer() {
                    // A freed timer can only be created, one that lives can not.
                    if *freed {
                        op = TraceOp::Create;
                    } else if op == TraceOp::Create {
                        op = TraceOp::Del;
                    }
                    *freed = op == TraceOp::Free;
                }
                (time, thread, list, op, id, expire)
            })
            .collect()
    })
}

fn write(rows: &[(i64, u64, u64, TraceOp, u64, i64)]) -> Vec<u8> {
    let line = |&(time, thread, list, op, id, expire): &(i64, u64, u64, TraceOp, u64, i64)| {
        let timer = if op.names_timer() {
            id.to_string()
        } else {
            String::new()
        };
        let expire = if op.needs_expire() {
            expire.to_string()
        } else {
            String::new()
        };
        format!("{time},{thread},{list},{},{timer},{expire}\n", op.name())
    };
    csv(&rows.iter().map(line).collect::<String>())
}

proptest! {
    #[test]
    fn valid_traces_come_back_as_written(rows in valid_rows()) {
        let trace = load_bytes(&write(&rows)).unwrap();
        let zero = rows[0].0;
        let since_zero: Vec<_> = rows
            .iter()
            .map(|&(time, thread, list, op, timer, expire)| {
                let never = expire == i64::MAX || !op.needs_expire();
                (time - zero, thread, list, op, timer, if never { expire } else { expire.saturating_sub(zero) })
            })
            .collect();
        let read: Vec<_> = trace
            .rows
            .iter()
            .zip(&rows)
            .map(|(row, written)| {
                let timer = trace.timers.get(row.timer as usize);
                if let Some(timer) = timer {
                    assert_eq!(timer.list, row.list);
                }
                let expire = if row.op.needs_expire() { row.expire.0 } else { written.5 };
                let thread = trace.threads[usize::from(row.thread)].id;
                let list = trace.lists[usize::from(row.list)].id;
                (row.time.0, thread, list, row.op, timer.map_or(written.4, |timer| timer.id), expire)
            })
            .collect();
        prop_assert_eq!(read, since_zero);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), how in 0..3) {
        let bytes = match how {
            0 => bytes,
            1 => [&csv("")[..], &bytes].concat(),
            _ => [&[0x28, 0xb5, 0x2f, 0xfd][..], &bytes].concat(),
        };
        let _ = load_bytes(&bytes);
        let (_dir, path) = dir(&[
            ("t.csv", &csv("0,0,0,run,,\n")),
            ("t.lists.csv", &[b"list,clock,owner\n", &bytes[..]].concat()),
            ("t.init.csv", &[b"list,timer,expire_ns\n", &bytes[..]].concat()),
        ]);
        let _ = Trace::load(path);
    }

    #[test]
    fn damaged_traces_never_panic(
        rows in valid_rows(),
        pack in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = write(&rows);
        if pack {
            bytes = zstd(&bytes);
        }
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = load_bytes(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = load_bytes(&bytes);
    }
}
