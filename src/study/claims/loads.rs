//! "The cost is two extra memory reads for fired timer."

use super::files::Files;
use super::words::count;
use super::{RFC, open};
use crate::record::{Claim, LoadCount};
use crate::study::qemu_rfc::role;

const ID: &str = "loads-per-fired-timer";
const CLAIM: &str = "The cost is two more memory reads per fired timer.";

pub fn claim(files: &Files<'_>) -> Claim {
    let of = |strategy: &str| {
        let of_strategy = |it: &&LoadCount| it.strategy == strategy && it.case.starts_with("due-");
        files.study.loads.iter().filter(of_strategy).collect::<Vec<&LoadCount>>()
    };
    let (rfc, mutex) = (of(RFC), of("mutex"));
    let Some(none) = rfc.iter().find(|it| it.fired == 0) else {
        return open(ID, CLAIM, "the count of reads");
    };
    let fired: Vec<&&LoadCount> = rfc.iter().filter(|it| it.fired > 0).collect();
    if fired.is_empty() {
        return open(ID, CLAIM, "the count of reads");
    }
    // What each further timer adds to a call that fires none.
    let each: Vec<f64> = fired
        .iter()
        .map(|it| (it.loads_in_runs as f64 - none.loads_in_runs as f64) / it.fired as f64)
        .collect();
    let most = fired.iter().map(|it| it.fired).max().unwrap_or(0);
    let (low, high) = (each.iter().copied().fold(f64::INFINITY, f64::min), each.iter().copied().fold(0.0, f64::max));
    let number = if low == high {
        format!("{low}")
    } else {
        format!("{low} to {high}")
    };
    let answer = match (low, high) == (2.0, 2.0) {
        true => format!(
            "Each of 1 to {most} fired timers adds {number} reads without the lock to a call; the call itself \
             makes {}, in place of a lock, a look and an unlock.",
            none.loads_in_runs
        ),
        false => format!("Each fired timer adds {number} reads without the lock to a call."),
    };
    let found = if (low, high) == (2.0, 2.0) {
        "Holds, by count"
    } else {
        "Does not hold"
    };
    let mut evidence: Vec<String> = rfc.iter().chain(&mutex).map(|it| say(it)).collect();
    evidence.extend(files.study.loads.iter().filter(|it| !it.case.starts_with("due-")).map(|it| {
        format!(
            "{}, all of it in strict order: {} reads without the lock in {} run calls that fired {} timers (a list that is empty \
             is one read, else two), {} reads in polls.",
            it.case,
            count(it.loads_in_runs),
            count(it.runs),
            count(it.fired),
            count(it.loads_in_polls),
        )
    }));
    evidence.push(
        "Counted by a list that is rcu-epoch but for a counter in its reader: the head's pointer and its node's deadline. What \
         pinning the epoch reads and writes by itself is not in it, nor what is read under the lock, which is the same on both sides."
            .to_owned(),
    );
    Claim {
        id: ID.to_owned(),
        claim: CLAIM.to_owned(),
        found: found.to_owned(),
        answer,
        evidence,
        files: vec![format!("{}/loads.csv", role::LOADS)],
    }
}

fn say(it: &LoadCount) -> String {
    format!(
        "A call that fires {}, under {}: {} reads without the lock, {} lock acquisitions.",
        it.fired, it.strategy, it.loads_in_runs, it.locks_in_runs
    )
}
