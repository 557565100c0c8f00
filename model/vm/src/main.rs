//! Plays the strategies that ship, instrumented, on the virtual machine of `runtime/`.
//!
//!     headlock-vm anatomy STRATEGY   counts what each operation of each strategy touches, as CSV
//!     headlock-vm play < PLAN        plays a workload, or one of `experiment.rs`, on the machine that the plan describes
//!
//! For `scripts/model`'s own use: it builds this program, writes the plans, and reads the answers. What is printed is lines of words,
//! which `headlock-model` turns into tables; see `plan.rs` and `play.rs` for their meaning.

mod anatomy;
mod experiment;
mod machine;
mod plan;
mod play;

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    match input().and_then(|(what, text)| machine::on_fixed_stack(|| run(&what, &text))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("headlock-vm: error: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// What to do, and the plan or the strategy's name.
fn input() -> Result<(String, String), String> {
    machine::take_pauses()?;
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let mut text = arguments.next().unwrap_or_default();
    if what == "play" {
        std::io::stdin().read_to_string(&mut text).map_err(|error| format!("the plan: {error}"))?;
    }
    Ok((what, text))
}

fn run(what: &str, text: &str) -> Result<(), String> {
    machine::fresh_arena();
    match what {
        "anatomy" => {
            anatomy::print(text);
            Ok(())
        }
        "play" => {
            let plan = plan::Plan::parse(text)?;
            match plan.experiment.as_deref() {
                Some(name) => experiment::play(name, &plan),
                None => play::play(&plan),
            }
        }
        _ => Err(format!("{what:?}: anatomy or play expected; scripts/model knows how to call this program")),
    }
}
