use super::*;
use crate::stats::testing::trial;

/// A disk with room for so many bytes. It counts the writes that it was asked for.
struct Disk {
    room: usize,
    content: Vec<u8>,
    writes: usize,
}

impl Disk {
    fn with_room(room: usize) -> Self {
        Self { room, content: Vec::new(), writes: 0 }
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        let fits = bytes.len().min(self.room - self.content.len());
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.content.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Target for Disk {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.content.truncate(len as usize);
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Vec<Trial> {
    table::parse(Path::new(FILE_NAME), bytes, &COLUMNS).unwrap().rows
}

#[test]
fn a_row_is_one_write() {
    let mut appender = Appender::start(Disk::with_room(10_000), &COLUMNS).unwrap();
    assert_eq!(appender.target().writes, 1, "the header");
    for block in 0..3 {
        appender.append(&trial("mutex", block)).unwrap();
    }
    assert_eq!(appender.target().writes, 4);
}

#[test]
fn wherever_the_disk_ends_whole_rows_stand() {
    let header = COLUMNS.join(",").len() + 1;
    let trials: Vec<Trial> = (0..3).map(|block| trial("mutex", block)).collect();
    let row = table::row(&trials[0]).unwrap().len();
    for room in header..header + 3 * row {
        let mut appender = Appender::start(Disk::with_room(room), &COLUMNS).unwrap();
        let failed = trials.iter().find_map(|trial| appender.append(trial).err()).unwrap();
        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
        let content = &appender.target().content;
        assert!(content.ends_with(b"\n"));
        assert_eq!(parse(content), trials[..appender.rows()]);
        assert_eq!(appender.rows(), (room - header) / row);
    }
}

#[test]
fn a_disk_without_room_for_the_header_fails_at_the_start() {
    assert!(Appender::start(Disk::with_room(5), &COLUMNS).is_err());
}
