//! An interval of a ratio as a picture: a dot between two ends, on an axis that all of a table share.

use super::words;
use crate::record::{Ratio, Verdict};

/// A ratio with its interval, and the word for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The ratio.
    pub at: f64,
    /// The upper end.
    pub high: f64,
    /// What the rule calls it.
    pub verdict: Verdict,
}

impl From<&Ratio> for Interval {
    fn from(it: &Ratio) -> Self {
        Interval {
            low: it.ci_low,
            at: it.ratio,
            high: it.ci_high,
            verdict: it.verdict,
        }
    }
}

/// The axis: logarithmic, so that twice and half are equally far from 1, with the margin as the rule of
/// [`stats::verdict`](crate::stats::verdict()) has it: from 1/(1 + margin) to 1 + margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// Its lower end, above 0 and below 1.
    pub low: f64,
    /// Its upper end, above 1.
    pub high: f64,
    /// The difference still called the same, as a fraction.
    pub margin: f64,
    /// What is drawn on it, in a word: an interval, or a model's range.
    what: &'static str,
}

/// The least that an axis spans on either side of 1, in margins: `same` is a small part of it.
const LEAST_MARGINS: f64 = 3.0;
/// And the most. What is further away is drawn as an arrow.
const MOST: f64 = 100.0;
/// What an axis is lengthened by where something goes on beyond it, so that the arrow has a place.
const ROOM: f64 = 1.1;
/// What a quotient of two decimals may be off by.
const NEAR: f64 = 1e-9;
/// How wide a picture is in text where there is room, in characters.
pub(super) const WIDTH: usize = 25;
/// The narrowest that tells anything.
pub(super) const LEAST_WIDTH: usize = 13;

impl Axis {
    /// The axis of these intervals, whose ends are rounded outwards to two digits.
    pub fn over<'a>(intervals: impl IntoIterator<Item = &'a Interval>, margin: f64) -> Self {
        let least = 1.0 + margin.max(0.001) * LEAST_MARGINS;
        let (mut low, mut high) = (1.0 / least, least);
        let (mut below, mut above) = (1.0, 1.0);
        for end in intervals.into_iter().flat_map(|it| [it.low, it.at, it.high]) {
            match end {
                end if end < 1.0 / MOST => below = ROOM,
                end if end > MOST => above = ROOM,
                end => (low, high) = (low.min(end), high.max(end)),
            }
        }
        (low, high) = (low / below, high * above);
        let step = |end: f64| 10f64.powf(end.log10().floor() - 1.0);
        let (under, over) = (step(low), if high < 10.0 { 0.01 } else { 1.0 });
        Axis {
            low: (low / under + NEAR).floor() * under,
            high: (high / over - NEAR).ceil() * over,
            margin,
            what: "interval",
        }
    }

    /// The same, of a model's ranges.
    pub fn of_ranges(self) -> Self {
        Axis { what: "range", ..self }
    }

    /// Where a ratio is, from 0 at the lower end to 1 at the upper one.
    pub(super) fn place(&self, ratio: f64) -> f64 {
        let (low, high) = (self.low.ln(), self.high.ln());
        ((ratio.max(f64::MIN_POSITIVE).ln() - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// The places between which a ratio is called the same.
    pub(super) fn margin_places(&self) -> [f64; 2] {
        [1.0 / (1.0 + self.margin), 1.0 + self.margin].map(|ratio| self.place(ratio))
    }

    /// Whether an end lies outside.
    pub(super) fn is_outside(&self, ratio: f64) -> bool {
        !(self.low..=self.high).contains(&ratio)
    }

    /// What a picture on it shows, in a sentence.
    pub(super) fn legend(&self) -> String {
        let [low, high] = [1.0 / (1.0 + self.margin), 1.0 + self.margin].map(words::ratio);
        format!(
            "Pictures: the ratio with its {} from {} to {}, logarithmic; the band is the margin, {low} to {high}.",
            self.what,
            end(self.low),
            end(self.high)
        )
    }

    /// The ends as they are written above a picture.
    pub(super) fn ends(&self) -> [String; 2] {
        [end(self.low), end(self.high)]
    }

    /// An interval in so many characters: `├──●──┤`, the margin as `░`, an arrow where it goes on.
    pub(super) fn draw(&self, it: &Interval, width: usize) -> String {
        let column = |place: f64| (place * (width - 1) as f64).round() as usize;
        let mut drawn = vec![' '; width];
        let [from, to] = self.margin_places().map(column);
        drawn[from..=to].fill('░');
        let [low, at, high] = [it.low, it.at, it.high].map(|ratio| column(self.place(ratio)));
        drawn[low..=high].fill('─');
        drawn[low] = if self.is_outside(it.low) { '◀' } else { '├' };
        drawn[high] = if self.is_outside(it.high) { '▶' } else { '┤' };
        drawn[at] = '●';
        drawn.into_iter().collect()
    }

    /// What stands above the pictures: the ends, and 1 where there is room for it.
    pub(super) fn scale(&self, width: usize) -> String {
        let [low, high] = self.ends();
        let mut scale: Vec<char> = vec![' '; width];
        let mut put = |at: usize, text: &str| {
            let taken = at.saturating_sub(1)..(at + text.len() + 1).min(scale.len());
            if at + text.len() <= scale.len() && scale[taken].iter().all(|c| *c == ' ') {
                scale.splice(at..at + text.len(), text.chars());
            }
        };
        put(0, &low);
        put(width.saturating_sub(high.len()), &high);
        put((self.place(1.0) * (width - 1) as f64).round() as usize, "1");
        scale.into_iter().collect()
    }
}

fn end(ratio: f64) -> String {
    let text = if ratio < 0.1 {
        words::figure(ratio)
    } else {
        format!("{ratio:.2}")
    };
    text.trim_end_matches(".00").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, at: f64, high: f64) -> Interval {
        Interval { low, at, high, verdict: Verdict::Unclear }
    }

    #[test]
    fn an_axis_spans_what_is_drawn_on_it() {
        let drawn = [interval(0.5, 0.62, 0.74), interval(0.98, 1.0, 1.21)];
        let axis = Axis::over(&drawn, 0.02);
        assert_eq!(axis.ends(), ["0.50", "1.21"]);
        assert_eq!(axis.scale(25), "0.50               1 1.21");
        assert_eq!(axis.draw(&drawn[0], 25), "├─────●────┤      ░░     ");
    }

    #[test]
    fn what_goes_on_beyond_an_axis_ends_in_an_arrow() {
        let unbounded = interval(0.0, 1.4, f64::INFINITY);
        let axis = Axis::over(&[interval(0.5, 0.6, 0.7), unbounded], 0.02);
        assert_eq!(axis.ends(), ["0.45", "1.54"]);
        assert_eq!(axis.draw(&unbounded, 25), "◀─────────────────────●─▶");
    }

    #[test]
    fn where_nothing_differs_the_margin_is_a_third_of_the_axis() {
        let axis = Axis::over(&[interval(0.999, 1.0, 1.001)], 0.01);
        assert_eq!(axis.draw(&interval(0.999, 1.0, 1.001), 25), "        ░░░░●┤░░░        ");
        assert_eq!(axis.ends(), ["0.97", "1.03"]);
    }

    #[test]
    fn twice_and_half_are_equally_far_from_1() {
        let axis = Axis { low: 0.25, high: 4.0, ..Axis::over(&[], 0.01) };
        assert_eq!([0.25, 0.5, 1.0, 2.0, 4.0, 9.0].map(|ratio| axis.place(ratio)), [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]);
    }
}
