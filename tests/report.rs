//! `headlock report` on copies of the reference results: that the page follows the files, what it refuses, and how it looks to a
//! browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A result directory that may be changed, and a place beside it.
struct Copy {
    place: TempDir,
    dir: PathBuf,
}

/// A copy of committed results, their pictures included if asked for.
fn copy(name: &str, plots: bool) -> Copy {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("results").join(name);
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    copy_files(&from, &dir);
    if plots {
        copy_files(&from.join("plots"), &dir.join("plots"));
    }
    Copy { place, dir }
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.extension().is_none_or(|it| it != "png") {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

impl Copy {
    /// Runs the command where no checkout can be found, so that nothing draws pictures.
    fn report(&self, flags: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headlock"));
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

/// The paragraph that begins so.
fn paragraph<'a>(text: &'a str, beginning: &str) -> &'a str {
    text.lines()
        .find(|line| line.starts_with(beginning))
        .unwrap_or_else(|| panic!("no `{beginning}` in {text}"))
}

#[test]
fn a_changed_trial_changes_the_verdict_and_the_stale_ratios_are_pointed_at() {
    let copy = copy("reference-disk-strict", false);
    let before = copy.markdown();
    assert!(before.contains("**Justified here: atomic-deadline**"), "{before}");
    assert!(!before.contains("ratios.csv disagrees"), "{before}");

    // Every rival twice as slow.
    let rival = |cell: &dyn Fn(&str) -> String| !["mutex", "floor", "aa-control"].contains(&cell("strategy").as_str());
    copy.edit("trials.csv", "ns_per_op", rival, |ns| ns * 2.0);
    let after = copy.markdown();
    assert!(after.contains("**Not justified here**"), "{after}");
    assert!(
        after.contains("A change is not justified here: no strategy that can be relied on is faster than mutex"),
        "{after}"
    );
    assert!(after.contains("ratios.csv disagrees with trials.csv in 12 rows"), "{after}");
}

#[test]
fn every_sentence_with_a_figure_follows_its_file() {
    let original = copy("reference-hot-paced", false).markdown();
    let is = |strategy: &'static str| move |cell: &dyn Fn(&str) -> String| cell("strategy") == strategy;
    type Change<'a> = (&'a str, &'a dyn Fn(&Copy));
    let changes: [Change<'_>; 9] = [
        ("A change is justified", &|copy| {
            copy.edit("trials.csv", "ns_per_op", is("atomic-deadline"), |ns| ns * 0.9);
        }),
        ("All 42 intervals", &|copy| {
            copy.edit("trials.csv", "ns_per_op", is("aa-control"), |ns| ns * 1.001);
        }),
        ("It saves", &|copy| {
            copy.edit("trials.csv", "lock_acquisitions", is("atomic-deadline"), |count| count * 3.0);
        }),
        ("- seqlock: ", &|copy| copy.edit("trials.csv", "ns_per_op", is("seqlock"), |ns| ns * 1.1)),
        ("| seqlock | 14.3", &|copy| copy.edit("trials.csv", "ns_per_op", is("seqlock"), |ns| ns * 1.1)),
        ("On hot with 1 thread, 99 of 100", &|copy| {
            copy.edit("latency.csv", "p99_ns", is("mutex"), |ns| ns + 7.0);
        }),
        ("On hot with 1 thread mutex takes the lock", &|copy| {
            copy.edit("trials.csv", "lock_acquisitions", is("mutex"), |count| count * 2.0);
        }),
        ("- **Trials**", &|copy| copy.replace("trials.csv", ",false,", ",true,")),
        ("- **Clock**", &|copy| copy.replace("run.json", "\"pair_cost_ns\": 10.2", "\"pair_cost_ns\": 20.2")),
    ];
    for (beginning, change) in changes {
        let copy = copy("reference-hot-paced", false);
        change(&copy);
        let changed = copy.markdown();
        let before = paragraph(&original, beginning);
        let at = original.lines().position(|line| line == before).unwrap();
        assert_ne!(
            Some(before),
            changed.lines().filter(|line| !line.starts_with("> **Note:** ratios.csv")).nth(at),
            "{beginning}"
        );
        assert!(!changed.lines().any(|line| line == before), "{beginning} stayed: {before}");
    }
}

#[test]
fn equal_files_give_equal_pages() {
    let copy = copy("reference-hot-paced", true);
    let page = copy.page();
    assert_eq!(page, copy.page());
    assert_eq!(page.matches("<svg class=\"plot\"").count(), 6);
    assert!(!page.contains("src=") && !page.contains("<script"));
}

#[test]
fn a_run_that_was_interrupted_says_so() {
    let copy = copy("reference-hot-paced", false);
    copy.replace("run.json", "\"state\": \"complete\"", "\"state\": \"interrupted\"");
    copy.replace("run.json", "\"message\": null", "\"message\": \"interrupted by the user\"");
    let page = copy.page();
    assert!(page.contains("This run is not whole: it was interrupted (interrupted by the user)."), "{page}");
    assert!(page.contains("What follows rests on what it has: 1,911 trials in 34 blocks."), "{page}");
}

#[test]
fn a_run_without_a_trial_has_a_page_too() {
    let copy = copy("reference-disk-strict", false);
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
fn pictures_that_are_missing_are_named_with_the_command_that_draws_them() {
    let copy = copy("reference-disk-strict", false);
    let output = copy.report(&[]);
    assert!(output.status.success());
    assert!(complaint(&output).contains("`scripts/plot run` draws them"), "{}", complaint(&output));
    let page = fs::read_to_string(copy.dir.join("report.html")).unwrap();
    assert!(page.contains("`scripts/plot run` draws them"));
}

#[test]
fn the_counts_of_verify_stand_beside_what_is_declared() {
    let copy = copy("reference-disk-strict", false);
    let rows = "strategy,check,tried,broken,declared,seconds,verdict,early,late_with_rearm,late_without_rearm,unjudged,changes,\
                frees,peak_unreclaimed,unreclaimed\n\
                rcu-epoch,fresh,1562000,107810,racy,3.000,racy,12,34,107810,0,99,,,\n\
                rcu-epoch,reclaim,5000,0,always,1.000,kept,,,,,,4096,321,0\n\
                seqlock,model,10,1,always,1.000,broken,,,,,,,,\n";
    fs::create_dir(copy.dir.join("verify")).unwrap();
    fs::write(copy.dir.join("verify/verify.csv"), rows).unwrap();
    let text = copy.markdown();
    assert!(
        text.contains("verify judged 1,562,000 answers: 107,810 later than the truth with no rearm on its way"),
        "{text}"
    );
    assert!(text.contains("4,096 were freed and at most 321 waited"), "{text}");
    assert!(text.contains("seqlock, verify found model broken, does not count"), "{text}");
}

#[test]
fn a_study_has_its_claims_and_a_section_for_each_part() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    for (part, from) in [("hot", "reference-hot-paced"), ("disk", "reference-disk-strict")] {
        let copy = copy(from, false);
        copy_files(&copy.dir, &dir.join(part));
    }
    let parts: Vec<serde_json::Value> = ["hot", "disk", "later"]
        .into_iter()
        .map(|part| serde_json::json!({ "role": part, "path": part, "command": ["headlock", "run"], "state": null }))
        .collect();
    let host = headlock::record::Host::default();
    let study = serde_json::json!({
        "schema_version": headlock::record::SCHEMA_VERSION, "study": "made-up", "headlock_version": "0.1.0",
        "command": ["headlock", "study", "made-up"], "budget_ns": 1, "host": host, "parts": parts, "traces": [],
        "started": "2026-11-24T18:06:42Z", "ended": null, "state": "interrupted",
    });
    fs::write(dir.join("study.json"), study.to_string()).unwrap();
    let copy = Copy { place, dir };
    let text = copy.markdown();
    for expected in [
        "# Study made-up",
        "This study is not whole: it was interrupted. Not played: later.",
        "Under test: ",
        "\n## The claims\n",
        "\n## hot\n",
        "\n### At a glance\n",
        "\n## disk\n",
        "    headlock study made-up --out NEW",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert_eq!(text.matches("\n## The host\n").count(), 1);
    let page = copy.page();
    assert!(page.contains("<section class=\"verdict\" aria-label=\"Verdict\">\n<h3>"), "{page}");
    if let Some(output) = check_page(&[&copy.dir.join("report.html")]) {
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", complaint(&output));
    }
}

#[test]
fn what_cannot_be_read_or_written_is_one_clear_line() {
    let fails = |change: &dyn Fn(&Copy), flags: &[&str], says: &str| {
        let copy = copy("reference-disk-strict", false);
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
    fails(&|copy| fs::write(copy.dir.join("study.json"), "{").unwrap(), &[], "run/study.json:1: ");
}

/// `scripts/check-page`; `None` where there is no browser, and says so.
fn check_page(pages: &[&Path]) -> Option<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/check-page");
    let output = match Command::new("python3").arg("-B").arg(script).args(pages).output() {
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
    let (hot, disk) = (copy("reference-hot-paced", true), copy("reference-disk-strict", true));
    hot.page();
    disk.page();
    let pages = [hot.dir.join("report.html"), disk.dir.join("report.html")];
    if let Some(output) = check_page(&[&pages[0], &pages[1]]) {
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
    let Some(output) = check_page(&[&page]) else { return };
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
        "console: [{",
    ] {
        assert!(said.contains(problem), "{problem}: {said}");
    }
}
