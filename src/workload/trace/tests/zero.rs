//! A trace's zero is its first moment, wherever its clock began.

use super::*;

const DAYS: i64 = 1_795_771_258_867_000_000;

/// A trace and the timers pending at its start, its clock begun at `zero`.
fn files(zero: i64) -> [Vec<u8>; 2] {
    let at = |ns: i64| zero + ns;
    let rows = format!(
        "{},1,4,deadline,,\n{},1,4,mod,7,{}\n{},2,4,anticipate,8,{}\n{},1,4,mod,9,{}\n{},1,4,run,,\n{},1,4,fire,7,{}\n",
        at(0),
        at(10),
        at(400),
        at(12),
        at(-3),
        at(13),
        i64::MAX,
        at(500),
        at(501),
        at(400),
    );
    let init = format!("list,timer,expire_ns\n4,1,{}\n4,2,{}\n4,3,{}\n", at(90), at(-90), i64::MAX);
    [csv(&rows), init.into_bytes()]
}

fn load_from(zero: i64) -> Trace {
    let [rows, init] = files(zero);
    let (_dir, path) = dir(&[("t.csv", &rows), ("t.init.csv", &init)]);
    Trace::load(path).unwrap()
}

#[test]
fn two_clocks_give_the_same_trace() {
    let trace = load_from(0);
    assert_eq!(trace.rows[1].expire, Nanos(400));
    // A deadline that stands for never stays one.
    assert_eq!((trace.rows[3].expire, trace.init[2].1), (Nanos::MAX, Nanos::MAX));
    for zero in [1, 10_000_000_000, DAYS] {
        assert_eq!(load_from(zero), trace);
        assert_eq!(load_from(zero).checksum(), trace.checksum());
    }
}

#[test]
fn deadlines_far_from_the_clock_stay_in_range() {
    let rows = format!("{},0,0,mod,1,{}\n{},0,0,mod,1,{}\n", i64::MAX, i64::MIN, i64::MAX, i64::MAX - 1);
    let trace = load_bytes(&csv(&rows)).unwrap();
    let read: Vec<_> = trace.rows.iter().map(|row| (row.time.0, row.expire.0)).collect();
    assert_eq!(read, [(0, i64::MIN), (0, -1)]);
}

#[test]
fn the_first_moment_is_the_earliest_where_threads_wrote_past_each_other() {
    let trace = load_bytes(&csv("1000,0,0,run,,\n990,1,0,run,,\n1005,1,0,run,,\n")).unwrap();
    let times: Vec<_> = trace.rows.iter().map(|row| row.time.0).collect();
    assert_eq!(times, [10, 0, 15]);
}

#[test]
fn errors_name_the_times_of_the_file() {
    assert_eq!(
        error_of("1000,0,0,run,,\n990,0,0,run,,\n"),
        "t.csv:3: time goes back on thread 0, from 1000 to 990 ns; expected rows in time order"
    );
}

#[test]
fn a_beginning_is_as_long_from_any_zero() {
    for zero in [0, DAYS] {
        let (dir, path) = dir(&[("t.csv", &files(zero)[0])]);
        let mut text = Vec::new();
        write_beginning(&path, 13, &mut text).unwrap();
        fs::write(dir.path().join("cut.csv"), text).unwrap();
        let cut = Trace::load(dir.path().join("cut.csv")).unwrap();
        let times = |rows: &[Row]| rows.iter().map(|row| (row.time, row.expire)).collect::<Vec<_>>();
        assert_eq!(times(&cut.rows), times(&load_from(zero).rows[..4]));
    }
}
