//! Dense numbers for the lists, threads and timers of a file, whose own numbers may be anything.

use super::error::Problem;
use super::{TraceOp, TraceTimer};
use std::collections::HashMap;

/// Numbers ids 0, 1, 2, … in order of appearance.
pub(super) struct Ids {
    what: &'static str,
    limit: usize,
    places: HashMap<u64, u16>,
    ids: Vec<u64>,
}

impl Ids {
    /// `limit` is at most 65,536.
    pub(super) fn new(what: &'static str, limit: usize) -> Self {
        Ids { what, limit, places: HashMap::new(), ids: Vec::new() }
    }

    pub(super) fn place(&mut self, id: u64) -> Result<u16, Problem> {
        if let Some(&place) = self.places.get(&id) {
            return Ok(place);
        }
        let place = self.ids.len();
        if place == self.limit {
            return Err(Problem::TooMany { what: self.what, limit: self.limit });
        }
        self.ids.push(id);
        self.places.insert(id, place as u16);
        Ok(place as u16)
    }

    pub(super) fn id(&self, place: u16) -> u64 {
        self.ids[usize::from(place)]
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The ids in ascending order, and for each place so far its place in that order.
    pub(super) fn sorted(self) -> (Vec<u64>, Vec<u16>) {
        let mut sorted = self.ids.clone();
        sorted.sort_unstable();
        let mut moved = vec![0; sorted.len()];
        for (place, id) in sorted.iter().enumerate() {
            moved[usize::from(self.places[id])] = place as u16;
        }
        (sorted, moved)
    }
}

/// The timers met so far, and which of them have been freed.
pub(super) struct Timers {
    limit: usize,
    /// By id: the place of its latest incarnation, and whether that lives.
    places: HashMap<u64, (u32, bool)>,
    timers: Vec<TraceTimer>,
}

impl Timers {
    /// `limit` is below [`super::NO_TIMER`].
    pub(super) fn new(limit: usize) -> Self {
        Timers { limit, places: HashMap::new(), timers: Vec::new() }
    }

    /// The place of timer `id` after `op` on `list`. A timer first named by anything but its creation has existed before
    /// the trace began.
    pub(super) fn apply(&mut self, id: u64, op: TraceOp, list: u16, lists: &Ids) -> Result<u32, Problem> {
        let create = op == TraceOp::Create;
        let place = match self.places.get(&id) {
            Some((_, true)) if create => return Err(Problem::Exists { timer: id }),
            Some((_, false)) if !create => return Err(Problem::Freed { timer: id }),
            Some(&(place, true)) => place,
            _ => {
                if self.timers.len() == self.limit {
                    return Err(Problem::TooMany { what: "timers", limit: self.limit });
                }
                self.timers.push(TraceTimer { id, list, created_in_trace: create });
                (self.timers.len() - 1) as u32
            }
        };
        let home = self.timers[place as usize].list;
        if home != list {
            return Err(Problem::OtherList { timer: id, list: lists.id(list), home: lists.id(home) });
        }
        self.places.insert(id, (place, op != TraceOp::Free));
        Ok(place)
    }

    pub(super) fn len(&self) -> usize {
        self.timers.len()
    }

    pub(super) fn into_vec(mut self) -> Vec<TraceTimer> {
        self.timers.shrink_to_fit();
        self.timers
    }
}
