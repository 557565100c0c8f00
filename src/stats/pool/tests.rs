use super::*;
use crate::record::{ALL, Metric};

fn run(ratio: f64, ci_low: f64, ci_high: f64) -> Ratio {
    Ratio {
        workload: "hot".to_owned(),
        threads: 1,
        metric: Metric::NsPerOp,
        strategy: "seqlock".to_owned(),
        baseline: "mutex".to_owned(),
        ratio,
        ci_low,
        ci_high,
        blocks: 20,
        verdict: verdict(Interval { estimate: ratio, low: ci_low, high: ci_high }, 20, 0.01),
        state: ALL.to_owned(),
        op: ALL.to_owned(),
        ns: 10.0 * ratio,
        baseline_ns: 10.0,
        confidence: 0.99,
        threshold: 0.01,
        bias: 0.0,
    }
}

fn host(ratio: f64, low: f64, high: f64) -> HostRatio {
    joined(&[&run(ratio, low, high)]).unwrap()
}

/// By hand: ln 0.8, ln 0.9 and ln 1.0 have mean -0.10950 and standard deviation 0.11163; t(2) at 97.5 % is 4.30265.
#[test]
fn three_hosts_are_pooled_as_worked_out_by_hand() {
    let pooled = pooled(&[0.8_f64, 0.9, 1.0].map(f64::ln)).unwrap();
    let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 2e-4, "{found} {expected}");
    near(pooled.mean.estimate, (-0.109_502_f64).exp());
    near(pooled.mean.low, (-0.109_502 - 0.277_300_f64).exp());
    near(pooled.mean.high, (-0.109_502 + 0.277_300_f64).exp());
    near(pooled.next.low, (-0.109_502 - 0.554_600_f64).exp());
    near(pooled.next.high, (-0.109_502 + 0.554_600_f64).exp());
}

/// As printed tables have it.
#[test]
fn students_quantile_is_the_tables() {
    for (freedom, expected) in [(1.0, 12.706), (2.0, 4.303), (4.0, 2.776), (9.0, 2.262), (49.0, 2.010)] {
        let found = StudentsT::new(0.0, 1.0, freedom).unwrap().inverse_cdf(0.975);
        assert!((found - expected).abs() < 6e-4, "{freedom}: {found}");
    }
}

#[test]
fn fewer_than_three_units_are_not_pooled() {
    assert_eq!(pooled(&[-0.1, -0.2]), None);
    assert!(pooled(&[-0.1, -0.2, -0.3]).is_some());
}

#[test]
fn hosts_of_one_microarchitecture_count_once_unless_all_are_of_one() {
    let hosts = [("zen", -0.1), ("lake", -0.5), ("zen", -0.3)];
    assert_eq!(units(hosts, false), [-0.5, -0.2]);
    assert_eq!(units([("zen", -0.1), ("zen", -0.3)], true), [-0.1, -0.3]);
}

#[test]
fn runs_of_a_host_are_joined_without_getting_narrower_before_there_are_six() {
    let (slow, fast) = (run(0.9, 0.88, 0.92), run(0.8, 0.79, 0.81));
    let two = joined(&[&slow, &fast]).unwrap();
    assert!((two.interval.estimate - (0.9_f64 * 0.8).sqrt()).abs() < 1e-12);
    assert_eq!((two.interval.low, two.interval.high, two.runs, two.blocks), (0.79, 0.92, 2, 40));
    let many = joined(&[&slow, &fast, &slow, &slow, &slow, &slow, &slow]).unwrap();
    assert_eq!(many.runs, 7);
    assert!(many.interval.low > 0.79 && many.interval.high < 0.92, "{many:?}");
    let few = Ratio {
        verdict: Verdict::TooFewBlocks,
        ci_low: 0.0,
        ci_high: f64::INFINITY,
        ..slow.clone()
    };
    assert_eq!(joined(&[&few]), None);
    assert_eq!(joined(&[&few, &slow]).unwrap().runs, 1);
    let biased = Ratio { verdict: Verdict::Unclear, bias: 0.5, ..slow.clone() };
    assert_eq!(joined(&[&biased]), None);
    // Within the margin: what is decided stays so, and what the bias leaves open is not taken for unseen.
    let slightly = Ratio { bias: 0.005, ..slow.clone() };
    assert_eq!(joined(&[&slightly]).unwrap().verdict, Verdict::Faster);
    let nearly = Ratio {
        bias: 0.009,
        verdict: Verdict::Unclear,
        ..run(1.015, 1.013, 1.017)
    };
    assert_eq!(joined(&[&nearly, &run(1.05, 1.04, 1.06)]).unwrap().verdict, Verdict::Unclear);
    assert_eq!(joined(&[&nearly, &run(1.05, 1.04, 1.06)]).unwrap().runs, 2);
    // Below the clock's step.
    let unseen = Ratio { verdict: Verdict::Unclear, ..slow };
    assert_eq!(joined(&[&unseen]).unwrap().verdict, Verdict::Unclear);
}

#[test]
fn each_case_of_the_words() {
    let faster = [host(0.7, 0.68, 0.72), host(0.8, 0.78, 0.82), host(0.75, 0.73, 0.77)];
    let slower = host(1.1, 1.08, 1.12);
    let same = host(1.0, 0.995, 1.005);
    let open = host(0.97, 0.90, 1.04);
    let say = |hosts: &[HostRatio]| {
        let logs: Vec<f64> = hosts.iter().map(|it| it.interval.estimate.ln()).collect();
        word(hosts, pooled(&logs).as_ref(), 0.01)
    };
    let [a, b, c] = faster;
    assert_eq!(say(&faster), Word::Faster);
    assert_eq!(say(&[a, b]), Word::Faster, "two are not pooled, and both are faster");
    assert_eq!(say(&[a, b, open]), Word::Unclear, "the mean's interval holds 1");
    assert_eq!(say(&[a, b, c, open]), Word::Faster, "the mean is faster and nobody is decided otherwise");
    assert_eq!(say(&[a, b, c, slower]), Word::Depends);
    assert_eq!(say(&[a, same, c]), Word::Depends);
    assert_eq!(say(&[same, same, same]), Word::Same);
    assert_eq!(say(&[slower, slower]), Word::Slower);
    assert_eq!(say(&[open, open]), Word::Unclear);
    // Decided otherwise, but their intervals meet.
    assert_eq!(say(&[host(0.985, 0.972, 0.999), same]), Word::Unclear);
    assert_eq!(say(&[]), Word::Unclear);
}
