//! What is laid out is what was loaded, and a file that is cut, foreign or damaged is refused in one line.

use super::*;
use crate::workload::trace::{TraceList, TraceThread, TraceTimer};
use proptest::prelude::*;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;

fn real(name: &str) -> Trace {
    Trace::load(format!("{}/traces/{name}.csv.zst", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Two threads and two lists; timer 0 is pending at the start, timer 1 is created and freed.
fn small() -> Trace {
    let row = |time, thread, list, op: TraceOp, timer, expire| Row {
        time: Nanos(time),
        expire: Nanos(expire),
        timer,
        list,
        thread,
        op,
    };
    let list = |id| TraceList {
        id,
        clock: String::new(),
        owner: String::new(),
        counts: Default::default(),
    };
    Trace {
        notes: Vec::new(),
        name: "small".to_owned(),
        rows: vec![
            row(0, 0, 0, TraceOp::Deadline, NO_TIMER, 0),
            row(5, 1, 1, TraceOp::Create, 1, 0),
            row(6, 1, 1, TraceOp::Mod, 1, 80),
            row(7, 0, 0, TraceOp::Run, NO_TIMER, 0),
            row(7, 0, 0, TraceOp::Fire, 0, 0),
            row(8, 1, 1, TraceOp::Free, 1, 0),
            row(9, 0, 0, TraceOp::Anticipate, 0, -3),
        ],
        lists: vec![list(3), list(9)],
        threads: vec![
            TraceThread { id: 11, name: "main".to_owned() },
            TraceThread { id: 12, name: "vcpu é".to_owned() },
        ],
        timers: vec![
            TraceTimer { id: 1, list: 0, created_in_trace: false },
            TraceTimer { id: 2, list: 1, created_in_trace: true },
        ],
        init: vec![(0, Nanos(7))],
    }
}

fn bytes_of(prepared: &Prepared) -> Vec<u8> {
    let mut bytes = Vec::new();
    prepared.write(&mut bytes).unwrap();
    bytes
}

/// Opens a sealed file of these bytes in memory.
fn opened(bytes: &[u8]) -> Result<Opened, String> {
    let mut file = File::from(memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap());
    file.write_all(bytes).unwrap();
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK).unwrap();
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Opened::open(path.as_ref()).map_err(|error| {
        let error = error.to_string();
        assert!(!error.contains('\n'), "{error}");
        error.strip_prefix(&format!("{path}: ")).expect("the error names the file").to_owned()
    })
}

/// The error on opening a file of these bytes, without its path.
fn error_of(bytes: &[u8]) -> String {
    opened(bytes).unwrap_err()
}

/// All that is played, as it was prepared.
fn whole(opened: &Opened) -> Prepared {
    let part = |part: &OpenedPart| Part {
        role: part.role.clone(),
        rows: part.rows().to_vec(),
        starts: part.starts().to_vec(),
        places: part.places().to_vec(),
    };
    Prepared {
        lists: opened.lists,
        timers: opened.timers.clone(),
        init: opened.init.clone(),
        parts: opened.parts.iter().map(part).collect(),
        frees: opened.frees,
    }
}

#[test]
fn a_strict_replay_has_all_rows_but_fires_in_one_part() {
    let prepared = Prepared::of(&small(), Order::Strict, false);
    let [part] = &prepared.parts[..] else { panic!() };
    assert_eq!((part.role.as_str(), part.rows.len(), prepared.lists), ("all", 6, 2));
    let ops: Vec<TraceOp> = part.rows.iter().map(|row| row.op()).collect();
    use TraceOp::*;
    assert_eq!(ops, [Deadline, Create, Mod, Run, Free, Anticipate]);
    let rows = &part.rows;
    assert_eq!((rows[2].list(), rows[2].timer(), rows[2].expire()), (1, 1, Nanos(80)));
    assert_eq!((rows[3].list(), rows[3].now()), (0, Nanos(7)));
    assert_eq!(rows[5].expire(), Nanos(-3), "a deadline before the trace's start");
    assert!(prepared.frees);
    assert_eq!((prepared.init[0].timer(), prepared.init[0].expire()), (0, Nanos(7)));
    assert_eq!(prepared.timers.iter().map(|timer| timer.created_in_trace()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_replay_by_threads_has_a_part_for_each_and_their_starts_if_it_is_paced() {
    let prepared = Prepared::of(&small(), Order::Threads, true);
    let of = |part: &Part| {
        let rows = part.rows.iter().map(|row| row.op());
        part.starts.iter().copied().zip(rows).collect::<Vec<(i64, TraceOp)>>()
    };
    use TraceOp::*;
    assert_eq!(of(&prepared.parts[0]), [(0, Deadline), (7, Run), (9, Anticipate)]);
    assert_eq!(of(&prepared.parts[1]), [(5, Create), (6, Mod), (8, Free)]);
    assert_eq!(prepared.parts[1].role, "vcpu é");
    let unpaced = Prepared::of(&small(), Order::Threads, false);
    assert!(unpaced.parts[1].starts.is_empty());
}

#[test]
fn rows_are_cut_into_ranges() {
    let opened = opened(&bytes_of(&Prepared::of(&small(), Order::Strict, false))).unwrap();
    let part = &opened.parts[0];
    for (from, to, rows) in [(2, 4, 2..4), (0, 6, 0..6), (4, 100, 4..6), (9, 12, 6..6)] {
        assert_eq!(part.between(from, to), rows);
    }
}

#[test]
fn threads_hold_their_own_rows_of_a_stretch_of_all() {
    let opened = opened(&bytes_of(&Prepared::of(&small(), Order::Threads, false))).unwrap();
    let held = |from, to| opened.parts.iter().map(|part| part.between(from, to)).collect::<Vec<_>>();
    // Rows 0, 3 and 5 of those that are played are the first thread's.
    assert_eq!(held(0, 2), [0..1, 0..1]);
    assert_eq!(held(2, 4), [1..2, 1..2]);
    assert_eq!(held(4, 6), [2..3, 2..3]);
    assert_eq!(held(0, usize::MAX), [0..3, 0..3]);
}

#[test]
fn the_real_traces_come_back_as_they_were_written() {
    for name in ["boot", "idle", "icount-idle"] {
        let trace = real(name);
        for (order, paced) in [(Order::Strict, false), (Order::Threads, false), (Order::Threads, true)] {
            let prepared = Prepared::of(&trace, order, paced);
            let opened = opened(&bytes_of(&prepared)).unwrap();
            let rows: usize = opened.parts.iter().map(|part| part.rows().len()).sum();
            assert_eq!(rows as u64, trace.counts().played());
            assert_eq!(whole(&opened), prepared, "{name}, {order:?}");
        }
    }
}

#[test]
fn a_file_that_was_cut_short_is_refused_wherever_the_cut_is() {
    let bytes = bytes_of(&Prepared::of(&small(), Order::Threads, true));
    for length in 0..bytes.len() {
        let error = error_of(&bytes[..length]);
        assert_eq!(
            error,
            format!(
                "the prepared trace has {length} bytes, which is not what its header says; it was cut short: start the run anew"
            )
        );
    }
    assert!(error_of(&[&bytes[..], &[0]].concat()).contains("not what its header says"));
}

#[test]
fn a_foreign_file_is_refused() {
    let bytes = bytes_of(&Prepared::of(&small(), Order::Strict, false));
    let another = |place: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        error_of(&bytes)
    };
    for (place, byte) in [(0, b'x'), (8, 200), (12, 8), (23, 1)] {
        assert!(another(place, byte).starts_with("is no prepared trace of this build"), "byte {place}");
    }
    assert!(error_of(&[b'x'; 200]).starts_with("is no prepared trace"));
}

#[test]
fn a_file_that_names_what_is_not_there_is_refused() {
    let prepared = Prepared::of(&small(), Order::Strict, false);
    let damaged = |damage: fn(&mut Prepared)| {
        let mut prepared = prepared.clone();
        damage(&mut prepared);
        error_of(&bytes_of(&prepared))
    };
    for (number, error) in [
        damaged(|it| it.parts[0].rows[0].op = TraceOp::Fire as u8),
        damaged(|it| it.parts[0].rows[0].op = 9),
        damaged(|it| it.parts[0].rows[0].list = 2),
        damaged(|it| it.parts[0].rows[2].timer = 2),
        damaged(|it| it.parts[0].rows[0].timer = 0),
        damaged(|it| it.parts[0].rows[0].unused = 1),
        damaged(|it| it.parts[0].rows[5].list = 2),
        damaged(|it| it.timers[0].list = 2),
        damaged(|it| it.timers[0].created_in_trace = 2),
        damaged(|it| it.init[0].timer = 2),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(error.starts_with("the prepared trace names a list, timer or operation"), "{number}: {error}");
    }
}

#[test]
fn a_file_that_may_change_is_refused() {
    let path = format!("{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let error = Opened::open(path.as_ref()).unwrap_err().to_string();
    assert!(
        error.ends_with("the prepared trace cannot be read: it is not sealed against writing and shrinking"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let error = Opened::open("no-such-file".as_ref()).unwrap_err().to_string();
    assert!(error.starts_with("no-such-file: the prepared trace cannot be read: "), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_bring_the_reader_down(place in 0_usize..400, byte: u8, length in 0_usize..400) {
        let mut bytes = bytes_of(&Prepared::of(&small(), Order::Threads, true));
        bytes.truncate(length);
        if let Some(at) = bytes.get_mut(place) {
            *at = byte;
        }
        if let Ok(opened) = opened(&bytes) {
            let (lists, timers) = (opened.lists, opened.timers.len());
            prop_assert!(opened.parts.iter().flat_map(OpenedPart::rows).all(|row| row.is_valid(lists, timers)));
        }
    }
}
