//! What the documents of made-up results say, and that nothing in them is markup.

use super::{Material, page, run};
use crate::document::{Block, Document, Html, Json, Markdown, Terminal, Writer};
use crate::reading::testing::{declarations, passed, results};
use crate::reading::{Picture, Results};
use crate::record::{AA_CONTROL, Check, Pass, RunState, Verified};

const HOSTILE: &str = "<script>alert('x')</script>\"";

fn document(results: &Results) -> Document {
    page(&Material {
        directory: "results/made-up",
        results,
        declarations: &declarations(),
    })
}

fn sentences(results: &Results) -> Vec<String> {
    document(results).verdict.unwrap().sentences
}

#[test]
fn the_verdict_names_the_best_with_its_figures_and_its_price() {
    let said = sentences(&results(&[("seqlock", 5.0), ("hazard", 8.0)]));
    assert!(
        said[0].starts_with("seqlock is faster than mutex at the one point measured: 0.500 of its time (0."),
        "{said:?}"
    );
    assert!(said[1].starts_with("It saves 5.00 ns an operation"), "{said:?}");
}

#[test]
fn a_racy_one_is_told_and_not_counted() {
    let said = sentences(&results(&[("rcu-epoch", 5.0), ("seqlock", 12.0)]));
    assert_eq!(
        said[0],
        "No sound strategy is faster than mutex at the one point measured; any advantage is excluded."
    );
    assert!(said[1].starts_with("Not counted: rcu-epoch, racy (faster at 0.500 of its time"), "{said:?}");
    assert!(said[2].starts_with("mutex takes 9.00 ns and 1.00 lock acquisitions"), "{said:?}");
}

#[test]
fn no_sentence_of_the_verdict_holds_an_interval_that_holds_1() {
    let mut noisy = results(&[("seqlock", 10.0), ("hazard", 5.0)]);
    let seqlock = noisy.trials.iter_mut().filter(|it| it.strategy == "seqlock");
    seqlock.for_each(|it| it.ns_per_op *= if it.block % 2 == 0 { 0.5 } else { 2.0 });
    let said = sentences(&noisy).join(" ");
    assert!(said.contains("hazard is faster") && !said.contains("seqlock"), "{said}");
}

#[test]
fn a_missing_figure_says_why_in_every_form() {
    let mut disturbed = results(&[("seqlock", 5.0)]);
    for trial in disturbed.trials.iter_mut().filter(|it| it.strategy == "seqlock") {
        trial.disturbed = true;
        trial.disturbance = "75.0 % of the threads' time went elsewhere".to_owned();
    }
    let document = document(&disturbed);
    for text in [
        Html.write(&document).replace("&#39;", "'"),
        Markdown.write(&document),
        Json.write(&document),
        Terminal { width: 400, colour: false }.write(&document),
    ] {
        assert!(text.contains("all 16 trials disturbed: 75.0 % of the threads' time went elsewhere"), "{text}");
    }
}

#[test]
fn a_paced_load_has_its_ratio_in_markdown() {
    let mut paced = results(&[("seqlock", 5.0)]);
    paced.trials.iter_mut().for_each(|it| it.pass = Pass::Latency);
    let text = Markdown.write(&run(
        &Material {
            directory: "d",
            results: &paced,
            declarations: &declarations(),
        },
        true,
    ));
    let row = text.lines().find(|line| line.starts_with("| seqlock |")).unwrap();
    assert!(row.starts_with("| seqlock | 5.00 | 0.500 |") && row.contains("| faster |"), "{row}");
    assert!(text.contains("service ns"), "{text}");
}

#[test]
fn a_run_and_the_page_of_its_directory_say_the_same() {
    let results = results(&[("seqlock", 5.0)]);
    let declarations = declarations();
    let material = Material {
        directory: "d",
        results: &results,
        declarations: &declarations,
    };
    let (run, page) = (run(&material, true), page(&material));
    assert_eq!((&run.verdict, &run.title, &run.data), (&page.verdict, &page.title, &page.data));
    let table = |document: &Document| {
        let sections =
            document.blocks.iter().filter_map(|it| if let Block::Section(it) = it { Some(it) } else { None });
        sections
            .filter(|it| it.title.starts_with("hot"))
            .flat_map(|it| it.blocks.clone())
            .collect::<Vec<Block>>()
    };
    assert!(!table(&run).is_empty());
    assert_eq!(table(&run), table(&page));
}

#[test]
fn what_must_be_known_first_is_a_notice() {
    let biased = |mut results: Results| {
        let control = results.trials.iter_mut().filter(|trial| trial.strategy == AA_CONTROL);
        control.for_each(|trial| trial.ns_per_op *= 1.2);
        results
    };
    let mut stale = results(&[("seqlock", 5.0)]);
    stale.filed_ratios.as_mut().unwrap()[0].ratio *= 1.01;
    let mut stopped = results(&[]);
    stopped.trials.clear();
    stopped.run.state = RunState::Interrupted;
    assert_eq!(document(&results(&[("seqlock", 5.0)])).notices, [""; 0]);
    let mut unverified = results(&[("seqlock", 5.0)]);
    let names = ["mutex", "seqlock", "hazard"].map(str::to_owned);
    unverified.run.parameters.common.strategies = names.into_iter().chain(["floor@c".to_owned()]).collect();
    let mut first = unverified.run.verified.clone();
    first.retain(|name, _| name == "mutex");
    unverified.run.verified = first;
    let part = Verified { checks: vec![Check::Model], ..passed() };
    unverified.run.verified.insert("hazard".to_owned(), Some(part));
    for (results, says) in [
        (unverified, "Not verified before this run: seqlock; in part only: hazard (model) (headlock verify)."),
        (biased(results(&[("seqlock", 5.0)])), "is biased and does not count"),
        (stale, "ratios.csv disagrees with trials.csv in 1 row"),
        (stopped, "it was interrupted. It has no trial."),
    ] {
        let notices = document(&results).notices;
        assert!(notices.iter().any(|it| it.contains(says)), "{says}: {notices:?}");
    }
}

#[test]
fn nothing_from_a_file_is_markup() {
    let mut results = results(&[("seqlock", 5.0), (HOSTILE, 8.0)]);
    results.trials.iter_mut().for_each(|trial| trial.workload = HOSTILE.to_owned());
    let latency = results.latency.iter_mut().flatten();
    latency.for_each(|row| (row.workload, row.op) = (HOSTILE.to_owned(), HOSTILE.to_owned()));
    results.run.host.hostname = HOSTILE.to_owned();
    results.run.warnings = vec![HOSTILE.to_owned()];
    results.run.command.push(HOSTILE.to_owned());
    results.run.message = Some(HOSTILE.to_owned());
    results.run.state = RunState::Failed;
    results.pictures = vec![Picture {
        name: "locks".to_owned(),
        file: HOSTILE.to_owned(),
        svg: "<svg viewBox='0 0 1 1' xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_owned(),
    }];
    let page = Html.write(&document(&results));
    assert!(!page.contains("<script") && !page.contains("alert(1)"));
    assert!(page.matches("&lt;script&gt;").count() > 10);
    let text = Markdown.write(&document(&results));
    // An indented line is shown as it is.
    let raw: Vec<&str> = text.lines().filter(|line| !line.starts_with("    ") && line.contains("<script>")).collect();
    assert_eq!(raw, [""; 0]);
}
