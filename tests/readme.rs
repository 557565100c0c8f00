//! Every figure in the opening of README.md is traced to a result directory: each statement is made anew from the files, must stand in
//! the text, and no digit may be left over.

use std::path::Path;
use std::process::Command;

use headlock::document::words;
use headlock::export::read_results;
use headlock::reading::{Reading, Results, is_decided};
use headlock::record::{AA_CONTROL, ALL, FLOOR, Host, Metric, Point, Ratio, State, Verdict};

/// What the opening says without a measurement behind it: years, versions, and names with digits in them.
const NOT_MEASURED: [&str; 1] = ["In 2013 an RFC"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn results(name: &str) -> Results {
    read_results(&root().join("results").join(name), name).unwrap_or_else(|error| panic!("{error}"))
}

/// The text before the first heading of a part, its lines joined.
fn opening() -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let (opening, _) = readme.split_once("\n## ").expect("README.md has parts");
    joined(opening)
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Two decimals, as prose has them.
fn short(ratio: f64) -> String {
    format!("{ratio:.2}")
}

fn seconds(results: &Results) -> f64 {
    let ended = results.run.ended.expect("the run has ended");
    ended.duration_since(results.run.started).as_secs_f64()
}

/// What the table of the opening says of a strategy, cell by cell.
fn row(reading: &Reading<'_>, point: &Point, strategy: &str) -> String {
    const NONE: &str = "–";
    let summary = reading.summary(point, strategy).expect("a summary");
    let name = match strategy == reading.baseline {
        true => format!("{strategy} (baseline)"),
        false => strategy.to_owned(),
    };
    let found = reading.ratio(point, strategy);
    let of_ratio = |text: fn(&Ratio) -> String| found.map_or(NONE.to_owned(), text);
    let figure = |value: Option<f64>| value.map_or(NONE.to_owned(), words::figure);
    [
        name,
        figure(summary.ns_per_op),
        of_ratio(|it| words::ratio(it.ratio)),
        of_ratio(words::interval),
        of_ratio(|it| it.verdict.as_str().to_owned()),
        locks(reading, point, strategy),
        summary.contended_share.map_or(NONE.to_owned(), words::percent),
        summary.blocks.to_string(),
        figure(summary.net_ns_per_op.filter(|_| strategy != FLOOR)),
    ]
    .join(" ")
}

/// Lock acquisitions of one pass in strict order, the same in every trial.
fn locks(reading: &Reading<'_>, point: &Point, strategy: &str) -> String {
    let (least, most) = reading.pass(point, strategy).expect("a pass").locks;
    assert_eq!(least, most, "{strategy}: strict order takes the same locks every time");
    words::count(most as u64)
}

/// The statements of the opening, made from the files.
fn statements(disk: &Results, run: &Results, c: &Results) -> Vec<String> {
    let (of_disk, of_run) = (disk.reading(), run.reading());
    let point = &of_disk.points[0];
    let ratio = |strategy: &str| of_disk.ratio(point, strategy).expect("a ratio");
    let played = &disk.run.parameters.command.traces()[0];
    let locks = |strategy: &str| locks(&of_disk, point, strategy);
    let state = |state: State, strategy: &str| {
        let found = of_disk.ratios.iter().find(|it| {
            it.strategy == strategy && it.state == state.as_str() && it.op == ALL && it.metric == of_disk.metric(point)
        });
        found.expect("a ratio in this state")
    };
    let (own, shared, mixed) = (
        state(State::CoreToItself, "rcu-epoch"),
        state(State::CoreShared, "rcu-epoch"),
        state(State::Mixed, "rcu-epoch"),
    );
    let hot = |threads: usize| {
        let point = Point { workload: "hot".to_owned(), threads };
        short(of_run.ratio(&point, "rcu-epoch").expect("a ratio").ratio)
    };
    let poll = |metric: Metric| {
        let found = of_run.ratios.iter().find(|it| {
            (it.strategy.as_str(), it.workload.as_str(), it.threads) == ("rcu-epoch", "hot", 2)
                && (it.state.as_str(), it.op.as_str(), it.metric) == (ALL, "deadline", metric)
        });
        let found = found.expect("a ratio of polls");
        assert_eq!(found.verdict, Verdict::Faster);
        short(found.ratio)
    };
    let deciding: Vec<_> = of_run.deciding().collect();
    let decided = deciding.iter().filter(|it| is_decided(it.verdict)).count();
    let Host { cpu_model, kernel, rustc, cores, .. } = &disk.run.host;
    let kernel: Vec<&str> = kernel.as_deref().expect("a kernel").split('.').collect();
    let rustc = rustc.as_deref().expect("a compiler").split(' ').nth(1).expect("its version");
    let of_c = c.reading();
    let in_c = |strategy: &str| {
        let found = of_c.ratio(&of_c.points[0], strategy).expect("a ratio");
        assert_eq!((found.verdict, of_c.baseline), (Verdict::Faster, "qemu-2013"));
        short(found.ratio)
    };
    let mut said = vec![
        format!(
            "the RFC's way takes {} of the time that its own mutex takes, and the emptiness check {}.",
            in_c("qemu-rfc"),
            in_c("qemu-2016")
        ),
        // Behind the same interface as what it is compared with.
        format!("parking_lot's mutex takes {} of the time of the one on the pthread mutex.", in_c("mutex@c")),
        format!(
            "{} recorded operations), played row by row on one thread for {:.0} s.",
            words::count(played.rows + played.recorded_fires),
            seconds(disk)
        ),
        format!("takes the lock {} times where the mutex takes it {} times", locks("rcu-epoch"), locks("mutex")),
        format!("{} of the mutex's time. The emptiness check", short(ratio("rcu-epoch").ratio)),
        format!(
            "takes {} of it, and one atomic word {}:",
            short(ratio("mutex-peek").ratio),
            short(ratio("atomic-deadline").ratio)
        ),
        format!("In the {} blocks that had their core to themselves", own.blocks),
        format!("{} of its time ({} to {}).", short(own.ratio), short(own.ci_low), short(own.ci_high)),
        format!(
            "The same holds in the {} blocks whose core was shared: {} ({} to {}).",
            shared.blocks,
            short(shared.ratio),
            short(shared.ci_low),
            short(shared.ci_high)
        ),
        format!("The other {} were mixed.", mixed.blocks),
        format!("(`headlock run`, {:.0} s)", seconds(run)),
        format!("one hot thread ({}) and faster for two ({}).", hot(1), hot(2)),
        format!(
            "a poll takes {} of the mutex's time, and its 99th percentile is {} of the mutex's.",
            poll(Metric::ServiceNs),
            poll(Metric::P99Ns)
        ),
        format!("{decided} of the {} comparisons are decided.", deciding.len()),
        format!("Measured on {}", disk.run.started.strftime("%Y-%m-%d")),
        format!(
            "{}-core KVM guest ({}, Linux {}.{}, rustc {rustc})",
            cores.expect("cores"),
            cpu_model.as_deref().expect("a CPU"),
            kernel[0],
            kernel[1]
        ),
    ];
    let names = of_disk.strategies.iter().map(String::as_str).chain([AA_CONTROL, FLOOR]);
    said.extend(names.map(|strategy| row(&of_disk, point, strategy)));
    said
}

#[test]
fn every_figure_of_the_opening_is_what_the_result_files_say() {
    let [disk, run, c] = ["disk/epyc", "run/epyc", "c-disk/epyc"].map(results);
    let mut left = opening();
    for statement in statements(&disk, &run, &c).into_iter().chain(NOT_MEASURED.map(str::to_owned)) {
        let statement = joined(&statement);
        assert!(left.contains(&statement), "README.md does not say what the files do: {statement}\n{left}");
        left = left.replacen(&statement, "", 1);
    }
    let stray: Vec<&str> = left.split(' ').filter(|word| word.contains(|c: char| c.is_ascii_digit())).collect();
    assert!(stray.is_empty(), "figures of README.md that no file stands behind: {stray:?}");
}

/// The folder of each question says what `headlock pool` does of the hosts in it (`just pooled`).
#[test]
fn each_question_is_answered_over_its_hosts() {
    for question in ["run", "disk", "c-disk"] {
        let folder = format!("results/{question}");
        let done = Command::new(env!("CARGO_BIN_EXE_headlock"))
            .args(["pool", &folder, "--markdown"])
            .current_dir(root())
            .output()
            .expect("headlock starts");
        assert!(done.status.success(), "{folder}: {}", String::from_utf8_lossy(&done.stderr));
        let said = std::fs::read_to_string(root().join(&folder).join("README.md")).expect("the answer");
        let answer = String::from_utf8_lossy(&done.stdout);
        assert!(said == answer, "{folder}/README.md is not what `just pooled` writes, which is:\n{answer}");
    }
}
