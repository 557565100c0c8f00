//! Several runs of one plan, minutes apart: the run is the unit.
//!
//! The blocks of a run share its minutes, so an interval over them says nothing of the next quarter of an hour. Of each run one value
//! counts, the median over its blocks, and the interval is that of these values' median. Where runs agree it is wider than a
//! single run's all the same, since there are few of them: that is what a statement beyond one run's minutes costs.
//!
//! Each run takes the place of a block ([`blocks_of_runs`]), so everything that judges blocks judges runs: the rules of
//! [`ratios`](super::ratios()) and of [`changes`](super::changes()), six at least for a verdict, the A/A control over the same runs.

use std::collections::BTreeSet;

use super::blocks::{Subject, deciding_pass, log_figures, subjects};
use super::{median, ratios};
use crate::record::{ALL, Ratio, Trial};

/// What one run came to.
#[derive(Clone, Copy, Debug)]
pub struct OneRun<'a> {
    /// Its trials.
    pub trials: &'a [Trial],
    /// Their ratios.
    pub ratios: &'a [Ratio],
}

/// One trial of each strategy at each point for each run, the run in the place of a block. Its time is the median over the run's blocks: of
/// the baseline and the floors as measured, of the others the baseline's times the median ratio. `state` is [`ALL`] or a state's word; who
/// has no ratio in that state has no trial.
pub fn blocks_of_runs(runs: &[OneRun<'_>], baseline: &str, state: &str) -> Vec<Trial> {
    let of_run = |(number, run): (usize, &OneRun<'_>)| {
        let trials = subjects(run.trials).into_iter().filter_map(|subject| of_subject(run, &subject, baseline, state));
        trials.map(|trial| Trial { block: number, ..trial }).collect::<Vec<Trial>>()
    };
    runs.iter().enumerate().flat_map(of_run).collect()
}

fn of_subject(run: &OneRun<'_>, subject: &Subject, baseline: &str, state: &str) -> Option<Trial> {
    let pass = deciding_pass(run.trials, &subject.point);
    let like = run.trials.iter().find(|trial| subject.owns(trial) && trial.pass == pass && !trial.disturbed)?;
    let here = |ratio: &&Ratio| {
        (ratio.threads, &ratio.workload) == (subject.point.threads, &subject.point.workload)
            && (ratio.op.as_str(), ratio.state.as_str()) == (ALL, state)
            && ratio.metric.is_raw()
    };
    let baseline_ns = match state {
        ALL => median_ns(run, &subject.beside(baseline))?,
        _ => run.ratios.iter().find(here)?.baseline_ns,
    };
    let ratio = run.ratios.iter().filter(here).find(|ratio| ratio.strategy == subject.strategy);
    let ns_per_op = match ratio {
        Some(ratio) => baseline_ns * ratio.ratio,
        None if subject.strategy == baseline => baseline_ns,
        None if state == ALL => median_ns(run, subject)?,
        None => return None,
    };
    Some(Trial {
        ns_per_op,
        log_ratio: ratio.map(|ratio| ratio.ratio.ln()),
        log_net_ratio: None,
        floor_ns: None,
        at_floor: false,
        state: String::new(),
        ..like.clone()
    })
}

fn median_ns(run: &OneRun<'_>, subject: &Subject) -> Option<f64> {
    median(&log_figures(run.trials, subject).into_values().collect::<Vec<f64>>()).map(f64::exp)
}

/// Every strategy against the baseline, with the run as the unit: `blocks` of a row counts runs. For all blocks together, then for each
/// state that any run has a ratio in.
pub fn ratios_of_runs(runs: &[OneRun<'_>], baseline: &str, margin: f64) -> Vec<Ratio> {
    let states: BTreeSet<&str> = runs.iter().flat_map(|run| run.ratios).map(|ratio| ratio.state.as_str()).collect();
    let others = states.into_iter().filter(|state| *state != ALL);
    let of_state = |state: &str| {
        let rows = ratios(&blocks_of_runs(runs, baseline, state), baseline, margin);
        let rows = rows.into_iter().filter(|row| row.metric.is_raw());
        rows.map(|row| Ratio { state: state.to_owned(), ..row }).collect::<Vec<Ratio>>()
    };
    std::iter::once(ALL).chain(others).flat_map(of_state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{AA_CONTROL, FLOOR, Verdict};
    use crate::stats::testing::trial;

    /// A run of eight blocks: seqlock at this ratio, jittered from block to block, all of it so many times as slow.
    fn run(ratio: f64, slow: f64) -> Vec<Trial> {
        let block = |block: usize| {
            let jitter = 1.0 + 0.001 * block as f64;
            [
                (FLOOR, 1.0),
                ("mutex", 10.0),
                (AA_CONTROL, 10.0),
                ("seqlock", 10.0 * ratio * jitter),
            ]
            .map(|(name, ns)| Trial { ns_per_op: ns * slow, ..trial(name, block) })
        };
        (0..8).flat_map(block).collect()
    }

    fn rows(of_runs: &[(f64, f64)]) -> Vec<Ratio> {
        let trials: Vec<Vec<Trial>> = of_runs.iter().map(|&(ratio, slow)| run(ratio, slow)).collect();
        let all: Vec<Vec<Ratio>> = trials.iter().map(|trials| ratios(trials, "mutex", 0.01)).collect();
        let runs: Vec<OneRun<'_>> = trials.iter().zip(&all).map(|(trials, ratios)| OneRun { trials, ratios }).collect();
        ratios_of_runs(&runs, "mutex", 0.01)
    }

    fn seqlock(rows: &[Ratio]) -> &Ratio {
        rows.iter().find(|row| row.strategy == "seqlock" && row.state == ALL).expect("a row")
    }

    #[test]
    fn runs_that_differ_widen_the_interval_however_narrow_each_of_them_is() {
        let apart = [0.80, 0.90, 0.99, 1.05, 0.85, 1.10, 0.95].map(|ratio| (ratio, 1.0));
        let of_runs = rows(&apart);
        let row = seqlock(&of_runs);
        assert_eq!((row.blocks, row.verdict), (7, Verdict::Unclear));
        assert!(row.ci_low < 0.85 && row.ci_high > 1.05, "{row:?}");
        let one = run(0.80, 1.0);
        let one = ratios(&one, "mutex", 0.01);
        assert_eq!(seqlock(&one).verdict, Verdict::Faster, "each by itself is sure of its minutes");
    }

    #[test]
    fn a_machine_that_is_slower_in_one_run_changes_no_ratio() {
        let of_runs = rows(&[1.0, 1.3, 2.0, 1.0, 0.9, 1.1].map(|slow| (0.5, slow)));
        let row = seqlock(&of_runs);
        assert_eq!((row.blocks, row.verdict), (6, Verdict::Faster));
        assert!((row.ratio - 0.5 * 1.0035).abs() < 1e-6, "{row:?}");
    }

    #[test]
    fn five_runs_are_too_few_and_none_have_no_row() {
        assert_eq!(seqlock(&rows(&[(0.5, 1.0); 5])).verdict, Verdict::TooFewBlocks);
        assert!(rows(&[]).is_empty());
    }
}
