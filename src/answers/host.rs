//! What was measured, on what, and how to measure it again.

use crate::document::Block;
use crate::document::words::{counted, duration, figure, list, percent, shell};
use crate::reading::Reading;
use crate::record::{Command, Host, Parameters, RunRecord};
use crate::text::count;
use crate::workload::{Op, Order, Speed, Workload};

/// What was played, how long, and in which versions.
pub(super) fn measured(reading: &Reading<'_>) -> Vec<Block> {
    let run = reading.run;
    let Parameters { command, common } = &run.parameters;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: String| facts.push((name.to_owned(), text));
    for workload in command.workloads() {
        add(&workload.name, synthetic(workload));
    }
    if let Command::Replay(replay) = command {
        let order = match replay.order {
            Order::Strict => "row by row on one thread",
            Order::Threads => "a thread for each of the recorded ones",
        };
        for trace in &replay.traces {
            add(&trace.path, format!("recorded trace, played {order}, {}", speed(replay.speed)));
        }
    }
    add(
        "Trials",
        format!(
            "{} in {}, each in a fresh process; {} disturbed and left out of every figure",
            count(reading.trials.len() as u64),
            counted(reading.blocks(), "block"),
            count(reading.disturbed() as u64)
        ),
    );
    add("A trial lasts", duration(common.trial_ns as f64));
    let cpus: Vec<String> = common.cpus.iter().map(usize::to_string).collect();
    add(
        "Threads run on",
        if cpus.is_empty() {
            "any CPU".to_owned()
        } else {
            format!("CPU {}, pinned in turn", list(&cpus))
        },
    );
    add("Called same", format!("within {}", percent(reading.threshold)));
    add("Seed", common.seed.to_string());
    add("Began", when(run));
    vec![Block::Facts(facts)]
}

fn synthetic(workload: &Workload) -> String {
    let mut text = workload.summary.clone();
    let mut add = |part: String| text += &format!("; {part}");
    add(format!("{} active at the start", counted(workload.timers, "timer")));
    if let Some(mix) = &workload.mix {
        let mut shares: Vec<(&str, f64)> = Op::ALL.map(Op::name).into_iter().zip(mix.shares()).collect();
        let whole: f64 = shares.iter().map(|(_, share)| share).sum();
        shares.retain(|(_, share)| *share > 0.0);
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        let shares: Vec<String> = shares.iter().map(|(op, share)| format!("{op} {}", percent(share / whole))).collect();
        add(shares.join(", "));
    }
    if workload.think_ns > 0 {
        add(format!("{} between operations", duration(workload.think_ns as f64)));
    }
    if workload.hold_ns > 0 {
        add(format!("writers hold the lock for {} more", duration(workload.hold_ns as f64)));
    }
    if workload.pollute_kib > 0 {
        add(format!("{} KiB of other memory touched in between", workload.pollute_kib));
    }
    text
}

fn speed(speed: Speed) -> String {
    match speed {
        Speed::Max => "back to back".to_owned(),
        Speed::Times(1.0) => "at the recorded pace".to_owned(),
        Speed::Times(times) => format!("at {} times the recorded pace", figure(times)),
    }
}

fn when(run: &RunRecord) -> String {
    let began = run.started.strftime("%Y-%m-%d %H:%M UTC");
    let resumed = match run.resumed.len() {
        0 => String::new(),
        times => format!(
            ", taken up again {}",
            if times == 1 {
                "once".to_owned()
            } else {
                format!("{times} times")
            }
        ),
    };
    match run.ended {
        Some(ended) if run.resumed.is_empty() => {
            format!("{began}, for {}", duration(ended.duration_since(run.started).as_nanos() as f64))
        }
        _ => format!("{began}{resumed}"),
    }
}

/// The machine, and what the doctor had to say of it.
pub(super) fn host(run: &RunRecord) -> Vec<Block> {
    let mut blocks = vec![Block::Facts(facts(run))];
    if run.warnings.is_empty() {
        blocks.push(Block::Text("The doctor found nothing to remark on this host.".to_owned()));
    } else {
        blocks.push(Block::Text(format!(
            "What the doctor found as the run began, {}:",
            counted(run.warnings.len(), "warning")
        )));
        blocks.push(Block::List(run.warnings.clone()));
    }
    blocks
}

fn facts(run: &RunRecord) -> Vec<(String, String)> {
    let Host {
        cpu_model,
        cores,
        logical_cpus,
        smt,
        governor,
        turbo,
        clock_source,
        hypervisor,
        kernel,
        os,
        source,
        rustc,
        crates,
        hostname,
        machine_id: _,
        microarchitecture,
    } = &run.host;
    let unknown = || "not known".to_owned();
    let text = |value: &Option<String>| value.clone().unwrap_or_else(unknown);
    let number =
        |value: &Option<usize>, of: &str| value.map_or_else(|| format!("{of}s not known"), |it| counted(it, of));
    let switch = |value: &Option<bool>| value.map_or_else(unknown, |on| if on { "on" } else { "off" }.to_owned());
    let mut facts = vec![
        ("Host", hostname.clone()),
        (
            "CPU",
            format!("{}, {} and {}", text(cpu_model), number(cores, "core"), number(logical_cpus, "logical CPU")),
        ),
        ("Microarchitecture", text(microarchitecture)),
        ("SMT", switch(smt)),
        ("Governor", text(governor)),
        ("Turbo", switch(turbo)),
        ("Clock source", text(clock_source)),
        ("Hypervisor", text(hypervisor)),
        ("System", format!("{}, Linux {}", text(os), text(kernel))),
        ("Compiler", text(rustc)),
        ("Source", source.as_deref().and_then(|it| it.get(..12)).map_or_else(unknown, str::to_owned)),
    ];
    let conditions = &run.conditions;
    if let Some(clock) = conditions.clock {
        facts.push((
            "Clock",
            format!(
                "a pair of readings costs {} ns and advances in steps of {} ns",
                figure(clock.pair_cost_ns),
                figure(clock.resolution_ns)
            ),
        ));
    }
    let hiccups: Vec<String> = conditions
        .hiccups
        .iter()
        .map(|it| {
            format!(
                "CPU {} lost {} of {}, {} at most at once",
                it.cpu,
                percent(it.lost_share),
                duration(it.watched_ns as f64),
                duration(it.max_ns as f64)
            )
        })
        .collect();
    if !hiccups.is_empty() {
        facts.push(("An empty loop", hiccups.join("; ")));
    }
    let crates: Vec<String> = crates.iter().map(|(name, version)| format!("{name} {version}")).collect();
    if !crates.is_empty() {
        facts.push(("Crates", crates.join(", ")));
    }
    facts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

/// The command line that makes such a directory again, and this page.
pub(super) fn again(command: &[String], directory: &str) -> Vec<Block> {
    let program = command.first().map_or("headlock", |path| path.rsplit('/').next().unwrap_or(path));
    let arguments = arguments(command);
    vec![
        Block::Code(format!("{} {arguments} --out NEW\n{} report NEW", shell(program), shell(program))),
        Block::Text(format!("This page: {} report {}.", shell(program), shell(directory))),
    ]
}

/// What a command was told, but for its directory: results are never overwritten, so its name is the one thing that cannot be used
/// again.
pub(super) fn arguments(command: &[String]) -> String {
    let mut line = Vec::new();
    let mut skip = false;
    for word in command.iter().skip(1) {
        let names = ["--out", "-o", "--resume"];
        match std::mem::take(&mut skip) {
            true => {}
            false if names.contains(&word.as_str()) => skip = true,
            false if names.iter().any(|name| word.starts_with(&format!("{name}="))) => {}
            false => line.push(shell(word)),
        }
    }
    line.join(" ")
}
