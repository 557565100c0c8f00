//! Lists through the door: what comes out of it is what went in, whichever side of it a list is written on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use headlock_door::{CList, SLOTS, SUFFIX, Slot, load, table_of};
use headlock_strategies::conformance::subject::Subject;
use headlock_strategies::conformance::{Effort, checks, promises, require};
use headlock_strategies::{Config, GraceProbe, Nanos, TimerHandle, TimerList};
use headlock_strategies::{mutex::Mutex, rcu_epoch::RcuEpoch, rcu_qsbr::RcuQsbr};

/// Enough to see that nothing is lost or turned round on the way; the suite's own effort is for the lists themselves.
fn effort() -> Effort {
    Effort {
        sequences: 300,
        rounds: 300,
        timers: 2_000,
        ..Effort::default()
    }
}

fn conforms<L: TimerList>(of_promises: bool) {
    let subject = Subject::of::<L>();
    let promised = if of_promises { promises(subject) } else { Vec::new() };
    for check in checks(subject).into_iter().chain(promised) {
        require(check.run(&effort()));
    }
}

/// A list in Rust, through its table.
fn led_through<L: TimerList, const SLOT: usize>() {
    let table = table_of::<L>();
    assert_eq!(table.strategy().name, format!("{}{SUFFIX}", L::STRATEGY.name));
    Slot(SLOT).fill(table).expect("each test has slots of its own");
    conforms::<CList<SLOT>>(true);
}

#[test]
fn a_list_in_rust_keeps_all_its_promises_behind_the_door() {
    led_through::<Mutex, 0>();
    led_through::<RcuEpoch, 1>();
    led_through::<RcuQsbr, 2>();
}

/// Where the examples are built; by the first test that needs them.
fn examples() -> PathBuf {
    static BUILT: Once = Once::new();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples-c");
    BUILT.call_once(|| {
        std::fs::create_dir_all(&out).expect("a directory for the examples");
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c");
        let mut make = Command::new("make");
        make.arg("-C").arg(directory).arg(format!("OUT={}", out.display())).arg("CFLAGS=-O2 -g -Werror");
        let output = make.output().expect("make can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        print!("{}", said.lines().filter(|line| line.contains("SKIPPED")).collect::<String>());
    });
    out
}

/// One of the examples, into a slot; `false` where it could not be built.
fn example<const SLOT: usize>(name: &str) -> bool {
    let library = examples().join(format!("{name}.so"));
    if !library.exists() {
        return false;
    }
    let table = load(&library).unwrap_or_else(|error| panic!("{name}: {error}"));
    Slot(SLOT).fill(table).expect("each test has slots of its own");
    true
}

#[test]
fn the_examples_on_a_mutex_conform() {
    assert!(example::<3>("qemu-2013"));
    assert_eq!(CList::<3>::strategy().name, "qemu-2013");
    conforms::<CList<3>>(false);
    assert!(example::<4>("qemu-2016"));
    conforms::<CList<4>>(false);
}

#[test]
fn the_examples_on_liburcu_conform() {
    if example::<5>("qemu-rfc") {
        conforms::<CList<5>>(false);
    }
    if example::<6>("qemu-rfc-validated") {
        conforms::<CList<6>>(false);
    }
}

#[test]
fn handles_of_several_lists_live_in_one_thread() {
    if !example::<7>("qemu-rfc") {
        return;
    }
    // As a process that plays several lists in turns, one of them twice.
    let [first, again] = [(); 2].map(|()| CList::<7>::new(&Config::default()));
    thread::scope(|scope| {
        for thread in 0..3 {
            let (first, again) = (&first, &again);
            scope.spawn(move || {
                let (mut one, mut other) = (first.handle(), again.handle());
                let timer = one.create();
                let _ = one.modify(timer, Nanos(thread));
                drop(one);
                // The thread is registered for as long as one handle is left.
                for round in 0..1_000 {
                    let timer = other.create();
                    let _ = other.modify(timer, Nanos(round));
                    assert!(other.deadline().is_some());
                    other.free(timer);
                }
            });
        }
    });
    assert_eq!(first.handle().run(Nanos::MAX, |_, _| {}), 3);
    assert_eq!(again.handle().deadline(), None);
}

#[test]
fn a_panic_in_a_callback_comes_out_of_run_once_the_library_is_done() {
    Slot(8).fill(table_of::<Mutex>()).expect("each test has slots of its own");
    let list = CList::<8>::new(&Config::default());
    let mut handle = list.handle();
    for expire in 0..3 {
        let timer = handle.create();
        let _ = handle.modify(timer, Nanos(expire));
    }
    let mut called = 0;
    let panic = catch_unwind(AssertUnwindSafe(|| {
        handle.run(Nanos(5), |_, _| {
            called += 1;
            std::panic::resume_unwind(Box::new("stop"));
        })
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"stop"));
    assert_eq!(called, 1, "nothing is called back after a panic");
    assert_eq!(handle.deadline(), None, "and the run came to its end");
}

#[test]
fn grace_periods_and_the_time_to_hold_reach_the_list() {
    static STAMPS: AtomicU64 = AtomicU64::new(0);
    static BACK: AtomicU64 = AtomicU64::new(0);
    let probe = GraceProbe {
        stamp: || STAMPS.fetch_add(1, Ordering::Relaxed) + 7,
        reclaimed: |stamp| {
            BACK.fetch_max(stamp, Ordering::Relaxed);
        },
    };
    Slot(9).fill(table_of::<RcuQsbr>()).expect("each test has slots of its own");
    let list = CList::<9>::new(&Config { hold_spins: 3, grace: Some(probe) });
    let mut handle = list.handle();
    let timer = handle.create();
    let _ = handle.modify(timer, Nanos(1));
    handle.free(timer);
    drop(handle);
    drop(list);
    assert_eq!((STAMPS.load(Ordering::Relaxed), BACK.load(Ordering::Relaxed)), (1, 7));
}

#[test]
fn a_slot_is_filled_once_and_there_are_so_many() {
    Slot(SLOTS - 1).fill(table_of::<Mutex>()).expect("nobody else takes the last one");
    let again = Slot(SLOTS - 1).fill(table_of::<Mutex>()).unwrap_err();
    assert_eq!(again.to_string(), format!("slot {} of {SLOTS} is not free", SLOTS - 1));
    assert!(Slot(SLOTS).fill(table_of::<Mutex>()).is_err());
}

#[test]
fn waiting_for_the_lock_is_counted_in_c_too() {
    assert!(example::<10>("qemu-2013"));
    let list = CList::<10>::new(&Config::default());
    let mut handle = list.handle();
    let timer = handle.create();
    assert!(handle.count_locks(true));
    let _ = handle.modify(timer, Nanos(1));
    assert!(handle.count_locks(false));
    let _ = handle.modify(timer, Nanos(2));
    assert_eq!((handle.lock_counts().acquisitions, list.counts().lock.acquisitions), (1, 1));
    // Freed by one thread while another's callback sleeps: no lock is held, so nobody waits for it.
    assert_eq!(handle.run(Nanos(2), |_, _| thread::sleep(Duration::from_millis(1))), 1);
}
