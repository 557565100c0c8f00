//! What the kernel says about this process's threads and this machine, read from /proc.

use std::fs;

/// Involuntary context switches of the calling thread since it began; 0 where /proc does not say.
pub fn involuntary_switches() -> u64 {
    field(&fs::read_to_string("/proc/thread-self/status").unwrap_or_default(), "nonvoluntary_ctxt_switches:")
}

/// Time that the hypervisor has taken from the whole machine since it booted, ns; 0 where /proc does not say.
///
/// /proc/stat counts in ticks of 10 ms (USER_HZ is 100 on every Linux that Rust runs on).
pub fn steal_ns() -> u64 {
    const TICK_NS: u64 = 10_000_000;
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks = stat.lines().next().and_then(|line| line.split_whitespace().nth(8));
    ticks.and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0) * TICK_NS
}

fn field(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_read_and_an_absent_one_is_zero() {
        let text = "Name:\tx\nnonvoluntary_ctxt_switches:\t42\n";
        assert_eq!(field(text, "nonvoluntary_ctxt_switches:"), 42);
        assert_eq!(field(text, "voluntary:"), 0);
    }
}
