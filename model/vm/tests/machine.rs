//! The virtual machine held against what is known of it: litmus tests, and small programs whose cost can be worked out by hand.
//!
//! They need the instrumented program: `scripts/model test` builds it and runs them.

use std::io::Write;
use std::process::{Command, Stdio};

/// Times of the test machine, ps. Plain accesses and calls cost nothing, so that what an experiment's own loop does is not seen.
const LATENCY: i64 = 50_000;
/// Of a line that queues go for: the request has come meanwhile.
const WAY: i64 = LATENCY / 2;
const RMW: i64 = 5_000;
const LOAD: i64 = 1_000;

/// Sixteen cores on one level.
fn machine() -> String {
    format!(
        "cores 16\nlevel 16 {LATENCY}\ncost rmw {RMW}\ncost load {LOAD}\ncost store 1000\ncost stay_pair 1000\ncost stay_queue 1000\ncost pause 20000\n\
         cost syscall 100000\ncost wake 1000000\ncost yield 200000\nseed 1\nphases 1000000 2000000 100000000000 2000\n"
    )
}

fn plan(machine: &str, experiment: &str, threads: usize) -> String {
    let threads: String = (0..threads).map(|core| format!("thread {core} x 0\n")).collect();
    format!("{machine}experiment {experiment}\n{threads}")
}

fn program() -> String {
    std::env::var("HEADLOCK_VM").expect("scripts/model test says where the program is")
}

fn run(arguments: &[&str], input: &str) -> String {
    answer(Command::new(program()).args(arguments), input)
}

fn answer(command: &mut Command, input: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn play(plan: &str) -> String {
    run(&["play"], plan)
}

/// The numbers of the lines that start with a word, line by line.
fn lines(answer: &str, word: &str) -> Vec<Vec<i64>> {
    let lines = answer.lines().filter_map(|line| line.strip_prefix(word));
    lines
        .map(|line| line.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect())
        .collect()
}

/// Mean time of an operation as each thread sees it, ps.
fn time(answer: &str) -> f64 {
    let threads = lines(answer, "thread ");
    let sum = |column: usize| threads.iter().map(|thread| thread[column]).sum::<i64>() as f64;
    sum(2) / sum(1)
}

fn value(answer: &str, name: &str) -> i64 {
    lines(answer, &format!("value {name} "))[0][0]
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found / expected - 1.0).abs() < within, "{found}, but {expected} expected");
}

#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn what_a_core_has_alone_costs_what_the_description_says() {
    near(time(&play(&plan(&machine(), "increment", 1))), RMW as f64, 0.001);
    near(time(&play(&plan(&machine(), "read", 1))), LOAD as f64, 0.001);
}

/// Each increment waits for all others, of which each has the line's way to it and its own increment.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn increments_of_one_word_queue() {
    for threads in [2, 3, 8, 16] {
        let expected = threads as f64 * (WAY + RMW) as f64;
        near(time(&play(&plan(&machine(), "increment", threads))), expected, 0.02);
    }
}

/// Three operations a stay: the line's way, then three increments.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn a_core_that_keeps_the_line_does_several_operations() {
    let keeps = machine().replace("stay_pair 1000", "stay_pair 3000").replace("stay_queue 1000", "stay_queue 3000");
    for threads in [2, 8] {
        let expected = threads as f64 * (WAY + 3 * RMW) as f64 / 3.0;
        near(time(&play(&plan(&keeps, "increment", threads))), expected, 0.02);
    }
}

/// Read-modify-writes with nothing between them are one operation of a stay: of four a stay, none waits for a transfer of its own.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn what_follows_at_once_is_of_the_same_stay() {
    for threads in [2, 8] {
        let expected = threads as f64 * (WAY + 2 * RMW) as f64;
        near(time(&play(&plan(&machine(), "refcount", threads))), expected, 0.02);
    }
}

#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn no_increment_is_lost() {
    let answer = play(&plan(&machine(), "increment", 16));
    let done: i64 = lines(&answer, "rmws ").iter().map(|line| line[1]).sum();
    assert_eq!(value(&answer, "shared"), done);
}

/// A line that is read and written in turn by two threads goes back and forth whole: a fetch each way, and nothing to take after it.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn two_lines_bounce() {
    // Who fetches it keeps it for the change that follows.
    let keeps = machine().replace("stay_pair 1000", "stay_pair 3000");
    let answer = play(&plan(&keeps, "bounce", 2));
    let counts = lines(&answer, "counts ");
    let rmws = lines(&answer, "rmws ");
    for (counts, rmws) in counts.iter().zip(&rmws) {
        let (taken, fetched, done) = (counts[4], counts[5], rmws[1]);
        assert!(done > 10, "{answer}");
        assert!(taken <= 1 && (fetched - done).abs() <= 1, "{answer}");
    }
    // Neither thread gets ahead of the other.
    assert!((rmws[0][1] - rmws[1][1]).abs() <= 1, "{answer}");
}

/// Mean time of an operation of one thread, ps.
fn time_of(thread: usize, answer: &str) -> f64 {
    let thread = &lines(answer, "thread ")[thread];
    thread[2] as f64 / thread[1] as f64
}

/// Loads of lines that another thread writes wait for each other's lines only where one's value is the next one's address.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn loads_overlap_unless_one_leads_to_the_next() {
    let ahead = machine().replace("seed 1", "cost window 1000000\nseed 1");
    // They rest, so that no line is under way when it is read.
    let of = |machine: &str, experiment: &str| {
        time_of(1, &play(&format!("{machine}experiment {experiment}\nthread 0 x 1000000\nthread 1 x 1500000\n")))
            - 1.5e6
    };
    let (many, many_ahead) = (of(&machine(), "read-many"), of(&ahead, "read-many"));
    assert!(many_ahead < many * 0.75, "{many} one after the other, {many_ahead} at once");
    let chain_ahead = of(&ahead, "read-chain");
    assert!(chain_ahead > many_ahead * 1.2, "{chain_ahead} with a window, {many_ahead} of lines in any order");
}

/// Stores to eight lines that another thread reads: their transfers overlap, and none comes before its turn.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn stores_overlap_and_reach_the_cache_in_order() {
    let of = |apart: i64| {
        let machine = machine().replace("seed 1", &format!("cost apart {apart}\nseed 1"));
        // With pauses in which the other has its turn.
        let threads = "thread 0 x 2000000\nthread 1 x 1500000\n";
        time_of(0, &play(&format!("{machine}experiment write-many\n{threads}"))) - 2e6
    };
    let (together, apart) = (of(0), of(LATENCY));
    assert!(together < 3.0 * LATENCY as f64, "{together}");
    assert!(apart > 6.0 * LATENCY as f64, "{apart}");
}

/// A large block goes back to the arena of who made it, whoever frees it.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn a_large_block_returns_to_its_maker() {
    let answer = play(&plan(&machine(), "hand-over-blocks", 2));
    let (made, again) = (value(&answer, "shared"), value(&answer, "violations"));
    assert!(made > 100 && made - again < 5, "{answer}");
}

#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn who_wakes_another_pays_for_it() {
    let dear = machine().replace("seed 1", "cost wake_call 100000000\nseed 1");
    let of = |machine: &str| time_of(0, &play(&plan(machine, "wake", 2)));
    let (free, paid) = (of(&machine()), of(&dear));
    assert!(paid > free * 2.0, "{free} without, {paid} with 100 us for each");
}

/// A thread that spins for the standard library's mutex fetches its line from the holder again and again.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn who_spins_disturbs_the_holder() {
    let answer = play(&plan(&machine(), "lock-std", 2));
    let sum = |column: usize| lines(&answer, "counts ").iter().map(|counts| counts[column]).sum::<i64>();
    // The kernel's own look, before each sleep, is one fetch.
    assert!(sum(5) > sum(1), "{answer}");
}

/// Accesses that take less than their sum, as a description says of a strategy's operation.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn work_less_than_nothing_is_what_overlaps() {
    let polls = "row deadline 0 0 0\n".repeat(500);
    let of = |work: i64| {
        let plan = format!(
            "{}strategy atomic-deadline\nwork deadline {work}\nlists 1\ntimer 0 0\npending 0 50\nthread 0 main 0\nslice\n{polls}",
            machine()
        );
        lines(&play(&plan), "thread ")[0][2]
    };
    assert_eq!(of(0) - of(-600), 500 * 600);
    assert_eq!(of(300) - of(0), 500 * 300);
}

#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn false_sharing_costs_and_padding_mends_it() {
    let beside = time(&play(&plan(&machine(), "increment-beside", 8)));
    let own = time(&play(&plan(&machine(), "increment-own", 8)));
    near(own, RMW as f64, 0.001);
    near(beside, 8.0 * (WAY + RMW) as f64, 0.02);
}

/// What was written before the flag is seen by whoever sees the flag.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn a_message_arrives_with_its_flag() {
    let answer = play(&plan(&machine(), "message", 4));
    assert!(
        lines(&answer, "counts ").iter().all(|counts| counts[4] + counts[5] > 0),
        "nothing was handed over: {answer}"
    );
    assert_eq!(value(&answer, "violations"), 0);
}

/// Two threads that each write their own word and then read the other's: on a sequentially consistent machine at least one sees
/// the other's write. Real ones may show neither, which the model does not.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn store_buffering_is_not_shown() {
    let answer = play(&plan(&machine(), "store-buffering", 2));
    assert!(value(&answer, "shared") > 100, "{answer}");
    assert_eq!(value(&answer, "violations"), 0);
}

/// Locks hand over, park and wake; the standard library's too, whose own accesses are not instrumented.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn a_lock_hands_over() {
    for lock in ["lock", "lock-std"] {
        let answer = play(&plan(&machine(), lock, 8));
        let measured: i64 = lines(&answer, "thread ").iter().map(|thread| thread[1]).sum();
        assert!(lines(&answer, "thread ").iter().all(|thread| thread[1] > 0), "{lock} starves a thread: {answer}");
        assert!(value(&answer, "locked") >= measured, "{lock} let two in at once: {answer}");
        let parks: i64 = lines(&answer, "counts ").iter().map(|counts| counts[1]).sum();
        assert!(parks > 0, "{lock}: nobody slept: {answer}");
    }
}

#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn nearby_cores_are_served_first() {
    let two = machine().replace("level 16 50000", "level 8 50000\nlevel 16 500000");
    let near_first = two.replace("seed 1", "cost near_first 1\nseed 1");
    // Every other thread on the other half of the machine.
    let threads: String = (0..16).map(|thread| format!("thread {} x 0\n", thread % 2 * 8 + thread / 2)).collect();
    let on = |machine: &str| time(&play(&format!("{machine}experiment increment\n{threads}")));
    let (oldest, nearest) = (on(&two), on(&near_first));
    // Once around: fourteen short transfers and two long ones.
    near(nearest, (14 * WAY + 2 * 250_000 + 16 * RMW) as f64, 0.1);
    // The oldest first: they mix, and every other transfer is a long one, or some more.
    near(oldest, (7 * WAY + 9 * 250_000 + 16 * RMW) as f64, 0.1);
}

/// A visit ends when a request from outside can have come: after a long transfer there and back, 200 ns, so with the fourth or fifth
/// short one of 55 ns at the latest, however many wait nearby.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn a_visit_ends_when_others_can_have_asked() {
    let near_first = machine()
        .replace("level 16 50000", "level 8 50000\nlevel 16 100000")
        .replace(&format!("rmw {RMW}"), "rmw 30000")
        .replace("seed 1", "cost near_first 1\nseed 1");
    let around = time(&play(&plan(&near_first, "increment", 16)));
    let with_long = |long: f64| 16.0 * (WAY + 30_000) as f64 + long * 25_000.0;
    assert!(around > with_long(16.0 / 6.0), "{around}: visits are longer than they may be");
    assert!(around < with_long(16.0 / 3.0), "{around}: visits are shorter than they need be");
}

/// The same plan, the same answer, whatever the program's name, directory and environment.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn two_runs_are_alike() {
    let program = program();
    let dir = tempfile::tempdir().unwrap();
    let moved = dir.path().join("a-program-of-another-name-and-place");
    std::fs::copy(&program, &moved).unwrap();
    std::fs::copy(format!("{program}.pauses"), moved.with_extension("pauses")).unwrap();
    let elsewhere = |arguments: &[&str], input: &str| {
        let mut command = Command::new(&moved);
        answer(command.args(arguments).current_dir("/").env("SOMETHING", "x".repeat(9_999)), input)
    };
    for experiment in ["increment", "lock", "lock-std"] {
        let keeps = machine().replace("stay_queue 1000", "stay_queue 2600");
        let plan = plan(&keeps, experiment, 8);
        assert_eq!(play(&plan), elsewhere(&["play"], &plan), "{experiment}");
    }
    for strategy in [
        "mutex",
        "mutex-std",
        "rcu-epoch",
        "hazard",
        "hyaline",
        "left-right",
        "arc-swap",
    ] {
        let here = run(&["anatomy", strategy], "");
        assert!(here.lines().count() > 20, "{here}");
        assert_eq!(here, elsewhere(&["anatomy", strategy], ""), "{strategy}");
    }
}

/// A trace's threads meet before each slice; who has few rows waits, and that is not its time. Timers go back to where they were between
/// the two trips, of which the second counts.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn a_trace_is_played_by_its_threads() {
    let polls = "row deadline 0 0 0\n".repeat(5_000);
    let trace = "lists 2\ntimer 0 0\ntimer 1 1\npending 0 50\n";
    let main = format!(
        "thread 0 main 0\nslice\n{polls}row create 1 1 0\nrow mod 1 1 70\nslice\nrow run 0 0 60\nrow run 1 0 60\n"
    );
    let other = "thread 1 IO_io0 0\nslice\nrow deadline 1 0 0\nslice\nrow del 1 1 0\nrow free 1 1 0\n";
    let played = play(&format!("{}strategy mutex\n{trace}{main}{other}", machine()));
    let threads = lines(&played, "thread ");
    // The number, then operations, time, firings and rearms.
    assert_eq!((threads[0][1], threads[0][3], threads[0][4]), (5_004, 1, 1), "{played}");
    assert_eq!((threads[1][1], threads[1][3]), (3, 0), "{played}");
    assert!(threads[1][2] * 10 < threads[0][2], "waiting is nobody's time: {played}");
    assert!(played.contains("thread 1 IO_io0 3 "), "{played}");
    assert!(played.contains("op 0 deadline 5000 ") && played.contains("op 1 free 1 "), "{played}");
}

/// Behind the C interface a list does what it does before it, and the interface's own loads.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn what_stands_behind_the_door_is_the_same_list() {
    let of = |strategy: &str| -> Vec<u64> {
        let answer = run(&["anatomy", strategy], "");
        let row = answer.lines().find(|line| line.starts_with(&format!("{strategy},deadline,alone,"))).unwrap();
        row.split(',').skip(4).map(|count| count.parse().unwrap()).collect()
    };
    let (own, behind) = (of("seqlock"), of("seqlock@c"));
    assert_eq!(own[2..6], behind[2..6], "atomic accesses and fences");
    assert!(behind[0] > own[0], "the door's own loads: {} and {}", behind[0], own[0]);
}

/// Two cores suffice for what a reader of the RFC asks first.
#[test]
#[ignore = "needs the instrumented program: scripts/model test"]
fn the_anatomy_of_a_poll() {
    let of = |strategy: &str| {
        let answer = run(&["anatomy", strategy], "");
        let row = answer
            .lines()
            .find(|line| line.starts_with(&format!("{strategy},deadline,alone,")))
            .unwrap()
            .to_owned();
        row.split(',').skip(3).map(|count| count.parse::<i64>().unwrap()).collect::<Vec<_>>()
    };
    // Rounds; plain loads and stores; atomic loads, stores, read-modify-writes; fences.
    let mutex = of("mutex");
    assert_eq!((mutex[3], mutex[4], mutex[5], mutex[6]), (1_000, 0, 2_000, 0));
    let word = of("atomic-deadline");
    assert_eq!((word[3], word[4], word[5], word[6]), (1_000, 0, 0, 0));
    let hazard = of("hazard");
    assert_eq!((hazard[4], hazard[5], hazard[6]), (2_000, 0, 1_000));
    let membarrier = of("rcu-membarrier");
    assert_eq!((membarrier[4], membarrier[5], membarrier[6]), (2_000, 0, 0));
}
