//! Figures in words.

use crate::record::Ratio;
pub use crate::text::count;

/// A ratio with its interval and verdict.
pub fn ratio(ratio: &Ratio) -> String {
    let Ratio { ratio, ci_low, ci_high, verdict, .. } = ratio;
    match ci_high.is_finite() {
        true => format!("{ratio:.3} ({ci_low:.3} to {ci_high:.3}, {})", verdict.as_str()),
        false => format!("{ratio:.3} (too few blocks for an interval)"),
    }
}

/// Workload and threads.
pub fn point(workload: &str, threads: usize) -> String {
    format!("{workload} with {threads} thread{}", if threads == 1 { "" } else { "s" })
}

/// A share of a core, per cent.
pub fn core(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}
