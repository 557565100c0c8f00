//! Every figure in the opening of README.md is traced to a result directory: each statement is made anew from the files, must stand in
//! the text, and no digit may be left over.

use std::path::Path;
use std::process::Command;

use headlock::document::words;
use headlock::export::read_results;
use headlock::reading::{Reading, Results};
use headlock::record::{AA_CONTROL, ALL, FLOOR, Host, Metric, Point, Ratio, State, Verdict};

/// What the opening says without a measurement behind it: years, versions, and names with digits in them.
const NOT_MEASURED: [&str; 3] = [
    "In 2013 an RFC",
    "`scripts/model predict --machine graviton3`",
    "(results/model/graviton3/plots/model.svg)",
];

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

/// What was measured on one host.
struct Measured {
    disk: Results,
    c: Results,
}

/// What was measured under synthetic load.
struct Synthetic(Results);

impl Measured {
    fn on(host: &str) -> Self {
        let [disk, c] = ["disk", "c-disk"].map(|question| results(&format!("{question}/{host}")));
        Measured { disk, c }
    }

    /// A strategy's ratio to the mutex on the disk trace.
    fn disk(&self, strategy: &str) -> String {
        let reading = self.disk.reading();
        short(reading.ratio(&reading.points[0], strategy).expect("a ratio").ratio)
    }

    /// A strategy's ratio to QEMU's list of 2013 on the disk trace, in C.
    fn c(&self, strategy: &str) -> String {
        let reading = self.c.reading();
        let found = reading.ratio(&reading.points[0], strategy).expect("a ratio");
        assert_eq!((found.verdict, reading.baseline), (Verdict::Faster, "qemu-2013"));
        short(found.ratio)
    }

    fn cpu(&self) -> &str {
        self.disk.run.host.cpu_model.as_deref().expect("a CPU")
    }
}

impl Synthetic {
    /// The ratio of rcu-epoch to the mutex under the hot mix.
    fn hot(&self, threads: usize) -> String {
        let point = Point { workload: "hot".to_owned(), threads };
        short(self.0.reading().ratio(&point, "rcu-epoch").expect("a ratio").ratio)
    }

    /// That of its polls, with two threads.
    fn poll(&self, metric: Metric) -> String {
        let reading = self.0.reading();
        let found = reading.ratios.iter().find(|it| {
            (it.strategy.as_str(), it.workload.as_str(), it.threads) == ("rcu-epoch", "hot", 2)
                && (it.state.as_str(), it.op.as_str(), it.metric) == (ALL, "deadline", metric)
        });
        let found = found.expect("a ratio of polls");
        assert_eq!(found.verdict, Verdict::Faster);
        short(found.ratio)
    }

    /// How many comparisons are decided, and how many there are.
    fn decided(&self) -> (usize, usize) {
        let reading = self.0.reading();
        let deciding: Vec<_> = reading.deciding().collect();
        (deciding.iter().filter(|it| it.verdict.is_decided()).count(), deciding.len())
    }
}

/// The statements of the opening, made from the files.
fn statements(xeon: &Measured, epyc: &Measured, synthetic: &Synthetic) -> Vec<String> {
    let disk = xeon.disk.reading();
    let point = &disk.points[0];
    let played = &xeon.disk.run.parameters.command.traces()[0];
    let locks = |strategy: &str| locks(&disk, point, strategy);
    let own = disk.ratios.iter().find(|it| {
        (it.strategy.as_str(), it.state.as_str(), it.op.as_str()) == ("rcu-epoch", State::CoreToItself.as_str(), ALL)
            && it.metric == disk.metric(point)
    });
    let Host { kernel, rustc, cores, .. } = &xeon.disk.run.host;
    let kernel: Vec<&str> = kernel.as_deref().expect("a kernel").split('.').collect();
    let rustc = rustc.as_deref().expect("a compiler").split(' ').nth(1).expect("its version");
    let (decided, all) = synthetic.decided();
    let mut said = vec![
        format!("{} recorded operations),", words::count(played.rows + played.recorded_fires)),
        format!("In {:.0} s on the Xeon", seconds(&xeon.disk)),
        format!(
            "core to itself in {} of {} blocks:",
            own.expect("a ratio in this state").blocks,
            disk.ratio(point, "rcu-epoch").expect("a ratio").blocks
        ),
        format!("takes the lock {} times where the mutex takes it {} times.", locks("rcu-epoch"), locks("mutex")),
        format!(
            "takes {} of the mutex's time on a quiet Xeon guest and {} on a shared EPYC guest.",
            xeon.disk("rcu-epoch"),
            epyc.disk("rcu-epoch")
        ),
        format!(
            "instead takes {} and {}, and one atomic word that holds the head's deadline {} and {}.",
            xeon.disk("mutex-peek"),
            epyc.disk("mutex-peek"),
            xeon.disk("atomic-deadline"),
            epyc.disk("atomic-deadline")
        ),
        format!(
            "rcu-epoch takes {} of the mutex's time with one hot thread and {} with two on the Xeon.",
            synthetic.hot(1),
            synthetic.hot(2)
        ),
        format!(
            "a poll takes {} of the mutex's time, and its 99th percentile {} of the mutex's.",
            synthetic.poll(Metric::ServiceNs),
            synthetic.poll(Metric::P99Ns)
        ),
        format!("Of the {all} comparisons {decided} are decided."),
        format!(
            "the RFC's way takes {} of the time that its own mutex takes on the Xeon and {} on the EPYC, the emptiness check {} and {}.",
            xeon.c("qemu-rfc"),
            epyc.c("qemu-rfc"),
            xeon.c("qemu-2016"),
            epyc.c("qemu-2016")
        ),
        // Behind the same interface as what it is compared with.
        format!(
            "parking_lot's mutex takes {} and {} of the time of the one on the pthread mutex.",
            xeon.c("mutex@c"),
            epyc.c("mutex@c")
        ),
        format!("Measured on {}", xeon.disk.run.started.strftime("%Y-%m-%d")),
        format!(
            "{}-core KVM guests ({} and {}, Linux {}.{}, rustc {rustc})",
            cores.expect("cores"),
            xeon.cpu(),
            epyc.cpu(),
            kernel[0],
            kernel[1]
        ),
    ];
    said.extend(over_hosts());
    let names = disk.strategies.iter().map(String::as_str).chain([AA_CONTROL, FLOOR]);
    said.extend(names.map(|strategy| row(&disk, point, strategy)));
    said
}

/// The rows of the hosts in what `headlock pool` says of the disk trace under rcu-epoch.
fn over_hosts() -> Vec<String> {
    let pooled = std::fs::read_to_string(root().join("results/disk/README.md")).expect("the pooled answer");
    let (_, part) = pooled.split_once("### rcu-epoch:").expect("a part on rcu-epoch");
    let part = part.lines().take_while(|line| !line.starts_with('#'));
    let rows: Vec<String> = part.filter(|line| line.starts_with("| vm (")).map(str::to_owned).collect();
    assert!(!rows.is_empty(), "{pooled}");
    rows
}

#[test]
fn every_figure_of_the_opening_is_what_the_result_files_say() {
    let mut left = opening();
    for statement in statements(&Measured::on("xeon"), &Measured::on("epyc"), &Synthetic(results("run/xeon")))
        .into_iter()
        .chain(NOT_MEASURED.map(str::to_owned))
    {
        let statement = joined(&statement);
        assert!(left.contains(&statement), "README.md does not say what the files do: {statement}\n{left}");
        left = left.replacen(&statement, "", 1);
    }
    let stray: Vec<&str> = left.split(' ').filter(|word| word.contains(|c: char| c.is_ascii_digit())).collect();
    assert!(stray.is_empty(), "figures of README.md that no file stands behind: {stray:?}");
}

/// The folder of a question that has several hosts says what `headlock pool` does of them (`just pooled`); lists in C were compiled to
/// other code on each.
#[test]
fn each_question_is_answered_over_its_hosts() {
    let hosts = |question: &str| {
        let folder = root().join("results").join(question).read_dir().expect("a folder a question");
        folder.flatten().filter(|host| host.path().is_dir()).count()
    };
    let asked: Vec<&str> = ["run", "disk"].into_iter().filter(|question| hosts(question) > 1).collect();
    assert!(asked.contains(&"disk"));
    for question in asked {
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
