//! `headlock report` on results made up here: that the page follows the files, what it refuses, and how it looks to a browser.

#[path = "support/made.rs"]
mod made;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A result directory that may be changed, and a place around it.
struct Copy {
    place: TempDir,
    dir: PathBuf,
}

/// Two loads, one of them paced: seqlock twice as fast as mutex, hazard the same.
fn made() -> Copy {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    made::write(&dir, "hot", &[("mutex", 10.0), ("seqlock", 5.0), ("hazard", 10.0)]);
    Copy { place, dir }
}

impl Copy {
    /// Runs the command beside the directory.
    fn report(&self, flags: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headlock"));
        command.env("HEADLOCK_STATE", "");
        command.current_dir(self.place.path()).args(["report", "run"]).args(flags).output().unwrap()
    }

    fn markdown(&self) -> String {
        let output = self.report(&["--markdown"]);
        assert!(output.status.success(), "{}", complaint(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn page(&self) -> String {
        let output = self.report(&[]);
        assert!(output.status.success(), "{}", complaint(&output));
        fs::read_to_string(self.dir.join("report.html")).unwrap()
    }

    /// Changes the cells of a column in the rows for which `wanted` holds, given the row by column names.
    fn edit(
        &self,
        file: &str,
        column: &str,
        wanted: impl Fn(&dyn Fn(&str) -> String) -> bool,
        change: impl Fn(f64) -> f64,
    ) {
        let path = self.dir.join(file);
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let header = reader.headers().unwrap().clone();
        let place = |name: &str| header.iter().position(|it| it == name).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(&header).unwrap();
        let mut changed = 0;
        for row in rows {
            let cell = |name: &str| row[place(name)].to_owned();
            let mut cells: Vec<String> = row.iter().map(str::to_owned).collect();
            if wanted(&cell) {
                let value = change(cells[place(column)].parse().unwrap());
                cells[place(column)] = value.to_string();
                changed += 1;
            }
            writer.write_record(cells).unwrap();
        }
        writer.flush().unwrap();
        assert!(changed > 0, "{file} has no such row");
    }

    /// Replaces text in a file, which must be there.
    fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.dir.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_changed_trial_changes_the_verdict_and_the_stale_ratios_are_pointed_at() {
    let copy = made();
    let before = copy.markdown();
    assert!(before.contains("**Justified here: seqlock**"), "{before}");
    assert!(!before.contains("ratios.csv disagrees"), "{before}");

    copy.edit("trials.csv", "ns_per_op", |cell| cell("strategy") == "seqlock", |ns| ns * 4.0);
    let after = copy.markdown();
    assert!(after.contains("**Not justified here**"), "{after}");
    assert!(after.contains("No sound strategy is faster than mutex at any of 2 points"), "{after}");
    assert!(after.contains("ratios.csv disagrees with trials.csv in 3 rows"), "{after}");
}

#[test]
fn every_figure_follows_its_file() {
    let original = made().markdown();
    let is = |strategy: &'static str| move |cell: &dyn Fn(&str) -> String| cell("strategy") == strategy;
    type Change<'a> = (&'a str, &'a dyn Fn(&Copy));
    let changes: [Change<'_>; 7] = [
        ("seqlock is faster than mutex at each of 2 points", &|copy| {
            copy.edit("trials.csv", "ns_per_op", is("seqlock"), |ns| ns * 0.9);
        }),
        ("It saves", &|copy| copy.edit("trials.csv", "lock_acquisitions", is("mutex"), |count| count * 3.0)),
        ("| seqlock | 5.00 |", &|copy| copy.edit("trials.csv", "ns_per_op", is("seqlock"), |ns| ns * 1.1)),
        ("| seqlock | deadline |", &|copy| copy.edit("latency.csv", "p99_ns", is("seqlock"), |ns| ns + 7.0)),
        ("The load as played", &|copy| {
            copy.edit("latency.csv", "count", |cell| cell("op") == "modify", |count| count * 3.0);
        }),
        ("- **Trials**", &|copy| copy.replace("trials.csv", ",false,", ",true,")),
        ("- **Clock**", &|copy| copy.replace("run.json", "\"pair_cost_ns\": 10.5", "\"pair_cost_ns\": 20.5")),
    ];
    for (beginning, change) in changes {
        let copy = made();
        change(&copy);
        let changed = copy.markdown();
        let before = original.lines().find(|line| line.starts_with(beginning));
        let before = before.unwrap_or_else(|| panic!("no `{beginning}` in {original}"));
        assert!(!changed.lines().any(|line| line == before), "{beginning} stayed: {before}");
    }
}

#[test]
fn equal_files_give_equal_pages_with_their_pictures_inside() {
    let copy = made();
    fs::create_dir(copy.dir.join("plots")).unwrap();
    let svg = "<svg viewBox=\"0 0 10 10\" xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M 0 0 L 9 9\"/></svg>";
    for name in ["locks", "ratios"] {
        fs::write(copy.dir.join("plots").join(name).with_extension("svg"), svg).unwrap();
    }
    let page = copy.page();
    assert_eq!(page, copy.page());
    assert_eq!(page.matches("<svg class=\"plot\"").count(), 1, "ratios are drawn in the tables");
    assert!(page.matches("<svg class=\"interval\"").count() > 4);
    assert!(!page.contains("src=") && !page.contains("<script"));
}

#[test]
fn a_page_and_the_answer_in_other_forms_agree() {
    let copy = made();
    let output = copy.report(&["--json"]);
    let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(data["answer"], "Justified here: seqlock");
    assert_eq!(data["missing"], serde_json::json!([]));
    assert!(copy.markdown().contains("Justified here: seqlock") && copy.page().contains("Justified here: seqlock"));
}

#[test]
fn a_run_that_was_interrupted_says_so() {
    let copy = made();
    copy.replace("run.json", "\"state\": \"complete\"", "\"state\": \"interrupted\"");
    copy.replace("run.json", "\"message\": null", "\"message\": \"interrupted by the user\"");
    let page = copy.page();
    assert!(page.contains("This run is not whole: it was interrupted."), "{page}");
    assert!(page.contains("Every figure rests on 160 trials in 16 blocks."), "{page}");
}

#[test]
fn a_run_without_a_trial_has_a_page_too() {
    let copy = made();
    let header = fs::read_to_string(copy.dir.join("trials.csv")).unwrap().lines().next().unwrap().to_owned();
    fs::write(copy.dir.join("trials.csv"), header + "\n").unwrap();
    copy.replace("run.json", "\"state\": \"complete\"", "\"state\": \"running\"");
    for file in ["latency.csv", "ratios.csv"] {
        fs::remove_file(copy.dir.join(file)).unwrap();
    }
    let text = copy.markdown();
    assert!(text.contains("**Nothing can be said**"), "{text}");
    assert!(text.contains("it is under way, or was killed. It has no trial."), "{text}");
}

#[test]
fn pictures_that_are_missing_are_named_with_their_command_and_nothing_is_started() {
    use std::os::unix::fs::PermissionsExt;
    let copy = made();
    let scripts = copy.place.path().join("scripts");
    fs::create_dir(&scripts).unwrap();
    let bait = scripts.join("plot");
    fs::write(&bait, "#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\n").unwrap();
    fs::set_permissions(&bait, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(copy.page().contains("scripts/plot run"));
    assert!(!scripts.join("started").exists());
}

#[test]
fn the_counts_of_verify_stand_beside_what_is_declared() {
    let copy = made();
    let rows = "strategy,check,tried,broken,declared,seconds,verdict,early,late_with_rearm,late_without_rearm,unjudged,changes,\
                frees,frees_in_crowds,peak_unreclaimed,unreclaimed,outcomes\n\
                hazard,fresh,1562000,107810,racy,3.000,racy,12,34,107810,0,99,,,,,early: 12 interesting\n\
                hazard,reclaim,5000,0,always,1.000,kept,,,,,,4096,512,321,0,\n\
                seqlock,model,10,1,always,1.000,broken,,,,,,,,,,\n";
    fs::create_dir(copy.dir.join("verify")).unwrap();
    fs::write(copy.dir.join("verify/verify.csv"), rows).unwrap();
    let text = copy.markdown();
    assert!(
        text.contains("verify judged 1,562,000 answers: 107,810 later than the truth with no rearm on its way"),
        "{text}"
    );
    assert!(text.contains("4,096 were freed and at most 321 waited"), "{text}");
    assert!(text.contains("Not counted: seqlock, verify found model broken"), "{text}");
}

/// A study of two parts, of which one more was to be played.
fn study() -> Copy {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    fs::create_dir(&dir).unwrap();
    for part in ["points", "memory"] {
        made::write(&dir.join(part), "hot", &[("mutex", 10.0), ("rcu-epoch", 5.0), ("atomic-deadline", 4.0)]);
    }
    let part = |role: &str, state: Option<&str>| serde_json::json!({ "role": role, "path": role, "command": ["headlock", "run"], "state": state });
    let study = serde_json::json!({
        "schema_version": headlock::record::SCHEMA_VERSION, "study": "made-up", "headlock_version": "0.1.0",
        "command": ["headlock", "study", "made-up"], "budget_ns": 1, "host": headlock::record::Host::default(),
        "parts": [part("points", Some("complete")), part("memory", Some("complete")), part("crossover", None)],
        "traces": [], "left_out": ["boot in strict order"],
        "started": "2026-11-24T18:06:42Z", "ended": null, "state": "interrupted",
    });
    fs::write(dir.join("study.json"), study.to_string()).unwrap();
    Copy { place, dir }
}

#[test]
fn a_study_has_its_claims_in_one_table_and_names_what_was_dropped() {
    let copy = study();
    let text = copy.markdown();
    for expected in [
        "# Study made-up",
        "This study is not whole. Unfinished parts: crossover (not played).",
        "The budget was too short for boot in strict order.",
        "Under test: ",
        "| So there is a net advantage. | Holds in time | Against mutex, rcu-epoch is faster at 2 of 2 points",
        "<summary>Part points: 16 blocks</summary>",
        "<summary>Part memory: 16 blocks</summary>",
        "    headlock study made-up --out NEW",
        "32 blocks in 2 runs",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(text.matches("<summary>The host</summary>").count(), 1);
    assert!(copy.page().len() < 1_500_000);
    let page = copy.dir.join("report.html");
    if let Some(output) = check_page(&[&page], &["--height", "6000", "--words", "2000"]) {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", complaint(&output));
    }
}

#[test]
fn what_cannot_be_read_or_written_is_one_clear_line() {
    let fails = |change: &dyn Fn(&Copy), flags: &[&str], says: &str| {
        let copy = made();
        change(&copy);
        let output = copy.report(flags);
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(complaint.lines().last().unwrap().contains(says), "{complaint}");
        assert!(!copy.dir.join("report.html").exists());
    };
    fails(&|copy| fs::remove_file(copy.dir.join("run.json")).unwrap(), &[], "cannot read run/run.json: ");
    fails(&|copy| fs::remove_file(copy.dir.join("trials.csv")).unwrap(), &[], "cannot read run/trials.csv: ");
    fails(&|copy| copy.replace("trials.csv", ",mutex,1,", ",mutex,one,"), &[], "run/trials.csv:");
    fails(&|copy| copy.replace("latency.csv", "service", "sermon"), &[], "run/latency.csv:");
    fails(&|_| (), &["--out", "none/page.html"], "cannot create none/page.html: ");
    fails(&|_| (), &["--out", "run"], "cannot create run: it is a directory");
    fails(&|_| (), &["--out", "run/trials.csv"], "run/trials.csv is there and is no page of headlock's");
    fails(
        &|copy| copy.edit("trials.csv", "ns_per_op", |_| true, |_| f64::NAN),
        &[],
        "run/trials.csv:2: ns_per_op: not a",
    );
    fails(&|copy| fs::write(copy.dir.join("study.json"), "{").unwrap(), &[], "run/study.json:1: ");
    let a_directory = |copy: &Copy| {
        fs::remove_file(copy.dir.join("latency.csv")).unwrap();
        fs::create_dir(copy.dir.join("latency.csv")).unwrap();
    };
    fails(&a_directory, &[], "; expected a file there, such as headlock run writes");
}

/// `scripts/check-page`; `None` where there is no browser, and says so.
fn check_page(pages: &[&Path], flags: &[&str]) -> Option<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check-page");
    let output = match Command::new("python3").arg("-B").arg(script).args(pages).args(flags).output() {
        Ok(output) if output.status.code() == Some(77) => {
            eprintln!("skipped: {}", complaint(&output).trim());
            return None;
        }
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: python3: {error}");
            return None;
        }
    };
    Some(output)
}

#[test]
fn a_browser_finds_nothing_wrong_with_the_page() {
    let copy = made();
    // Once as it opens, and once with all of it unfolded.
    let page = copy.page();
    let open = copy.dir.join("open.html");
    fs::write(&open, page.replace("<details ", "<details open ")).unwrap();
    if let Some(output) = check_page(&[&copy.dir.join("report.html"), &open], &[]) {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", complaint(&output));
    }
}

#[test]
fn a_browser_finds_what_is_wrong_with_a_bad_page() {
    let place = tempfile::tempdir().unwrap();
    let page = place.path().join("bad.html");
    let body = "<h1>a</h1><div style=\"width:900px\">wide</div><img src=\"data:,\"><svg viewBox=\"0 0 1 1\"></svg>\
                <p style=\"user-select:none\">fixed</p><p style=\"color:#ddd\">pale</p><p style=\"font-size:5px\">small</p>\
                <table><tr><td>x</td></tr></table><script>console.error('noise')</script>";
    fs::write(&page, format!("<!DOCTYPE html><html lang=\"en\"><title>t</title><body>{body}")).unwrap();
    let Some(output) = check_page(&[&page], &["--height", "20", "--words", "2"]) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}{}", complaint(&output));
    for problem in [
        "400 pixels, light: the page is 9",
        "without alt text",
        "a drawing without a label",
        "cannot be selected",
        "contrast of 1.",
        "too small to read",
        "a table without caption",
        "pixels high; expected 20 at most",
        "words; expected 2 at most",
        "console: [{",
    ] {
        assert!(said.contains(problem), "{problem}: {said}");
    }
}
