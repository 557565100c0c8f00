//! What the documents of made-up results say, and that nothing in them is markup.

use snapbox::{assert_data_eq, file};

use super::{Material, page, run};
use crate::document::testing::{says, says_all};
use crate::document::{Block, Document, Html, Json, Markdown, Terminal, Writer};
use crate::reading::testing::{declarations, passed, probed, replayed, results};
use crate::reading::{Picture, Results, Runs};
use crate::record::{AA_CONTROL, Breach, Check, Pass, RunState, Verified};

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
fn no_sentence_has_the_time_of_one_or_two_blocks() {
    for (blocks, says) in [(1, "1 block; 6 are needed"), (2, "2 blocks; 6 are needed")] {
        let mut few = results(&[("seqlock", 12.0)]);
        for trial in few.trials.iter_mut().filter(|it| it.block < 16 - blocks) {
            trial.disturbed = true;
        }
        few.filed_ratios = None;
        let said = sentences(&few).join(" ");
        assert!(said.contains("mutex takes 1.00 lock acquisitions an operation"), "{said}");
        assert!(said.contains(&format!("Its time on hot with 1 thread is not said: {says}.")), "{said}");
    }
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
    let row = text.lines().find(|line| line.starts_with("| seqlock | 5.00 | 0.500 |")).unwrap();
    assert!(row.contains("| faster |"), "{row}");
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

fn answer(results: &Results, in_detail: bool) -> Document {
    let material = Material {
        directory: "results/made-up",
        results,
        declarations: &declarations(),
    };
    run(&material, in_detail)
}

#[test]
fn every_form_of_a_run_says_the_same() {
    let results = probed(&[("seqlock", 5.0), ("hazard", 10.0)]);
    for in_detail in [false, true] {
        says_all("run", &answer(&results, in_detail));
        says_all("replay", &answer(&replayed(results.clone()), in_detail));
    }
    says_all("run", &document(&results));
    let set = super::runs("results/made-up", &Runs(vec![results; 10]));
    says_all("run --runs", &set);
    says(&set, &["10 runs", "hot, 1 thread", "seqlock", "0.500"]);
    assert_eq!(set.data["runs"].as_array().map(Vec::len), Some(10));
}

/// After a change that is meant, `SNAPSHOTS=overwrite cargo test --lib answers` writes what is said now.
#[test]
fn the_answer_of_a_run_in_each_form() {
    let results = probed(&[("seqlock", 5.0), ("hazard", 10.0)]);
    let text = Terminal { width: 80, colour: false }.write(&answer(&results, false));
    assert_data_eq!(&text, file!["tests/run-80.txt"].raw());
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80), "{text}");
    let document = answer(&results, true);
    assert_data_eq!(Markdown.write(&document), file!["tests/run.md"].raw());
    let point = &document.data["points"][0];
    assert_eq!(point["states"]["met"], serde_json::json!([["core to itself", 8], ["core shared", 8]]));
    assert_eq!(point["states"]["never_met"], serde_json::json!([]));
    assert_eq!(document.data["ratios"].as_array().map(Vec::len), Some(results.reading().ratios.len()));
    for part in ["summaries", "latency", "missing", "run"] {
        assert!(!document.data[part].is_null(), "{part}");
    }
}

#[test]
fn the_answer_of_a_replay_counts_passes_in_each_form() {
    let replayed = replayed(probed(&[("seqlock", 5.0)]));
    let document = answer(&replayed, true);
    for text in [
        Terminal { width: 80, colour: false }.write(&document),
        Markdown.write(&document),
    ] {
        let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
        assert!(text.contains("locks/pass") && text.contains("A pass plays 500 rows"), "{text}");
        assert!(text.contains("time relative to mutex, by operation"), "{text}");
    }
    assert_eq!(document.data["points"][0]["trace"]["recorded_fires"], 3);
}

#[test]
fn a_state_in_which_the_verdict_is_another_is_told() {
    let mut split = probed(&[("seqlock", 5.0)]);
    let shared = split.trials.iter_mut().filter(|it| it.strategy == "seqlock" && it.state == "core shared");
    shared.for_each(|it| it.ns_per_op *= 4.0);
    let text = Terminal { width: 400, colour: false }.write(&answer(&split, false));
    assert!(text.contains("Core shared, 8 blocks: seqlock 2.00 ("), "{text}");
    assert!(text.contains("Core to itself, 8 blocks: seqlock 0.50 ("), "{text}");
    let mut alone = probed(&[("seqlock", 5.0)]);
    alone.trials.iter_mut().for_each(|it| it.state = "core shared".to_owned());
    let text = Terminal { width: 400, colour: false }.write(&answer(&alone, false));
    assert!(text.contains("in all 16 blocks: core shared. Never met: core to itself."), "{text}");
}

#[test]
fn the_page_draws_the_blocks_in_time_by_state() {
    let results = probed(&[("seqlock", 5.0)]);
    let page = Html.write(&document(&results));
    let picture = page.split("<svg class=\"plot\"").nth(1).unwrap().split("</svg>").next().unwrap();
    // A panel of 16 blocks and a legend of two states.
    assert_eq!((picture.matches("l0 0").count(), picture.matches("h6l").count()), (8 + 1, 8 + 1), "{picture}");
    assert!(picture.contains("seqlock") && picture.contains("core shared, 8 blocks"), "{picture}");
    let mut unprobed = results.clone();
    unprobed.trials.iter_mut().for_each(|it| it.state.clear());
    assert!(!Html.write(&document(&unprobed)).contains("<svg class=\"plot\""));
}

#[test]
fn what_cannot_be_told_from_doing_nothing_says_so_and_has_no_net_figure() {
    let mut idle = results(&[("seqlock", 5.0)]);
    idle.trials
        .iter_mut()
        .filter(|it| it.strategy == "seqlock" && it.block < 2)
        .for_each(|it| it.at_floor = true);
    let text = Terminal { width: 400, colour: false }.write(&answer(&idle, false));
    assert!(text.contains("faster; cannot be told from doing nothing"), "{text}");
    assert!(text.contains("At the floor: seqlock in 2 of 16 trials. They count"), "{text}");
    let reading = idle.reading();
    let summary = reading.summaries.iter().find(|it| it.strategy == "seqlock").unwrap();
    assert_eq!((summary.net_ns_per_op, summary.trials), (None, 16));
    let point = reading.points[0].clone();
    assert_eq!((reading.ratio(&point, "seqlock").unwrap().blocks, reading.net_ratio(&point, "seqlock")), (16, None));
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
    let mut broken = results(&[("seqlock", 5.0)]);
    broken.run.parameters.common.strategies = ["mutex", "seqlock"].map(str::to_owned).to_vec();
    let breach = |check| Breach { check, date: "2026-11-28T05:00:00Z".parse().unwrap() };
    let breaches = [Check::History, Check::Progress].map(breach).to_vec();
    broken.run.verified.insert("seqlock".to_owned(), Some(Verified { broken: breaches, ..passed() }));
    assert_eq!(document(&broken).notices, ["seqlock broke history and progress on 2026-11-28 (headlock verify)."]);
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
fn without_states_no_file_is_accused() {
    let whole = probed(&[("seqlock", 5.0)]);
    assert!(!document(&whole).notices.iter().any(|it| it.contains("ratios.csv")));
    let mut stateless = whole.clone();
    stateless.trials.iter_mut().for_each(|trial| trial.state.clear());
    let said = document(&stateless).notices.join(" ");
    assert!(said.contains("blocks.csv is missing or empty, so ratios by state of the machine ("), "{said}");
    assert!(said.contains("cannot be derived") && !said.contains("changed after the run"), "{said}");
    // A trial that was changed is pointed at all the same.
    let mut changed = stateless;
    changed
        .trials
        .iter_mut()
        .for_each(|trial| trial.ns_per_op *= if trial.strategy == "seqlock" { 2.0 } else { 1.0 });
    let said = document(&changed).notices.join(" ");
    assert!(said.contains("one of the two was changed after the run"), "{said}");
    // And one that was cut is told by what is left.
    let mut cut = whole;
    cut.trials.retain(|trial| trial.block < 4);
    let said = document(&cut).notices.join(" ");
    assert!(said.contains("trials.csv has 4 of 16 blocks") && !said.contains("disagrees"), "{said}");
}

#[test]
fn a_bias_within_the_margin_is_told_where_it_counts() {
    let mut biased = results(&[("seqlock", 5.0)]);
    let control = biased.trials.iter_mut().filter(|trial| trial.strategy == AA_CONTROL);
    control.for_each(|trial| trial.ns_per_op *= 1.005);
    let document = document(&biased);
    assert_eq!(document.notices.iter().filter(|it| it.contains("biased")).count(), 0, "{:?}", document.notices);
    let text = Markdown.write(&document);
    assert!(text.contains("The A/A control differs from mutex here, by 0.5"), "{text}");
    assert!(text.contains("differs from the baseline at 1 of 1 point, by less than the margin"), "{text}");
    assert!(text.contains("faster"), "{text}");
}

#[test]
fn nothing_from_a_file_is_markup() {
    let mut results = probed(&[("seqlock", 5.0), (HOSTILE, 8.0)]);
    results
        .operations
        .iter_mut()
        .for_each(|row| (row.workload, row.op) = (HOSTILE.to_owned(), HOSTILE.to_owned()));
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
