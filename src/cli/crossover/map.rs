//! Two things varied at once: a grid of ratios and verdicts.

use super::super::answer::{Form, present};
use super::super::failure::{Failure, usage};
use super::super::session::{self, Request, RunsArgs, Session};
use super::Base;
use super::args::CrossoverArgs;
use crate::answers;
use crate::export::write_map;
use crate::record::{AA_CONTROL, MapCell, Point};

/// Values along each axis.
const GRID: usize = 5;

/// A cell's place: the point that is measured there.
struct Place {
    x: f64,
    y: f64,
    point: Point,
}

/// Measures all cells side by side, block by block, and answers.
pub fn measure(args: &CrossoverArgs, mut base: Base) -> Result<(), Failure> {
    let common = &args.common;
    let [x, y] = [&base.ranges[0], &base.ranges[1]].map(|range| range.ladder().grid(args.grid.unwrap_or(GRID)));
    let mut places = Vec::new();
    for &y in &y {
        for &x in &x {
            let (point, load) = base.point(&[x, y])?;
            if base.plan.points.iter().any(|(known, _)| *known == point) {
                return usage(format!("--grid: {} comes up twice; take fewer values or a wider range", point.workload));
            }
            base.plan.points.push((point.clone(), load));
            places.push(Place { x, y, point });
        }
    }
    let request = Request {
        what: base.what(),
        common,
        plan: base.plan.clone(),
        parameters: base.parameters(args),
        declarations: Vec::new(),
        runs: RunsArgs::default(),
    };
    let stop = session::on_signal()?;
    let (session, failure) = session::record(request, &stop, session::typed())?;
    let cells = cells(&base, &session, &places);
    write_map(session.recording.path(), &cells).map_err(|error| Failure::Error(error.to_string()))?;
    if !cells.is_empty() {
        let recording = &session.recording;
        let of = format!("workload {}{}", base.workload.name, base.threads_words());
        let (directory, run) = (recording.path(), recording.record());
        let answer = answers::map(&common.baseline, of, recording.caveats(), &cells, directory, run);
        present(&answer, Form::of(common.json, common.markdown))?;
    }
    failure.map_or(Ok(()), Err)
}

/// Every strategy at every place that has a ratio.
fn cells(base: &Base, session: &Session<'_>, places: &[Place]) -> Vec<MapCell> {
    let ratios = session.ratios();
    let of_place = |place: &Place| {
        let here = ratios.iter().filter(|ratio| {
            (ratio.threads, &ratio.workload) == (place.point.threads, &place.point.workload)
                && ratio.decides()
                && ratio.strategy != AA_CONTROL
        });
        here.map(|ratio| MapCell {
            strategy: ratio.strategy.clone(),
            baseline: ratio.baseline.clone(),
            vary_x: base.ranges[0].vary.word().to_owned(),
            x: place.x,
            vary_y: base.ranges[1].vary.word().to_owned(),
            y: place.y,
            workload: ratio.workload.clone(),
            threads: ratio.threads,
            ratio: ratio.ratio,
            ci_low: ratio.ci_low,
            ci_high: ratio.ci_high,
            blocks: ratio.blocks,
            verdict: ratio.verdict,
        })
        .collect::<Vec<MapCell>>()
    };
    places.iter().flat_map(of_place).collect()
}
