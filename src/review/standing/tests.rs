use super::*;
use crate::document::Document;
use crate::record::{Check, CheckFigures, CheckVerdict};
use crate::review::document;
use crate::review::testing::material;

fn scored(strategies: &[(&str, f64)]) -> (Answer, Document) {
    let material = material(strategies);
    let readings: Vec<Reading<'_>> = material.parts.iter().map(Reading::new).collect();
    (Scores::new(&readings, &material.declarations, &[]).answer(), document(&material))
}

#[test]
fn a_sound_strategy_that_is_faster_justifies_a_change() {
    let (answer, page) = scored(&[("seqlock", 5.0), ("hazard", 8.0)]);
    assert_eq!(answer, Answer::Everywhere);
    assert_eq!(sentences(&page).len(), 3);
    assert!(
        sentences(&page)[0].contains("justified here: seqlock is faster than mutex"),
        "{}",
        sentences(&page)[0]
    );
    assert!(sentences(&page)[0].contains("0.500 ("), "{}", sentences(&page)[0]);
    assert!(sentences(&page)[2].starts_with("It saves 5.00 ns an operation"), "{}", sentences(&page)[2]);
}

#[test]
fn a_racy_one_justifies_nothing_and_is_said_to_be_fast() {
    let (answer, page) = scored(&[("rcu-epoch", 5.0), ("seqlock", 12.0)]);
    assert_eq!(answer, Answer::NotHere);
    assert!(
        sentences(&page)[0].contains("is not justified here: no strategy that can be relied on"),
        "{}",
        sentences(&page)[0]
    );
    assert!(
        sentences(&page)[0].contains("any advantage is excluded; rcu-epoch (0.500"),
        "{}",
        sentences(&page)[0]
    );
    assert!(sentences(&page)[0].ends_with("is, but racy."), "{}", sentences(&page)[0]);
}

#[test]
fn what_is_no_faster_is_bounded() {
    let (answer, page) = scored(&[("seqlock", 10.0)]);
    assert_eq!(answer, Answer::NotHere);
    assert!(sentences(&page)[0].contains("an advantage of more than 0."), "{}", sentences(&page)[0]);
    assert!(
        sentences(&page)[2].starts_with("Mutex takes 9.00 ns and 1.00 lock acquisitions"),
        "{}",
        sentences(&page)[2]
    );
}

#[test]
fn one_that_this_program_does_not_know_justifies_nothing() {
    assert_eq!(scored(&[("stranger", 5.0)]).0, Answer::NotHere);
}

#[test]
fn one_that_verify_broke_justifies_nothing() {
    let mut material = material(&[("seqlock", 5.0)]);
    material.parts[0].checks = Some(vec![CheckRow {
        strategy: "seqlock".to_owned(),
        check: Check::Fresh,
        tried: 100,
        broken: 3,
        declared: "linearizable".to_owned(),
        seconds: 1.0,
        verdict: CheckVerdict::Broken,
        figures: CheckFigures { late_without_rearm: Some(3), ..CheckFigures::default() },
    }]);
    let page = document(&material);
    assert_eq!(headline(&page), "Not justified here");
    assert!(sentences(&page)[0].contains("is, but verify found fresh broken"), "{}", sentences(&page)[0]);
}

#[test]
fn nothing_measured_is_said() {
    let mut material = material(&[]);
    material.parts[0].trials.clear();
    material.parts[0].run.state = crate::record::RunState::Interrupted;
    let page = document(&material);
    assert_eq!(headline(&page), "Nothing can be said");
    assert!(page.notices[0].contains("it was interrupted. It has no trial."), "{:?}", page.notices);
}

#[test]
fn a_biased_point_decides_nothing() {
    let mut material = material(&[("seqlock", 5.0)]);
    let control = material.parts[0].trials.iter_mut().filter(|trial| trial.strategy == AA_CONTROL);
    control.for_each(|trial| trial.ns_per_op *= 1.2);
    let page = document(&material);
    assert_eq!(headline(&page), "Nothing can be said");
    assert!(
        page.notices.iter().any(|notice| notice.contains("is biased and decides nothing")),
        "{:?}",
        page.notices
    );
}

#[test]
fn a_filed_ratio_that_differs_is_pointed_at() {
    let mut material = material(&[("seqlock", 5.0)]);
    assert!(document(&material).notices.is_empty());
    material.parts[0].filed_ratios.as_mut().unwrap()[0].ratio *= 1.01;
    let page = document(&material);
    assert!(page.notices[0].starts_with("ratios.csv disagrees with trials.csv in 1 row"), "{:?}", page.notices);
}

fn headline(page: &Document) -> &str {
    &page.verdict.as_ref().expect("a verdict").answer
}

fn sentences(page: &Document) -> &[String] {
    &page.verdict.as_ref().expect("a verdict").sentences
}
