//! What the answer is in each state of the machine, and how the states followed each other.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{axis, found, names};
use crate::document::words::{between, capital, counted, heading, list, percent, short_ratio};
use crate::document::{Block, Cell, Column, Figure, Table, Tone};
use crate::reading::{Reading, States};
use crate::record::{ALL, BlockRow, FLOOR, Point, State};
use crate::stats::{BlockRatio, MIN_BLOCKS};
use crate::text::shown;

/// Which states the blocks were in, in which of them a verdict is another than over all blocks, and which were never met; `None` where
/// the machine was not probed.
pub(super) fn in_words(reading: &Reading<'_>, point: &Point) -> Option<String> {
    let States { met, never_met } = reading.states(point);
    let all: usize = met.iter().map(|(_, blocks)| blocks).sum();
    let mut text = match &met[..] {
        [] => return None,
        [(state, blocks)] => format!("State of the machine in all {}: {state}.", counted(*blocks, "block")),
        several => {
            let shares = several.iter().map(|(state, blocks)| format!("{state} {blocks}"));
            format!("States of the machine in {}: {}.", counted(all, "block"), list(&shares.collect::<Vec<String>>()))
        }
    };
    let mut same = Vec::new();
    for (state, blocks) in met.iter().filter(|(_, blocks)| *blocks < all) {
        if *blocks < MIN_BLOCKS {
            text += &format!(" {}: too few blocks.", capital(state));
            continue;
        }
        let differing = reading.strategies.iter().filter_map(|name| {
            let (whole, here) = (reading.ratio(point, name)?, reading.ratio_in(point, name, state)?);
            let bounds = between(here.ci_low, here.ci_high);
            (whole.verdict != here.verdict)
                .then(|| format!("{name} {} ({bounds}) {}", short_ratio(here.ratio), here.verdict.as_str()))
        });
        match differing.collect::<Vec<String>>() {
            differing if differing.is_empty() => same.push(state.as_str()),
            differing => write!(text, " {}, {}: {}.", capital(state), counted(*blocks, "block"), differing.join("; "))
                .expect("a String takes any text"),
        }
    }
    if !same.is_empty() {
        text += &format!(" {}: the verdicts above.", capital(&list(&same)));
    }
    if !never_met.is_empty() {
        text += &format!(" Never met: {}.", list(&never_met));
    }
    Some(text)
}

/// A table of the verdicts in each state, and the blocks' ratios in time; nothing where the machine was not probed.
pub(super) fn in_detail(reading: &Reading<'_>, blocks: &[BlockRow], point: &Point) -> Vec<Block> {
    let states = reading.states(point);
    let mut made = Vec::new();
    if states.met.len() > 1 {
        made.push(Block::Table(table(reading, point, &states)));
    }
    if !states.met.is_empty() {
        made.extend(figure(reading, blocks, point).map(Block::Figure));
    }
    made
}

fn table(reading: &Reading<'_>, point: &Point, states: &States) -> Table {
    let all = states.blocks();
    let told: Vec<(&str, usize)> = std::iter::once((ALL, all))
        .chain(states.met.iter().map(|(state, blocks)| (state.as_str(), *blocks)))
        .collect();
    let names: Vec<&str> =
        names(reading, point).into_iter().filter(|name| ![reading.baseline, FLOOR].contains(name)).collect();
    let ratios = names
        .iter()
        .flat_map(|name| told.iter().filter_map(|(state, _)| reading.ratio_in(point, name, state)));
    let axis = axis(reading, ratios);
    let title = |(state, blocks): &(&str, usize)| {
        let share = percent(*blocks as f64 / all.max(1) as f64);
        Column::ratios(format!("{state}, {} ({share})", counted(*blocks, "block")), axis)
    };
    let cell = |name: &str, (state, blocks): &(&str, usize)| match reading.ratio_in(point, name, state) {
        None if *blocks < MIN_BLOCKS => Cell::toned("too few blocks", Tone::Open),
        it => found(it, reading.is_biased(point)),
    };
    let row = |name: &&str| std::iter::once(Cell::new(*name)).chain(told.iter().map(|it| cell(name, it))).collect();
    let never = match states.never_met.is_empty() {
        true => None,
        false => Some(format!("Never met: {}.", list(&states.never_met))),
    };
    Table {
        caption: format!("Time relative to {} in each state of the machine", reading.baseline),
        columns: std::iter::once(Column::words("strategy")).chain(told.iter().map(title)).collect(),
        rows: names.iter().map(row).collect(),
        notes: never.into_iter().collect(),
    }
}

/// Width of the picture, and of what stands left and right of its panels, in its own units, of which text is eleven high.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 112.0;
const RIGHT: f64 = 44.0;
/// Height of a strategy's panel, of the gap below it, and of the legend.
const PANEL: f64 = 46.0;
const GAP: f64 = 10.0;
const LEGEND: f64 = 24.0;
/// This share of the ratios at either end may lie beyond a panel; they stand at its edge.
const OUTLYING: f64 = 0.02;
/// Text, light text, and the line at 1: colours that the page's style sheet turns for a dark page.
const INK: &str = "fill:#1f2328;font-size:11px";
const MUTED: &str = "fill:#57606a;font-size:11px";

/// Blocks of one state at these places, as one path. A shape goes with each colour.
fn drawn(state: &str, places: impl IntoIterator<Item = (f64, f64)>) -> String {
    let (shape, style) = match State::ALL.into_iter().find(|it| it.as_str() == state) {
        Some(State::CoreToItself | State::Apart) => ("l0 0", "stroke:#0072b2;stroke-width:5.2;stroke-linecap:round"),
        Some(State::CoreShared | State::OneCore) => ("m-3 2.6h6l-3 -5.6z", "fill:#d55e00"),
        Some(State::FarApart) => ("m-3.2 0l3.2 -3.2l3.2 3.2l-3.2 3.2z", "fill:#009e73"),
        Some(State::Mixed) | None => ("m-2 -2h4v4h-4z", "fill:none;stroke:#6b6b6b"),
    };
    let path: String = places.into_iter().map(|(x, y)| format!("M{x:.1} {y:.1}{shape}")).collect();
    format!("<path d='{path}' style='{style}'/>")
}

/// The ratio of each block, in the order of time, a panel for each strategy.
fn figure(reading: &Reading<'_>, blocks: &[BlockRow], point: &Point) -> Option<Figure> {
    let ratios: Vec<BlockRatio> = reading.block_ratios(point);
    let names = reading.strategies.iter().filter(|name| ratios.iter().any(|it| it.strategy == **name));
    let names: Vec<&String> = names.collect();
    let place = Time::of(reading, blocks, point, &ratios);
    let last = ratios.iter().map(|it| place.at(it.block)).reduce(f64::max)?;
    if names.is_empty() || last <= 0.0 {
        return None;
    }
    let x = |block: usize| LEFT + place.at(block) / last * (WIDTH - LEFT - RIGHT);
    let mut svg = String::new();
    for (number, name) in names.iter().enumerate() {
        let own: Vec<&BlockRatio> = ratios.iter().filter(|it| it.strategy == **name && it.ratio > 0.0).collect();
        panel(&mut svg, LEGEND + number as f64 * (PANEL + GAP), name, &own, x);
    }
    let foot = LEGEND + names.len() as f64 * (PANEL + GAP) + 8.0;
    text(&mut svg, LEFT, foot, MUTED, "start", "0");
    text(&mut svg, WIDTH - RIGHT, foot, MUTED, "end", &place.say(last));
    let mut at = LEFT;
    for (state, count) in reading.states(point).met {
        svg += &drawn(&state, [(at, 9.0)]);
        let label = format!("{state}, {}", counted(count, "block"));
        text(&mut svg, at + 8.0, 13.0, INK, "start", &label);
        at += 6.4 * label.len() as f64 + 30.0;
    }
    let height = foot + 6.0;
    Some(Figure {
        file: String::new(),
        alt: format!("The ratio of each block to {} in time, on {}, by state", reading.baseline, heading(point)),
        caption: format!(
            "Each block's ratio to {}, in {}, by the state of the machine. Each strategy has its own axis, logarithmic.",
            reading.baseline, place.unit
        ),
        svg: format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0}'>{svg}</svg>"),
    })
}

/// One strategy's blocks between the least and the greatest of its ratios, outliers aside.
fn panel(svg: &mut String, top: f64, name: &str, own: &[&BlockRatio], x: impl Fn(usize) -> f64) {
    let mut sorted: Vec<f64> = own.iter().map(|it| it.ratio).collect();
    sorted.sort_by(f64::total_cmp);
    let aside = (sorted.len() as f64 * OUTLYING) as usize;
    let (Some(&low), Some(&high)) = (sorted.get(aside), sorted.get(sorted.len().saturating_sub(aside + 1))) else {
        return;
    };
    // A panel in which nothing differs still has a height.
    let (low, high) = (low.ln() - 1e-3, high.ln() + 1e-3);
    let y = |ratio: f64| top + PANEL * (high - ratio.ln().clamp(low, high)) / (high - low);
    let (right, foot, middle) = (WIDTH - RIGHT, top + PANEL, top + PANEL / 2.0 + 4.0);
    for line in [top, foot] {
        write!(svg, "<path d='M{LEFT} {line:.1}L{right} {line:.1}' style='stroke:#cfd3d8;stroke-width:1'/>")
            .expect("a String takes any text");
    }
    if (low..=high).contains(&0.0) {
        let even = y(1.0);
        write!(
            svg,
            "<path d='M{LEFT} {even:.1}L{right} {even:.1}' style='stroke:#57606a;stroke-width:1;stroke-dasharray:4 3'/>"
        )
        .expect("a String takes any text");
        text(svg, right + 5.0, even + 4.0, MUTED, "start", "1");
    }
    text(svg, 0.0, middle, INK, "start", name);
    text(svg, LEFT - 6.0, top + 8.0, MUTED, "end", &short_ratio(high.exp()));
    text(svg, LEFT - 6.0, foot, MUTED, "end", &short_ratio(low.exp()));
    let mut states: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for it in own {
        states.entry(&it.state).or_default().push((x(it.block), y(it.ratio)));
    }
    svg.extend(states.into_iter().map(|(state, places)| drawn(state, places)));
}

/// Words in the picture. A name may hold anything: what is markup in it is escaped here, as the picture is read as XML.
fn text(svg: &mut String, x: f64, y: f64, style: &str, anchor: &str, words: &str) {
    let words = shown(words, usize::MAX).replace('&', "&amp;").replace('<', "&lt;");
    write!(svg, "<text x='{x:.1}' y='{y:.1}' style='{style};text-anchor:{anchor}'>{words}</text>")
        .expect("a String takes any text");
}

/// When blocks ended.
struct Time {
    ended_s: BTreeMap<usize, f64>,
    unit: &'static str,
}

impl Time {
    /// In seconds since the run began; by their numbers where a run was taken up again, or its blocks' times are not known.
    fn of(reading: &Reading<'_>, blocks: &[BlockRow], point: &Point, ratios: &[BlockRatio]) -> Self {
        let here = blocks.iter().filter(|it| (&it.workload, it.threads) == (&point.workload, point.threads));
        let ended_s: BTreeMap<usize, f64> = here.map(|it| (it.block, it.ended_ms as f64 / 1e3)).collect();
        let known = reading.run.resumed.is_empty() && ratios.iter().all(|it| ended_s.contains_key(&it.block));
        match known {
            true => Time { ended_s, unit: "time" },
            false => Time {
                ended_s: ratios.iter().map(|it| (it.block, it.block as f64)).collect(),
                unit: "the order of blocks",
            },
        }
    }

    fn at(&self, block: usize) -> f64 {
        self.ended_s.get(&block).copied().unwrap_or(0.0)
    }

    fn say(&self, last: f64) -> String {
        match self.unit {
            "time" => crate::document::words::duration(last * 1e9),
            _ => format!("block {last}"),
        }
    }
}
