//! What was measured, on what, and how to measure it again.

use serde_json::Value;

use crate::document::Block;
use crate::document::words::{counted, duration, figure, list, percent, shell};
use crate::reading::Reading;
use crate::record::{Host, RunRecord};
use crate::text::count;

/// What was played, how long, and in which versions.
pub(super) fn measured(reading: &Reading<'_>) -> Vec<Block> {
    let run = reading.run;
    let parameters = &run.parameters;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: String| facts.push((name.to_owned(), text));
    for workload in parameters["workloads"].as_array().into_iter().flatten() {
        add(workload["name"].as_str().unwrap_or("workload"), synthetic(workload));
    }
    for trace in parameters["traces"].as_array().into_iter().flatten() {
        let order = match parameters["order"].as_str() {
            Some("strict") => "row by row on one thread",
            Some("threads") => "a thread for each of the recorded ones",
            _ => "in an order that run.json does not tell",
        };
        add(
            trace.as_str().unwrap_or("trace"),
            format!("recorded trace, played {order}, {}", speed(&parameters["speed"])),
        );
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
    if let Some(ns) = parameters["trial_ns"].as_f64() {
        add("A trial lasts", duration(ns));
    }
    if let Some(cpus) = parameters["cpus"].as_array() {
        let cpus: Vec<String> = cpus.iter().map(Value::to_string).collect();
        add(
            "Threads run on",
            if cpus.is_empty() {
                "any CPU".to_owned()
            } else {
                format!("CPU {}, pinned in turn", list(&cpus))
            },
        );
    }
    add("Called same", format!("within {}", percent(reading.threshold)));
    if let Some(seed) = parameters["seed"].as_u64() {
        add("Seed", seed.to_string());
    }
    add("Began", when(run));
    vec![Block::Facts(facts)]
}

fn synthetic(workload: &Value) -> String {
    let mut text = workload["summary"].as_str().unwrap_or("no summary").to_owned();
    let mut add = |part: String| text += &format!("; {part}");
    if let Some(timers) = workload["timers"].as_u64() {
        add(format!("{} active at the start", counted(timers as usize, "timer")));
    }
    let mix: Vec<(&String, f64)> = workload["mix"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(op, share)| Some((op, share.as_f64()?)))
        .collect();
    let whole: f64 = mix.iter().map(|(_, share)| share).sum();
    let mut shares: Vec<(&String, f64)> = mix.into_iter().filter(|(_, share)| *share > 0.0).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    if whole > 0.0 {
        let shares: Vec<String> = shares.iter().map(|(op, share)| format!("{op} {}", percent(share / whole))).collect();
        add(shares.join(", "));
    }
    if let Some(think) = workload["think_ns"].as_f64().filter(|ns| *ns > 0.0) {
        add(format!("{} between operations", duration(think)));
    }
    if let Some(hold) = workload["hold_ns"].as_f64().filter(|ns| *ns > 0.0) {
        add(format!("writers hold the lock for {} more", duration(hold)));
    }
    if let Some(kib) = workload["pollute_kib"].as_u64().filter(|kib| *kib > 0) {
        add(format!("{kib} KiB of other memory touched in between"));
    }
    text
}

fn speed(speed: &Value) -> String {
    match (speed.as_str(), speed["times"].as_f64().or_else(|| speed.as_f64())) {
        (Some("max"), _) => "back to back".to_owned(),
        (_, Some(1.0)) => "at the recorded pace".to_owned(),
        (_, Some(times)) => format!("at {} times the recorded pace", figure(times)),
        _ => format!("at speed {speed}"),
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
        blocks.push(Block::Text("The doctor had nothing to say against this host.".to_owned()));
    } else {
        blocks.push(Block::Text(format!(
            "What the doctor had to say as the run began, {}:",
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
        rustc,
        crates,
        hostname,
    } = &run.host;
    let unknown = || "not known".to_owned();
    let text = |value: &Option<String>| value.clone().unwrap_or_else(unknown);
    let number = |value: &Option<usize>| value.map_or_else(unknown, |it| it.to_string());
    let switch = |value: &Option<bool>| value.map_or_else(unknown, |on| if on { "on" } else { "off" }.to_owned());
    let mut facts = vec![
        ("Host", hostname.clone()),
        (
            "CPU",
            format!("{}, {} cores, {} logical CPUs", text(cpu_model), number(cores), number(logical_cpus)),
        ),
        ("SMT", switch(smt)),
        ("Governor", text(governor)),
        ("Turbo", switch(turbo)),
        ("Clock source", text(clock_source)),
        ("Hypervisor", text(hypervisor)),
        ("System", format!("{}, Linux {}", text(os), text(kernel))),
        ("Compiler", text(rustc)),
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
    let mut words = command.iter();
    let program = words.next().map_or("headlock", |path| path.rsplit('/').next().unwrap_or(path));
    let mut line = vec![shell(program)];
    let mut skip = false;
    // Results are never overwritten, so the directory's name is the one thing that cannot be used again.
    for word in words {
        let names = ["--out", "-o", "--resume"];
        match std::mem::take(&mut skip) {
            true => {}
            false if names.contains(&word.as_str()) => skip = true,
            false if names.iter().any(|name| word.starts_with(&format!("{name}="))) => {}
            false => line.push(shell(word)),
        }
    }
    let line = line.join(" ");
    vec![
        Block::Code(format!("{line} --out NEW\n{} report NEW", shell(program))),
        Block::Text(format!("This page: {} report {}.", shell(program), shell(directory))),
    ]
}
