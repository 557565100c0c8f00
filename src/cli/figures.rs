//! Numbers as people read them.

pub use crate::text::count;

/// A share as a percentage, with as many digits as tell it from none: 91.4 %, 0.05 %.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        1.0.. => format!("{percent:.1} %"),
        _ => format!("{percent:.2} %"),
    }
}

/// A time or a distance in the unit that suits it: 950 ns, 3.90 ms, -12.0 us.
pub fn time(ns: i64) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "us")];
    let exact = ns as f64;
    match units.into_iter().find(|(unit, _)| exact.abs() >= *unit) {
        Some((unit, name)) => {
            let value = exact / unit;
            let digits = match value.abs() {
                100.0.. => 0,
                10.0.. => 1,
                _ => 2,
            };
            format!("{value:.digits$} {name}")
        }
        None => format!("{ns} ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, percent, time};

    #[test]
    fn thousands_stand_apart() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (123_456, "123,456"),
        ];
        for (number, text) in cases {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn a_small_share_is_told_from_none() {
        for (share, text) in [(0.0, "0 %"), (0.0005, "0.05 %"), (0.9136, "91.4 %"), (1.0, "100.0 %")] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn times_have_the_unit_that_suits_them() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (-12_000, "-12.0 us"),
            (3_900_000, "3.90 ms"),
            (250_400_000, "250 ms"),
            (4_200_000_000, "4.20 s"),
        ];
        for (ns, text) in cases {
            assert_eq!(time(ns), text);
        }
    }
}
