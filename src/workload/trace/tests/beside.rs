//! Files beside a trace: where they are found, what is told of those that are not read, and how names are shown.

use super::*;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

const INIT: &[u8] = b"list,timer,expire_ns\n0,7,400\n";

fn row() -> Vec<u8> {
    csv("0,0,0,run,,\n")
}

fn pending(path: &Path) -> usize {
    Trace::load(path).unwrap().init.len()
}

/// The notes on `path`, without its directory.
fn notes(path: &Path) -> Vec<String> {
    let dir = format!("{}/", path.parent().unwrap().display());
    Trace::load(path).unwrap().notes.iter().map(|note| note.replace(&dir, "")).collect()
}

#[test]
fn they_are_found_compressed_or_plain() {
    let gzip = flate2::read::GzEncoder::new(INIT, flate2::Compression::fast());
    let gzip: Vec<u8> = std::io::Read::bytes(gzip).map(Result::unwrap).collect();
    let zstd = zstd(INIT);
    for (name, content) in [
        ("t.init.csv", INIT),
        ("t.init.csv.zst", &zstd),
        ("t.init.csv.gz", &gzip),
        ("t.init.csv", &zstd),
    ] {
        for trace in ["t.csv", "t.csv.zst", "t.csv.gz"] {
            let (dir, _) = dir(&[(trace, &row()), (name, content)]);
            let path = dir.path().join(trace);
            assert_eq!((pending(&path), notes(&path)), (1, vec![]), "{trace}, {name}");
        }
    }
}

#[test]
fn of_two_the_one_compressed_as_the_trace_is_read_and_the_other_told_of() {
    let two = [INIT, b"0,8,500\n"].concat();
    let (dir, _) = dir(&[
        ("t.csv", &row()),
        ("t.csv.zst", &row()),
        ("t.init.csv", INIT),
        ("t.init.csv.zst", &two),
    ]);
    let (plain, packed) = (dir.path().join("t.csv"), dir.path().join("t.csv.zst"));
    assert_eq!((pending(&plain), notes(&plain)), (1, vec!["t.init.csv.zst is not read: t.init.csv is".to_owned()]));
    assert_eq!(
        (pending(&packed), notes(&packed)),
        (2, vec!["t.init.csv is not read: t.init.csv.zst is".to_owned()])
    );
}

#[test]
fn they_are_found_beside_a_link_and_beside_what_it_points_to() {
    let (dir, target) = dir(&[("t.csv", &row()), ("t.init.csv", INIT)]);
    let other = dir.path().join("links");
    fs::create_dir(&other).unwrap();
    let link = other.join("mine.csv");
    symlink(&target, &link).unwrap();
    assert_eq!((pending(&link), notes(&link)), (1, vec![]));
    assert_eq!(Trace::load(&link).unwrap().name, "mine");
    // What stands beside the link comes first.
    fs::write(other.join("mine.init.csv"), [INIT, b"0,8,500\n"].concat()).unwrap();
    assert_eq!(pending(&link), 2);
    let [note] = &notes(&link)[..] else { panic!("one note") };
    assert!(note.ends_with("t.init.csv is not read: mine.init.csv is"), "{note}");
    // The same directory by another way is no second place.
    let (again, inside) = (dir.path().join("again"), other.join("t.csv"));
    symlink(dir.path(), &again).unwrap();
    assert_eq!((pending(&again.join("t.csv")), notes(&again.join("t.csv"))), (1, vec![]));
    assert!(!inside.exists());
}

#[test]
fn what_looks_like_one_and_is_not_read_is_told_of() {
    let looks = [
        "t.init.csv.xz",
        "t.INIT.csv",
        "t.list.csv",
        "t.thread",
        "t.csv.init.csv",
    ];
    let others = ["u.init.csv", "t.initial.csv", "t.csv.bak", "t.md", "t2.init.csv"];
    let files: Vec<(&str, &[u8])> = looks.iter().chain(&others).map(|name| (*name, INIT)).collect();
    let trace = row();
    let (_dir, path) = dir(&[&[("t.csv", &trace[..])], &files[..]].concat());
    let mut wanted: Vec<String> = [
        ("t.init.csv.xz", "init"),
        ("t.INIT.csv", "init"),
        ("t.list.csv", "lists"),
        ("t.thread", "threads"),
        ("t.csv.init.csv", "init"),
    ]
    .map(|(name, kind)| {
        format!("{name} is not read: its name is not t.{kind}.csv, with .zst or .gz after it where it is compressed")
    })
    .to_vec();
    wanted.sort();
    assert_eq!(notes(&path), wanted);
}

#[test]
fn one_that_is_there_and_cannot_be_read_is_an_error() {
    let (dir, path) = dir(&[("t.csv", &row())]);
    symlink("nowhere", dir.path().join("t.init.csv")).unwrap();
    let error = Trace::load(&path).unwrap_err().to_string();
    assert!(error.contains("t.init.csv: cannot be read: No such file"), "{error}");
}

#[test]
fn texts_may_be_quoted_and_begin_with_a_byte_order_mark() {
    let plain = csv("0,1,1,mod,7,1000\n10,1,1,deadline,,\n");
    let trace = load_bytes(&plain).unwrap();
    let quoted = b"\"time_ns\",\"thread\",\"list\",\"op\",\"timer\",\"expire_ns\"\r\n\"0\",\"1\",\"1\",\"mod\",\"7\",\"1000\"\n10,1,1,\"deadline\",\"\",\"\"\n";
    let mark = "\u{feff}".as_bytes();
    for bytes in [
        &[mark, &plain].concat(),
        &quoted[..],
        &[mark, quoted].concat(),
        &zstd(&[mark, &plain].concat()),
    ] {
        assert_eq!(load_bytes(bytes).unwrap(), trace);
    }
    let (_dir, path) = dir(&[
        ("t.csv", &plain),
        ("t.threads.csv", &[mark, b"\"thread\",\"name\"\n\"1\",\"a \"\"b\"\", c\"\n"].concat()),
        ("t.init.csv", &[mark, b"\"list\",timer,\"expire_ns\"\n\"1\",\"9\",\"5\"\n"].concat()),
    ]);
    let trace = Trace::load(path).unwrap();
    assert_eq!((&*trace.threads[0].name, trace.init.len()), ("a \"b\", c", 1));
    // A mark anywhere else is no part of the format.
    let error = error_of("\u{feff}0,0,0,run,,\n");
    assert!(error.starts_with("t.csv:2: time_ns is `"), "{error}");
}

#[test]
fn a_text_with_a_line_end_is_refused() {
    let error = error_in(&[("t.csv", &row()), ("t.threads.csv", b"thread,name\n0,\"a\nb\"\n")]);
    assert_eq!(error, "t.threads.csv:2: a quote is not closed on the line; expected a text without a line's end");
}

#[test]
fn names_are_fit_to_be_shown_where_they_enter() {
    let (dir, _) = dir(&[
        ("e\u{1b}[31m\u{7}.csv", &row()),
        ("e\u{1b}[31m\u{7}.threads.csv", b"thread,name\n0,a\x1b]0;title\x07b\n"),
        ("e\u{1b}[31m\u{7}.lists.csv", b"list,clock,owner\n0,\tHOST,\xe2\x80\xaeowner\n"),
    ]);
    let path = dir.path().join("e\u{1b}[31m\u{7}.csv");
    let trace = Trace::load(&path).unwrap();
    assert_eq!(trace.name, "e\u{fffd}[31m\u{fffd}");
    assert_eq!(trace.threads[0].name, "a\u{fffd}]0;title\u{fffd}b");
    assert_eq!((&*trace.lists[0].clock, &*trace.lists[0].owner), ("\u{fffd}HOST", "\u{fffd}owner"));
    fs::write(&path, "").unwrap();
    let error = Trace::load(&path).unwrap_err().to_string();
    assert!(!error.contains(char::is_control), "{error:?}");
}

#[test]
fn a_name_that_is_no_text_is_refused() {
    let (dir, _) = dir(&[]);
    let path = dir.path().join(std::ffi::OsStr::from_bytes(b"t\xff.csv"));
    fs::write(&path, row()).unwrap();
    let error = Trace::load(&path).unwrap_err().to_string();
    assert!(error.ends_with("t\u{fffd}.csv: the file's name is not UTF-8 text, which results must be to hold it; rename the file, or give a link to it"), "{error}");
    let link = dir.path().join("link.csv");
    symlink(&path, &link).unwrap();
    assert_eq!(Trace::load(&link).unwrap().name, "link");
}

#[test]
fn what_can_be_read_only_once_is_refused_without_waiting_for_it() {
    let (dir, _) = dir(&[]);
    let pipe = dir.path().join("pipe.csv");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    for path in [&*pipe, Path::new("/dev/stdin"), Path::new("/dev/null")] {
        let error = Trace::load(path).unwrap_err().to_string();
        let wanted = "a pipe, a device and standard input can be read only once, but each trial reads its trace; save it as a file and name that";
        assert_eq!(error, format!("{}: {wanted}", path.display()));
    }
}
