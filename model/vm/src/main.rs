//! Plays the strategies that ship, instrumented, on the virtual machine of `runtime/`.
//!
//!     headlock-vm anatomy STRATEGY [LIBRARY]   counts what each operation of the strategy touches, as CSV
//!     headlock-vm play [LIBRARY] < PLAN        plays a workload, a trace, or one of `experiment.rs`, on the machine that the plan describes
//!     headlock-vm name LIBRARY                 what the library's list is called
//!
//! For `scripts/model`'s own use: it builds this program and libraries for it, writes the plans, and reads the answers. What is printed is
//! lines of words, which `headlock-model` turns into tables; see `plan.rs` and `play.rs` for their meaning.

mod anatomy;
mod experiment;
mod list;
mod machine;
mod plan;
mod play;
mod trace;

use std::io::Read;
use std::path::Path;

/// What is to be done.
enum Task {
    /// Count a strategy's accesses.
    Anatomy(String),
    /// Play the plan in this text.
    Play(String),
    /// Say what the library's list is called.
    Name(&'static str),
}

fn main() {
    let done = task().and_then(|task| {
        machine::on_fixed_stack(|| {
            machine::fresh_arena();
            run(task)
        })
    });
    machine::leave(match done {
        Ok(()) => 0,
        Err(problem) => {
            eprintln!("headlock-vm: error: {problem}");
            1
        }
    });
}

fn task() -> Result<Task, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    machine::take_pauses(&program, 0)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let load = |path: &str| list::load(Path::new(path));
    match arguments[..] {
        ["name", library] => load(library).map(Task::Name),
        ["anatomy", strategy, ref library @ ..] => {
            library.iter().try_for_each(|path| load(path).map(drop))?;
            Ok(Task::Anatomy(strategy.to_owned()))
        }
        ["play", ref library @ ..] => {
            library.iter().try_for_each(|path| load(path).map(drop))?;
            let mut plan = String::new();
            std::io::stdin().read_to_string(&mut plan).map_err(|error| format!("the plan: {error}"))?;
            Ok(Task::Play(plan))
        }
        _ => Err(format!("{arguments:?}: scripts/model knows how to call this program")),
    }
}

fn run(task: Task) -> Result<(), String> {
    match task {
        Task::Name(name) => {
            println!("{name}");
            Ok(())
        }
        Task::Anatomy(strategy) => anatomy::print(&strategy),
        Task::Play(text) => {
            let plan = plan::Plan::parse(&text)?;
            match (&plan.experiment, &plan.trace) {
                (Some(name), _) => experiment::play(name, &plan),
                (None, Some(trace)) => trace::play(&plan, trace),
                (None, None) => play::play(&plan),
            }
        }
    }
}
