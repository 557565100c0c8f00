//! What a file is compressed with, and what can be wrong with it. The small files are what zstd 1.5.4, gzip, xz and bzip2 wrote.

use super::*;
use std::fs::File;
use std::io::{self, Read};

fn file(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/tests/cli/trace.in/{name}", env!("CARGO_MANIFEST_DIR")))
}

/// The error on loading one of the small files, without the directory.
fn error_on(name: &str) -> String {
    let error = Trace::load(file(name)).unwrap_err().to_string();
    error
        .strip_prefix(&format!("{}/", file("").display().to_string().trim_end_matches('/')))
        .unwrap()
        .to_owned()
}

#[test]
fn frames_are_read_in_turn_and_skippable_ones_skipped() {
    let plain = Trace::load(file("packed.csv")).unwrap();
    assert_eq!(plain.rows.len(), 40);
    for name in ["frames.csv.zst", "gzip.csv.gz"] {
        assert_eq!(Trace::load(file(name)).unwrap().rows, plain.rows, "{name}");
    }
    let cut = fs::read(file("frames.csv.zst")).unwrap();
    let cut = error_in(&[("t.csv", &cut[..cut.len() - 1])]);
    assert!(cut.contains("the zstd data breaks off after 40 rows; "), "{cut}");
}

#[test]
fn what_is_not_read_is_named_with_the_command_that_makes_it_readable() {
    for (name, wanted) in [
        (
            "xz.csv.xz",
            "this is xz data; expected CSV, plain or compressed with zstd or gzip: xz -dc FILE > NAME.csv",
        ),
        (
            "bzip2.csv.bz2",
            "this is bzip2 data; expected CSV, plain or compressed with zstd or gzip: bzip2 -dc FILE > NAME.csv",
        ),
        (
            "dictionary.csv.zst",
            "the zstd data needs dictionary 4711, and none is supported; expected data without: zstd -dc -D DICTIONARY FILE > NAME.csv",
        ),
        (
            "long30.csv.zst",
            "the zstd data refers back over 1073741824 bytes, and 134217728 are supported; expected less: zstd -dc --long=30 FILE > NAME.csv",
        ),
    ] {
        assert_eq!(error_on(name), format!("{name}: {wanted}"));
    }
    for (start, what) in [
        (&b"\xff\xfet\0"[..], "UTF-16 text"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x04\x22\x4d\x18", "lz4 data"),
    ] {
        let error = error_in(&[("t.csv", start)]);
        assert!(error.starts_with(&format!("t.csv: this is {what}; expected CSV, ")), "{error}");
    }
}

#[test]
fn a_frame_is_held_to_its_checksum_and_its_size() {
    let row = |checksum: u8, size: u8| {
        // RFC 8878, section 3.1.1: one segment, a checksum, then the size in a byte; one raw block, the last.
        let content = b"time_ns,thread,list,op,timer,expire_ns\n7,0,0,run,,\n";
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x24, size];
        frame.extend(&((content.len() as u32) << 3 | 1).to_le_bytes()[..3]);
        frame.extend(content);
        // The low half of XXH64 of the content.
        frame.extend([0xef ^ checksum, 0x6d, 0xa2, 0x4a]);
        frame
    };
    assert_eq!(load_bytes(&row(0, 51)).unwrap().rows.len(), 1);
    assert_eq!(
        error_in(&[("t.csv", &row(1, 51))]),
        "t.csv:3: the zstd data is damaged after 1 rows (the content does not match its checksum); copy or record it again"
    );
    assert_eq!(
        error_in(&[("t.csv", &row(0, 52))]),
        "t.csv:3: the zstd data is damaged after 1 rows (the content is 51 bytes long, not 52); copy or record it again"
    );
}

#[test]
fn gzip_that_breaks_off_or_is_damaged_is_refused() {
    let whole = fs::read(file("gzip.csv.gz")).unwrap();
    let cut = error_in(&[("t.csv", &whole[..whole.len() - 5])]);
    assert!(cut.contains("the gzip data breaks off after 40 rows; "), "{cut}");
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let damaged = error_in(&[("t.csv", &damaged)]);
    assert!(damaged.contains("the gzip data is damaged after 40 rows ("), "{damaged}");
}

#[test]
fn zstd_is_known_by_its_magic_and_damage_is_told_apart() {
    let rows: String = (0..20_000).map(|time| format!("{time},0,{},run,,\n", time % 7)).collect();
    let plain = csv(&rows);
    let packed = zstd(&plain);
    assert_eq!(load_bytes(&packed).unwrap(), load_bytes(&plain).unwrap());

    let two_frames = [&packed[..], &zstd(b"30000,0,0,run,,\n")].concat();
    assert_eq!(load_bytes(&two_frames).unwrap().rows.len(), 20_001);

    let cut = error_in(&[("t.csv", &packed[..packed.len() - 5])]);
    assert!(cut.contains("the zstd data breaks off after ") && cut.ends_with("copy or record it again"), "{cut}");
    let header_cut = error_in(&[("t.csv", &packed[..6])]);
    assert_eq!(
        header_cut,
        "t.csv:1: the zstd data breaks off after 0 rows; the file was cut short: copy or record it again"
    );
    let damaged = error_in(&[("t.csv", &[&packed[..], b"tail"].concat())]);
    assert!(damaged.starts_with("t.csv:20002: the zstd data is damaged after 20000 rows ("), "{damaged}");
}

/// A frame that inflates to `start` and 32 MiB of one byte, five thousand times as much as it holds.
fn bomb(start: &str, byte: u8) -> Vec<u8> {
    compress_to_vec(start.as_bytes().chain(io::repeat(byte).take(1 << 25)), CompressionLevel::Fastest)
}

#[test]
fn a_small_file_that_inflates_without_end_is_refused_by_its_first_lines() {
    let header = format!("{COLUMNS}\n");
    for (start, byte, wanted) in [
        (
            "",
            b'9',
            "t.csv:1: the line is longer than 4096 bytes; expected time_ns,thread,list,op,timer,expire_ns",
        ),
        (
            &header,
            b'9',
            "t.csv:2: the line is longer than 4096 bytes; expected time_ns,thread,list,op,timer,expire_ns",
        ),
        (
            &header,
            b'\0',
            "t.csv:2: the line is longer than 4096 bytes; expected time_ns,thread,list,op,timer,expire_ns",
        ),
        (
            &header,
            b',',
            "t.csv:2: the line is longer than 4096 bytes; expected time_ns,thread,list,op,timer,expire_ns",
        ),
    ] {
        let packed = bomb(start, byte);
        assert!(packed.len() < 1 << 13, "{} bytes are no bomb", packed.len());
        assert_eq!(error_in(&[("t.csv", &packed)]), wanted);
    }
    // The same without compression: a gibibyte that takes no room on the disk.
    let (_dir, path) = dir(&[("t.csv", header.as_bytes())]);
    File::options().write(true).open(&path).and_then(|file| file.set_len(1 << 30)).unwrap();
    let error = Trace::load(&path).unwrap_err().to_string();
    assert!(error.contains("t.csv:2: the line is longer than 4096 bytes"), "{error}");
    // Blank lines are no rows, but they count.
    let (_dir, path) = dir(&[("t.csv", &bomb(&header, b'\n'))]);
    let limits = Limits { rows: 1_000, ..Limits::default() };
    let error = load(&path, &limits).unwrap_err().to_string();
    assert!(error.ends_with("t.csv:1002: more than 1000 rows; expected at most that many"), "{error}");
}

#[test]
fn a_frame_that_wants_more_window_than_there_is_to_have_is_refused() {
    // RFC 8878, section 3.1.1.1.2: five bits of exponent; 21 stands for 2 GiB, and more is what no frame wants.
    for (exponent, wanted) in [
        (
            21,
            "t.csv: the zstd data refers back over 2147483648 bytes, and 134217728 are supported; expected less: zstd -dc --long=31 FILE > NAME.csv",
        ),
        (22, "t.csv:1: the zstd data is damaged after 0 rows ("),
        (31, "t.csv:1: the zstd data is damaged after 0 rows ("),
    ] {
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, exponent << 3, 0x01, 0x00, 0x00];
        let error = error_in(&[("t.csv", &frame)]);
        assert!(error.starts_with(wanted), "{error}");
    }
    // One segment of as many bytes as eight can count.
    let frame = [
        0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00, 0x00,
    ];
    assert!(error_in(&[("t.csv", &frame)]).starts_with("t.csv:1: the zstd data is damaged after 0 rows ("));
}
