//! On more cores: what a model predicts. Nothing here was measured, and all of it says so.

use super::NONE;
use super::page::folded;
use crate::document::words::{counted, figure, percent};
use crate::document::{Block, Cell, Column, Table};
use crate::reading::Model;
use crate::record::{ALL, ModelTime, Prediction};

/// Who is shown.
const STRATEGIES: [&str; 6] = [
    "mutex",
    "mutex-peek",
    "rcu-epoch",
    "rcu-membarrier",
    "seqlock",
    "atomic-deadline",
];
/// Whose fast path is asked about.
const PATCH: &str = "rcu-epoch";

/// From how many threads on the RFC's fast path pays, by machine.
pub(super) fn sentence(model: Option<&Model>) -> Option<String> {
    let said: Vec<String> = model?.predictions.iter().flat_map(pays).collect();
    (!said.is_empty()).then(|| {
        format!(
            "On more cores, by a model and not by measurement, the RFC's fast path ({PATCH} over mutex, all of the predicted range \
             below 1) {}.",
            said.join("; ")
        )
    })
}

/// Of each workload of a prediction.
fn pays(prediction: &Prediction) -> Vec<String> {
    let one = |workload: &str| {
        let mut ratios: Vec<_> =
            prediction.ratios.iter().filter(|it| it.workload == workload && it.strategy == PATCH).collect();
        ratios.sort_by_key(|it| it.threads);
        let most = ratios.last()?.threads;
        let of = format!("on {} under {workload}", prediction.machine);
        // From there on, and not only there.
        let since = ratios.iter().rev().take_while(|it| it.ci_high < 1.0).last();
        let found = match since {
            Some(it) => format!("pays {of} from {} on, up to {most}", counted(it.threads, "thread")),
            None => format!("is not shown to pay {of} at {}", counted(most, "thread")),
        };
        Some(format!("{found} ({})", error(prediction)))
    };
    workloads(prediction).into_iter().filter_map(one).collect()
}

/// The description's own error.
fn error(prediction: &Prediction) -> String {
    prediction
        .error
        .map_or("description's error unknown".to_owned(), |it| format!("description's error {}", percent(it)))
}

fn workloads(prediction: &Prediction) -> Vec<&str> {
    let mut workloads: Vec<&str> = prediction.times.iter().map(|it| it.workload.as_str()).collect();
    workloads.sort_unstable();
    workloads.dedup();
    workloads
}

/// A table for each machine and workload.
pub(super) fn section(model: &Model) -> Option<Block> {
    let tables = model.predictions.iter().flat_map(|prediction| {
        workloads(prediction).into_iter().map(move |workload| Block::Table(table(prediction, workload)))
    });
    let tables: Vec<Block> = tables.collect();
    (!tables.is_empty()).then(|| folded("On more cores (model)", tables))
}

fn table(prediction: &Prediction, workload: &str) -> Table {
    let times: Vec<&ModelTime> = prediction.times.iter().filter(|it| it.workload == workload && it.op == ALL).collect();
    let mut threads: Vec<usize> = times.iter().map(|it| it.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    let own = prediction.error.map_or("unknown".to_owned(), |it| format!("\u{b1}{}", percent(it)));
    let cell = |threads: usize, strategy: &str| {
        let time = times.iter().find(|it| it.threads == threads && it.strategy == strategy);
        Cell::new(time.map_or(NONE.to_owned(), |it| {
            format!("{} ({} to {})", figure(it.ns), figure(it.ns_low), figure(it.ns_high))
        }))
    };
    let row = |threads: &usize| {
        let cells = STRATEGIES.iter().map(|strategy| cell(*threads, strategy));
        [threads.to_string(), own.clone()].map(Cell::new).into_iter().chain(cells).collect()
    };
    Table {
        caption: format!("Model of {}, {workload}: ns per operation", prediction.machine),
        columns: ["threads", "error"].map(Column::words).into_iter().chain(STRATEGIES.map(Column::numbers)).collect(),
        rows: threads.iter().map(row).collect(),
        notes: vec![format!(
            "Model: nothing here was measured. The error is the greatest of a time found in checks of the description{}. In brackets: \
             with all assumed costs at their lowest and at their highest. docs/MODEL.md says what it cannot see.",
            if prediction.error.is_none() {
                ", which was held against nothing"
            } else {
                ""
            }
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ModelRatio;

    fn model(highs: [f64; 3], error: Option<f64>) -> Model {
        let ratio = |(threads, ci_high): (usize, f64)| ModelRatio {
            workload: "hot".to_owned(),
            threads,
            metric: "ns_per_op".to_owned(),
            strategy: PATCH.to_owned(),
            baseline: "mutex".to_owned(),
            ratio: ci_high - 0.1,
            ci_low: ci_high - 0.2,
            ci_high,
        };
        let time = ModelTime {
            workload: "hot".to_owned(),
            strategy: "mutex".to_owned(),
            threads: 4,
            op: ALL.to_owned(),
            ns: 10.0,
            ns_low: 8.0,
            ns_high: 12.0,
        };
        let prediction = Prediction {
            machine: "box".to_owned(),
            error,
            times: vec![time],
            ratios: [1, 2, 4].into_iter().zip(highs).map(ratio).collect(),
        };
        Model { predictions: vec![prediction], ..Model::default() }
    }

    #[test]
    fn it_pays_from_where_it_does_not_stop_paying() {
        for (highs, says) in [
            ([1.2, 0.9, 0.8], " pays on box under hot from 2 threads on, up to 4 (description's error 30 %)."),
            ([0.9, 1.1, 0.8], " from 4 threads on, "),
            ([0.9, 0.9, 1.1], " is not shown to pay on box under hot at 4 threads ("),
        ] {
            let said = sentence(Some(&model(highs, Some(0.3)))).unwrap();
            assert!(said.contains(says), "{said}");
        }
        assert_eq!(sentence(None), None);
    }

    #[test]
    fn each_figure_has_the_descriptions_error() {
        for (error, says) in [(Some(0.3), "\u{b1}30 %"), (None, "unknown")] {
            let model = model([1.0; 3], error);
            let table = table(&model.predictions[0], "hot");
            assert!(table.caption.starts_with("Model of box"));
            assert_eq!(table.rows[0][1].text, says);
            assert_eq!(table.rows[0][2].text, "10.0 (8.00 to 12.0)");
        }
    }
}
