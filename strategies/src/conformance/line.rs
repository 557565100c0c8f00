//! What each handle is doing, for the watchdog's report, and for whoever finds out that the process has ended.
//!
//! Eight words a handle, which its thread alone writes. They may lie in memory that another process can read: see [`keep_in`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::words::Numbers;
use crate::{Nanos, TimerId};

/// Words of a line: its thread, the number of its handle on that thread, the operation, the timer and the time that it names, the timer
/// whose callback is under way, whether one is, and the operations begun and ended.
pub(super) const WORDS: usize = 8;

/// The words of one handle, a cache line of its own.
type Words = [AtomicU64; WORDS];

const THREAD: usize = 0;
const HANDLE: usize = 1;
const OPERATION: usize = 2;
const TIMER: usize = 3;
const TIME: usize = 4;
const CALLED: usize = 5;
const IN_CALLBACK: usize = 6;
const BEATS: usize = 7;

/// Threads as a word: none, the check's own, one without a number, and from here on those with a number.
const NOBODY: u64 = 0;
const OWN: u64 = 1;
const ANOTHER: u64 = 2;
const NUMBERED: u64 = 3;

/// The name of the thread that a check begins on.
pub(super) const OWN_NAME: &str = "the check's own thread";
/// What the name of a thread with a number begins with.
const NUMBERED_NAME: &str = "thread ";

/// Names for reports.
const OPERATIONS: [&str; 14] = [
    "between operations",
    "in create",
    "in free",
    "in modify",
    "in anticipate",
    "in cancel",
    "in deadline",
    "in expired",
    "in run",
    "in quiescent",
    "in the making of a handle",
    "in the end of a handle",
    "in the making of a list",
    "in the end of a list",
];

pub(super) const NOTHING: u64 = 0;
pub(super) const CREATE: u64 = 1;
pub(super) const FREE: u64 = 2;
pub(super) const MODIFY: u64 = 3;
pub(super) const ANTICIPATE: u64 = 4;
pub(super) const CANCEL: u64 = 5;
pub(super) const DEADLINE: u64 = 6;
pub(super) const EXPIRED: u64 = 7;
pub(super) const RUN: u64 = 8;
pub(super) const QUIESCENT: u64 = 9;
pub(super) const MAKING: u64 = 10;
pub(super) const DROP: u64 = 11;
pub(super) const MAKING_LIST: u64 = 12;
pub(super) const DROP_LIST: u64 = 13;

/// Words that no line has at the moment.
static UNUSED: Mutex<Vec<&'static Words>> = Mutex::new(Vec::new());

/// Has lines kept in this memory from now on, for as long as there is room in it: a program that reads it from another process knows by
/// [`doing_at_the_end`] what this one was at.
pub fn keep_in(memory: &'static [AtomicU64]) {
    let (lines, _) = memory.as_chunks::<WORDS>();
    UNUSED.lock().extend(lines.iter().rev());
}

/// What the threads of a process were doing, from a copy of the memory that its lines were kept in; empty if none was at any operation.
pub fn doing_at_the_end(memory: &[u64]) -> String {
    let lines = memory.as_chunks::<WORDS>().0.iter().filter(|words| words[THREAD] != NOBODY);
    told(lines.copied().collect(), false)
}

/// A line's number, operation and beats at one moment.
pub(super) type Look = (usize, u64, u64);

/// What one handle is doing. Written by its thread alone, read by the watchdog.
pub(super) struct Line {
    /// Tells it from the others of its trial.
    id: usize,
    words: &'static Words,
}

impl Line {
    /// A line of the calling thread's, for its handle of this number.
    pub(super) fn new(id: usize, handle: u64) -> Self {
        let unused = UNUSED.lock().pop();
        let words = unused.unwrap_or_else(|| Box::leak(Box::default()));
        words.iter().for_each(|word| word.store(0, Ordering::Relaxed));
        words[HANDLE].store(handle, Ordering::Relaxed);
        words[THREAD].store(this_thread(), Ordering::Relaxed);
        Line { id, words }
    }

    /// Whether it is the calling thread's.
    pub(super) fn is_own(&self) -> bool {
        self.words[THREAD].load(Ordering::Relaxed) == this_thread()
    }

    #[inline]
    fn set(&self, word: usize, value: u64) {
        self.words[word].store(value, Ordering::Relaxed);
    }

    fn get(&self, word: usize) -> u64 {
        self.words[word].load(Ordering::Relaxed)
    }

    /// Plain loads and stores, since a read-modify-write would be a fence that the operation under watch may lack.
    #[inline]
    pub(super) fn during<R>(&self, operation: u64, act: impl FnOnce() -> R) -> R {
        let outer = self.get(OPERATION);
        self.set(OPERATION, operation);
        self.beat();
        let answer = act();
        self.set(OPERATION, outer);
        self.beat();
        answer
    }

    /// Notes what the operation to come names.
    #[inline]
    pub(super) fn names(&self, timer: TimerId, time: Nanos) -> &Self {
        self.set(TIMER, timer.into_raw());
        self.at(time)
    }

    #[inline]
    pub(super) fn at(&self, time: Nanos) -> &Self {
        self.set(TIME, time.0.cast_unsigned());
        self
    }

    /// Notes that the callback of this timer is under way, or that none is.
    #[inline]
    pub(super) fn in_callback(&self, of: Option<TimerId>) {
        if let Some(timer) = of {
            self.set(CALLED, timer.into_raw());
        }
        self.set(IN_CALLBACK, of.is_some().into());
    }

    #[inline]
    fn beat(&self) {
        self.set(BEATS, self.get(BEATS).wrapping_add(1));
    }

    pub(super) fn look(&self) -> Look {
        (self.id, self.get(OPERATION), self.get(BEATS))
    }

    fn copy(&self) -> [u64; WORDS] {
        std::array::from_fn(|word| self.get(word))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.set(THREAD, NOBODY);
        UNUSED.lock().push(self.words);
    }
}

fn this_thread() -> u64 {
    let thread = thread::current();
    match thread.name() {
        Some(OWN_NAME) => OWN,
        Some(name) => {
            let number = name.strip_prefix(NUMBERED_NAME).and_then(|number| number.parse::<u64>().ok());
            number.map_or(ANOTHER, |number| NUMBERED + number)
        }
        None => ANOTHER,
    }
}

/// The name of thread number `index` of a check.
pub(super) fn thread_name(index: usize) -> String {
    format!("{NUMBERED_NAME}{index}")
}

/// What the threads of these lines are doing.
pub(super) fn doing<'l>(lines: impl Iterator<Item = &'l Line>) -> String {
    told(lines.map(Line::copy).collect(), true)
}

/// What each line says, those that do nothing included if `idle`, but for a handle whose thread is busy through another one.
fn told(lines: Vec<[u64; WORDS]>, idle: bool) -> String {
    let is_at_rest = |line: &[u64; WORDS]| line[OPERATION] == NOTHING && line[IN_CALLBACK] == 0;
    let of_thread = |thread: u64| lines.iter().filter(move |other| other[THREAD] == thread && thread != ANOTHER);
    let is_busy_elsewhere = |line: &[u64; WORDS]| of_thread(line[THREAD]).any(|other| !is_at_rest(other));
    let has_several = |line: &[u64; WORDS]| of_thread(line[THREAD]).count() > 1;
    let mut timers = Numbers::default();
    let shown = lines.iter().filter(|line| match is_at_rest(line) {
        true => idle && !is_busy_elsewhere(line),
        false => idle || line[OPERATION] != NOTHING,
    });
    let lines: Vec<String> = shown.map(|line| one(line, has_several(line), &mut timers)).collect();
    lines.join("; ")
}

/// What one line says: the thread, what it is doing, to which timer, and in whose callback.
fn one(line: &[u64; WORDS], by_handle: bool, timers: &mut Numbers) -> String {
    let mut timer = |word: usize| timers.of(TimerId::from_raw(line[word]));
    let thread = match line[THREAD] {
        OWN => OWN_NAME.to_owned(),
        NOBODY | ANOTHER => "another thread".to_owned(),
        numbered => format!("{NUMBERED_NAME}{}", numbered - NUMBERED),
    };
    let by = match by_handle {
        true => format!(", by its handle {},", line[HANDLE]),
        false => String::new(),
    };
    let time = line[TIME].cast_signed();
    let named = match line[OPERATION] {
        FREE | CANCEL => format!(" of {}", timer(TIMER)),
        MODIFY | ANTICIPATE => format!(" of {} to {time} ns", timer(TIMER)),
        EXPIRED | RUN => format!(" at {time} ns"),
        _ => String::new(),
    };
    let within = match line[IN_CALLBACK] {
        0 => String::new(),
        _ => format!(", in the callback of {}", timer(CALLED)),
    };
    let operation = usize::try_from(line[OPERATION]).ok().and_then(|operation| OPERATIONS.get(operation));
    format!("{thread}{by} {}{named}{within}", operation.unwrap_or(&"in an unknown operation"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(thread: u64, operation: u64, in_callback: bool) -> [u64; WORDS] {
        [thread, 1, operation, 0x7f00_1000, 5, 0x7f00_2000, in_callback.into(), 9]
    }

    #[test]
    fn a_process_that_ended_is_told_by_the_operations_that_it_was_in() {
        let lines = [
            line(OWN, NOTHING, false),
            line(NUMBERED, FREE, true),
            line(NUMBERED + 1, MODIFY, false),
        ];
        let told = doing_at_the_end(lines.as_flattened());
        assert_eq!(
            told,
            "thread 0 in free of timer 1, in the callback of timer 2; thread 1 in modify of timer 1 to 5 ns"
        );
        assert_eq!(doing_at_the_end(line(OWN, NOTHING, false).as_slice()), "");
        assert_eq!(doing_at_the_end(&[0; 3 * WORDS]), "");
    }

    #[test]
    fn a_thread_with_several_handles_is_told_by_the_one_that_it_uses() {
        let mut second = line(OWN, CANCEL, false);
        second[HANDLE] = 2;
        assert_eq!(
            told(vec![line(OWN, NOTHING, false), second], true),
            "the check's own thread, by its handle 2, in cancel of timer 1"
        );
        assert_eq!(told(vec![line(OWN, NOTHING, false)], true), "the check's own thread between operations");
    }
}
