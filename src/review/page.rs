//! The whole document.

use super::document::{Block, Document, Section, Tone, Verdict};
use super::part::Reading;
use super::standing::{Answer, Scores};
use super::words::{counted, duration, list, threads};
use super::{Material, Study, costs, crossover, figures, host, latency, locks, notices, plots, verdict};
use crate::record::{CheckRow, Claim};

/// The document of these results.
pub fn document(material: &Material) -> Document {
    let readings: Vec<Reading<'_>> = material.parts.iter().map(Reading::new).collect();
    let checks = checks(material);
    let scores = Scores::new(&readings, &material.declarations, &checks);
    let (answer, tone) = verdict::headline(&scores, material.study.as_ref());
    let several = readings.len() > 1;
    let mut notices: Vec<String> = readings.iter().flat_map(|reading| notices::of_part(reading, several)).collect();
    notices.extend(material.study.iter().filter_map(|study| study.unfinished.clone()));
    Document {
        kind: "Design review".to_owned(),
        title: title(material, &scores),
        facts: header(&readings),
        notices,
        verdict: Some(Verdict {
            question: question(material, &readings, &scores),
            answer,
            tone,
            sentences: verdict::sentences(&scores, &readings, material),
        }),
        blocks: sections(material, &readings, &scores, &checks).into_iter().map(Block::Section).collect(),
        data: serde_json::Value::Null,
    }
}

/// Every check of every part, whichever directory it was found in.
fn checks(material: &Material) -> Vec<CheckRow> {
    material.parts.iter().flat_map(|part| part.checks.iter().flatten().cloned()).collect()
}

fn title(material: &Material, scores: &Scores) -> String {
    match &material.study {
        Some(study) => study.title.clone(),
        None => {
            let mut workloads: Vec<&str> = scores.places.iter().map(|place| place.point.workload.as_str()).collect();
            workloads.dedup();
            format!(
                "{} and its rivals on {}",
                scores.baseline,
                if workloads.is_empty() {
                    "nothing yet".to_owned()
                } else {
                    list(&workloads)
                }
            )
        }
    }
}

fn header(readings: &[Reading<'_>]) -> Vec<String> {
    let Some(first) = readings.first() else {
        return Vec::new();
    };
    let run = &first.part.run;
    let mut facts = vec![run.started.strftime("%-d %B %Y").to_string(), run.host.hostname.clone()];
    facts.extend(run.host.cpu_model.clone());
    let spent: f64 = readings
        .iter()
        .filter_map(|it| Some(it.part.run.ended?.duration_since(it.part.run.started).as_nanos() as f64))
        .sum();
    let blocks: usize = readings.iter().map(Reading::blocks).sum();
    facts.push(match readings.len() {
        1 => counted(blocks, "block"),
        runs => format!("{} in {}", counted(blocks, "block"), counted(runs, "run")),
    });
    if spent > 0.0 {
        facts.push(format!("measured in {}", duration(spent)));
    }
    if !run.warnings.is_empty() {
        facts.push(format!("{} about the host", counted(run.warnings.len(), "warning")));
    }
    facts.push(format!("headlock {}", run.headlock_version));
    facts
}

fn question(material: &Material, readings: &[Reading<'_>], scores: &Scores) -> String {
    if let Some(study) = &material.study {
        return match verdict::of_study(study) {
            Some(claim) => format!(
                "Under test: {} {} held against {}.",
                claim.claim,
                counted(study.claims.len(), "claim"),
                counted(readings.len(), "run")
            ),
            None => {
                format!("{} held against {}.", counted(study.claims.len(), "claim"), counted(readings.len(), "run"))
            }
        };
    }
    let mut workloads: Vec<String> = Vec::new();
    for place in &scores.places {
        let counts: Vec<String> = scores
            .places
            .iter()
            .filter(|it| it.point.workload == place.point.workload)
            .map(|it| it.point.threads.to_string())
            .collect();
        let on = match &counts[..] {
            [_] => format!("{} with {}", place.point.workload, threads(place.point.threads)),
            _ => format!("{} with {} threads", place.point.workload, list(&counts)),
        };
        if !workloads.contains(&on) {
            workloads.push(on);
        }
    }
    let rivals = scores.standings.len();
    let reading = readings.first();
    let baseline = reading.map_or("the baseline", |reading| reading.baseline);
    format!(
        "Should something other than {baseline} guard the head of the timer list? {} compared with it{}.",
        if rivals == 1 {
            "One other way was".to_owned()
        } else {
            format!("{rivals} other ways were")
        },
        if workloads.is_empty() {
            String::new()
        } else {
            format!(" on {}", list(&workloads))
        }
    )
}

fn sections(material: &Material, readings: &[Reading<'_>], scores: &Scores, checks: &[CheckRow]) -> Vec<Section> {
    let mut sections = Vec::new();
    if let Some(study) = material.study.as_ref().filter(|study| !study.claims.is_empty()) {
        sections.push(claims(study));
    }
    match readings {
        [only] => sections.extend(of_part(only, scores)),
        several => sections.extend(several.iter().map(|reading| {
            let own = Scores::new(std::slice::from_ref(reading), &material.declarations, checks);
            let mut parts = of_part(reading, &own);
            parts.push(Section::new("Run this part again", host::again(&reading.part.run.command, &reading.part.name)));
            Section::new(&reading.part.name, parts.into_iter().map(Block::Section).collect())
        })),
    }
    let verify = format!("headlock verify --out {}", super::words::shell(&format!("{}/verify", material.directory)));
    sections.push(Section::new(
        "What each strategy gives up",
        costs::blocks(readings, &material.declarations, checks, &verify),
    ));
    if let Some(first) = readings.first() {
        sections.push(Section::new("The host", host::host(&first.part.run)));
        let others = readings.iter().skip(1).filter(|it| it.part.run.host != first.part.run.host);
        sections
            .extend(others.map(|it| Section::new(format!("The host of {}", it.part.name), host::host(&it.part.run))));
        let command = material.study.as_ref().map_or(&first.part.run.command, |study| &study.command);
        sections.push(Section::new("Run it again", host::again(command, &material.directory)));
    }
    sections.push(Section::new("How to read this", vec![Block::List(reading_rules(scores))]));
    sections
}

/// The sections of one result directory.
fn of_part(reading: &Reading<'_>, scores: &Scores) -> Vec<Section> {
    let part = reading.part;
    let mut sections = Vec::new();
    if scores.answer() != Answer::Nothing {
        let mut blocks = figures::glance(reading, scores);
        blocks.extend(part.plots_missing.clone().map(Block::Notice));
        blocks.extend(plots::ratios(part, false));
        sections.push(Section::new("At a glance", blocks));
    }
    // A search for crossings measures many points, few of them for their own sake.
    if !reading.points.is_empty() && part.crossings.is_empty() {
        sections.extend(in_full(reading));
    }
    let mut blocks = plots::figures(part, "crossover");
    blocks.extend(crossover::blocks(part));
    if !blocks.is_empty() {
        sections.push(Section::new("From which load on it pays", blocks));
    }
    let mut others = plots::figures(part, "reclaim");
    others.extend(plots::figures(part, ""));
    if !others.is_empty() {
        sections.push(Section::new("More pictures", others));
    }
    sections.push(Section::new("What was measured", host::measured(reading)));
    sections
}

/// Times, latency and locks, point by point.
fn in_full(reading: &Reading<'_>) -> Vec<Section> {
    let part = reading.part;
    let times = [
        vec![Block::Text(figures::definitions(reading))],
        plots::figures(part, "throughput"),
        plots::ratios(part, true),
        reading.points.iter().map(|point| Block::Section(figures::point(reading, point))).collect(),
    ];
    let tails = [
        vec![Block::Text(latency::DEFINITIONS.to_owned())],
        plots::figures(part, "latency"),
        latency::blocks(reading),
    ];
    let counts = [
        vec![Block::Text(locks::DEFINITIONS.to_owned())],
        plots::figures(part, "locks"),
        locks::blocks(reading),
    ];
    vec![
        Section::new("Every point in full", times.concat()),
        Section::new("Latency, and the machine's own tail", tails.concat()),
        Section::new("Lock acquisitions", counts.concat()),
    ]
}

fn claims(study: &Study) -> Section {
    let claim = |it: &Claim| {
        let files = if it.files.is_empty() {
            String::new()
        } else {
            format!(", from {}", it.files.join(", "))
        };
        Block::Verdict(Verdict {
            question: it.claim.clone(),
            answer: it.answer.clone(),
            tone: Tone::Plain,
            sentences: it.evidence.iter().cloned().chain([format!("Claim {}{files}.", it.id)]).collect(),
        })
    };
    Section::new("The claims", study.claims.iter().map(claim).collect())
}

fn reading_rules(scores: &Scores) -> Vec<String> {
    let baseline = &scores.baseline;
    let rules = [
        format!(
            "A change is called justified if some strategy is faster than {baseline} somewhere, slower nowhere, and keeps a poller \
             from oversleeping: a racy strategy justifies nothing, however fast it is."
        ),
        "A block holds a trial of every strategy; ratios are taken inside blocks, blocks are the sample, and intervals are of \
         the median over them, corrected for their number so that all of a run hold at once with 95 %."
            .to_owned(),
        format!(
            "The A/A control is {baseline} measured a second time as if it were another strategy. How far its interval reaches from \
             1 is what the run can resolve; no difference within it is called one."
        ),
        "The floor does nothing: its time is the harness's own cost, its tail the machine's.".to_owned(),
        "Not claimed: anything about another machine, another load, or a program around the list. docs/METHOD.md gives each rule \
         and its source."
            .to_owned(),
        "Every figure is computed from the directory's result files each time this page is made.".to_owned(),
    ];
    rules.to_vec()
}
