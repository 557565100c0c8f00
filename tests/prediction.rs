//! A model's result directory, made up here: what `report` says of it, what `compare` makes of it, and who refuses it.

#[path = "support/made.rs"]
mod made;

use std::path::Path;
use std::process::{Command, Output};

use headlock::export::{Played, Prediction, write_prediction};
use headlock::record::{ALL, Predicted, RunRecord, Trial};
use headlock::stats::predicted_ratios;
use headlock::workload::Workload;
use serde_json::json;

/// With costs stated, lowest and highest, ns: at 1 thread the range of seqlock holds 1, at 2 it does not.
const NS: [(&str, usize, [f64; 3]); 4] = [
    ("mutex", 1, [10.0, 8.0, 12.0]),
    ("seqlock", 1, [9.0, 4.0, 13.0]),
    ("mutex", 2, [80.0, 70.0, 90.0]),
    ("seqlock", 2, [20.0, 14.0, 27.0]),
];

/// A prediction for a machine of that name, with its times so many times over.
fn predict(dir: &Path, machine: &str, times: f64) {
    let played: Vec<Played> = NS
        .iter()
        .flat_map(|&(strategy, threads, ns)| {
            let play = move |(block, costs): (usize, &'static str)| Played {
                trial: Trial {
                    workload: "hot".to_owned(),
                    threads,
                    ..made::trial(strategy, block, ns[block] * times)
                },
                costs,
                parks: 0,
            };
            ["stated", "lowest", "highest"].into_iter().enumerate().map(play)
        })
        .collect();
    let trials: Vec<Trial> = played.iter().map(|it| it.trial.clone()).collect();
    let predicted = NS.map(|(strategy, threads, [ns, low, high])| Predicted {
        workload: "hot".to_owned(),
        strategy: strategy.to_owned(),
        threads,
        op: ALL.to_owned(),
        ns: ns * times,
        ns_low: low * times,
        ns_high: high * times,
    });
    let run: RunRecord = serde_json::from_value(json!({
        "schema_version": 2,
        "headlock_version": "0.1.0",
        "command": ["scripts/model", "predict", "--machine", machine, "--out", "somewhere"],
        "parameters": {
            "command": "predict",
            "workloads": [Workload::preset("hot").unwrap()],
            "threads": [1, 2],
            "machine": { "name": machine, "summary": "made up", "cores": 2, "error": { "time": 0.25, "against": "nothing real" } },
            "assumed": ["pause"],
            "strategies": ["mutex", "seqlock"],
            "baseline": "mutex",
            "trial_ns": 0,
            "deciding_only": false,
            "isolation": "slices",
            "threshold": 0.01,
            "seed": 1,
            "cpus": [],
            "patience_ns": 0,
        },
        "host": { "hostname": machine },
        "warnings": ["These figures come from a model of a machine; nothing was measured."],
        "started": "2026-11-24T18:06:42Z",
        "ended": "2026-11-24T18:07:12Z",
        "state": "complete",
        "message": null,
    }))
    .unwrap();
    let prediction = Prediction {
        run: &run,
        played: &played,
        predicted: &predicted,
        ratios: &predicted_ratios(&trials, "mutex", 0.01),
        description: "name = \"made up\"\n",
    };
    write_prediction(dir, &prediction).unwrap();
}

fn headlock(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headlock")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_page_says_model_in_title_verdict_and_every_table() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("model");
    predict(&of, "lab", 1.0);
    let answer = headlock(&["report", of.to_str().unwrap(), "--markdown"]);
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    let page = text(&answer.stdout);
    assert!(page.starts_with("# mutex and its rivals on lab: model, not measured\n"), "{page}");
    assert!(page.contains("**Model, not measured: faster with many threads: seqlock**"), "{page}");
    assert!(
        page.contains("Model: seqlock on hot pays at every number of threads played (range 1 to 2)."),
        "{page}"
    );
    let captions: Vec<&str> = page.lines().filter(|line| line.contains("time relative to")).collect();
    assert_eq!(captions.len(), 3, "{page}");
    assert!(captions.iter().all(|line| line.contains("model, not measured")), "{captions:?}");
    // Every row of every table has the error, and no range is called an interval.
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| mutex") || line.starts_with("| seqlock")).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.contains("±25 %")), "{rows:?}");
    assert!(!page.replace("no confidence interval", "").contains("interval"), "{page}");
    assert!(page.contains("0.900 unclear | 0.250 faster"), "{page}");
    let json: serde_json::Value =
        serde_json::from_slice(&headlock(&["report", of.to_str().unwrap(), "--json"]).stdout).unwrap();
    assert_eq!(json["kind"], "model");
    assert_eq!(json["pays_from"][0]["threads"], json!({ "stated": 1, "least": 1, "most": 2 }));
}

#[test]
fn every_file_says_model() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("model");
    predict(&of, "lab", 1.0);
    for name in ["trials.csv", "ratios.csv", "operations.csv"] {
        let file = std::fs::read_to_string(of.join(name)).unwrap();
        let mut lines = file.lines();
        assert!(lines.next().unwrap().ends_with(",kind"), "{name}");
        assert!(lines.all(|line| line.ends_with(",model")), "{name}");
    }
    let run: serde_json::Value = serde_json::from_slice(&std::fs::read(of.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["kind"], "model");
}

#[test]
fn a_prediction_is_compared_with_its_like_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for (name, machine, times) in [("a", "lab", 1.0), ("b", "lab", 1.5), ("other", "elsewhere", 1.0)] {
        predict(&path(name), machine, times);
    }
    let compare = |a: &Path, b: &Path| {
        let answer = headlock(&["compare", a.to_str().unwrap(), b.to_str().unwrap()]);
        (answer.status.code(), text(&answer.stdout), text(&answer.stderr))
    };
    let (code, out, err) = compare(&path("a"), &path("b"));
    assert_eq!(code, Some(3), "{err}");
    assert!(out.contains("B compared with A: model, not measured") && out.contains("1.500"), "{out}");
    let (code, _, err) = compare(&path("a"), &path("other"));
    assert_eq!(code, Some(1));
    assert!(err.contains("they differ in the machine (lab and elsewhere: name)"), "{err}");
    let measured = path("measured");
    made::write(&measured, "hot", &[("mutex", 10.0), ("seqlock", 2.0)]);
    for (a, b) in [(path("a"), measured.clone()), (measured, path("a"))] {
        let (code, out, err) = compare(&a, &b);
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
        assert!(err.contains("what was predicted is not compared with what was measured"), "{err}");
    }
}

#[test]
fn a_trace_is_predicted_as_a_workload_is() {
    let dir = tempfile::tempdir().unwrap();
    let played = |name: &str, checksum: &str| {
        let of = dir.path().join(name);
        predict(&of, "lab", 1.0);
        let file = of.join("run.json");
        let mut run: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        run["parameters"]["workloads"] = json!([]);
        run["parameters"]["traces"] =
            json!([{ "path": "hot.csv", "workload": "hot", "checksum": checksum, "rows": 9, "recorded_fires": 1 }]);
        std::fs::write(&file, run.to_string()).unwrap();
        of.to_str().unwrap().to_owned()
    };
    let (a, b) = (played("a", "00000001"), played("b", "00000002"));
    let page = text(&headlock(&["report", &a, "--markdown"]).stdout);
    assert!(page.contains("hot, model, not measured: time relative to mutex; below 1 is faster"), "{page}");
    let answer = headlock(&["compare", &a, &b]);
    assert_eq!(answer.status.code(), Some(1));
    let said = text(&answer.stderr);
    assert!(said.contains("they differ in the content of trace hot"), "{said}");
}

#[test]
fn no_run_goes_on_from_a_prediction() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("model");
    predict(&of, "lab", 1.0);
    let config = of.join("run.json");
    let answer = headlock(&["run", "--config", config.to_str().unwrap(), "--blocks", "1"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(
        text(&answer.stderr).contains("it is of a model, which measured nothing"),
        "{}",
        text(&answer.stderr)
    );
    let answer = headlock(&["run", "-w", "hot", "--blocks", "1", "--resume", of.to_str().unwrap()]);
    assert_eq!(answer.status.code(), Some(1), "{}", text(&answer.stderr));
}
