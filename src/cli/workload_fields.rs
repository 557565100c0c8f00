//! Workloads: presets, files, and the flags that replace their fields.

use std::path::Path;

use clap::Args;

use super::failure::{Failure, usage};
use super::units;
use crate::export::read_text;
use crate::workload::{
    Arrivals, Distance, Load, MAX_POLLUTE_KIB, MAX_THREADS, MAX_TIMERS, Mix, Overrides, PRESETS, PollClock, Roles,
    Workload, WorkloadError, parse_duration_ns,
};

/// Where a workload's fields come from when flags say so.
const COMMAND_LINE: &str = "the command line";

/// Fields that replace those of every workload named.
#[derive(Debug, Args)]
#[command(next_help_heading = "Workload fields, in place of the preset's")]
pub struct WorkloadFields {
    /// Shares of operations, like deadline=80,run=10,modify=10
    #[arg(long, value_name = "OP=SHARE,...", conflicts_with_all = ["pollers", "modifiers", "runners"], allow_hyphen_values = true)]
    pub mix: Option<String>,
    /// Threads that only poll the deadline
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, MAX_THREADS))]
    pub pollers: Option<usize>,
    /// Threads that only modify timers
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, MAX_THREADS))]
    pub modifiers: Option<usize>,
    /// Threads that only run timers
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, MAX_THREADS))]
    pub runners: Option<usize>,
    /// Active timers at the start
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1, MAX_TIMERS))]
    pub timers: Option<usize>,
    /// How far ahead deadlines lie: fixed:1ms, uniform:1us:1ms, exponential:1ms, lognormal:1ms:1.5 (median, sigma), trace:FILE
    #[arg(long, value_name = "KIND:...", allow_hyphen_values = true)]
    pub distance: Option<String>,
    /// Share of modifies that land at the head, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub head_share: Option<f64>,
    /// Share of runs that find a timer due, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub run_due: Option<f64>,
    /// Share of polls and runs that go to an empty list of the thread's own, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub empty_share: Option<f64>,
    /// Share of cancels that find their timer not active, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub idle_cancel_share: Option<f64>,
    /// Time between operations
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub think: Option<u64>,
    /// Other memory touched between operations, KiB
    #[arg(long, value_name = "KIB", allow_hyphen_values = true, value_parser = units::whole(0, MAX_POLLUTE_KIB))]
    pub pollute: Option<u32>,
    /// Extra time inside each writer's critical section
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub hold: Option<u64>,
    /// Whether a poll reads the clock itself: none, monotonic or tsc
    #[arg(long, value_name = "CLOCK")]
    pub clock: Option<String>,
    /// Open load: operations start at this rate a second, late or not, like 200k or 1.5M; in all, or 50k/thread for each
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, value_parser = units::rate)]
    pub rate: Option<units::Rate>,
    /// Open load: poisson or fixed gaps between intended starts
    #[arg(long, value_name = "ARRIVALS", default_value = "poisson", value_parser = units::arrivals)]
    pub arrivals: Arrivals,
}

impl WorkloadFields {
    /// The workload with the fields given in place of its own.
    pub fn over(&self, workload: Workload) -> Result<Workload, Failure> {
        let given = overrides(self)?;
        workload.with(given, COMMAND_LINE).map_err(|error| Failure::Usage(by_flag(&error, self)))
    }
}

/// A workload that cannot be played.
pub fn invalid(error: WorkloadError) -> Failure {
    Failure::Usage(error.to_string())
}

/// The error in words that name the flag to change, if it is a flag's value that is wrong.
fn by_flag(error: &WorkloadError, fields: &WorkloadFields) -> String {
    let flags = [
        ("mix", "--mix", fields.mix.is_some()),
        ("roles", "--pollers, --modifiers, --runners", fields.roles().is_some()),
        ("timers", "--timers", fields.timers.is_some()),
        ("distance", "--distance", fields.distance.is_some()),
        ("head_share", "--head-share", fields.head_share.is_some()),
        ("run_due", "--run-due", fields.run_due.is_some()),
        ("empty_share", "--empty-share", fields.empty_share.is_some()),
        ("idle_cancel_share", "--idle-cancel-share", fields.idle_cancel_share.is_some()),
        ("think_ns", "--think", fields.think.is_some()),
        ("pollute_kib", "--pollute", fields.pollute.is_some()),
        ("hold_ns", "--hold", fields.hold.is_some()),
        ("load", "--rate", fields.rate.is_some()),
    ];
    let (field, problem) = match error {
        WorkloadError::Field { origin, field, found, expected } if origin == COMMAND_LINE => {
            (*field, format!("{field} is {found}; expected {expected}"))
        }
        WorkloadError::Trace { origin, source } if origin == COMMAND_LINE => ("distance", source.to_string()),
        _ => return error.to_string(),
    };
    match flags.iter().find(|(name, _, given)| *given && field.starts_with(name)) {
        Some((_, flag, _)) => format!("{flag}: {problem}"),
        None => error.to_string(),
    }
}

/// A preset, or the content of a TOML file.
pub fn named(name: &str) -> Result<Workload, Failure> {
    let presets = PRESETS.map(|(name, _)| name);
    if presets.contains(&name) {
        return Workload::preset(name).map_err(invalid);
    }
    if !name.ends_with(".toml") && !Path::new(name).exists() {
        return usage(format!(
            "--workload {name}: no such preset or file; the presets are {}, a file is TOML",
            presets.join(", ")
        ));
    }
    let text = read_text(Path::new(name)).map_err(|error| {
        Failure::Error(format!("--workload {name}: cannot be read: {error}; expected a preset or a TOML file"))
    })?;
    Workload::from_toml(&text, name).map_err(invalid)
}

fn overrides(fields: &WorkloadFields) -> Result<Overrides, Failure> {
    Ok(Overrides {
        mix: fields.mix.as_deref().map(mix).transpose()?,
        roles: fields.roles(),
        timers: fields.timers,
        distance: fields.distance.as_deref().map(distance).transpose()?,
        head_share: fields.head_share,
        run_due: fields.run_due,
        empty_share: fields.empty_share,
        idle_cancel_share: fields.idle_cancel_share,
        think_ns: fields.think,
        pollute_kib: fields.pollute,
        hold_ns: fields.hold,
        clock: fields.clock.as_deref().map(clock).transpose()?,
        load: fields.rate.map(|rate| Load::Open {
            rate_per_s: rate.per_s,
            per: rate.per,
            arrivals: fields.arrivals,
        }),
        ..Overrides::default()
    })
}

impl WorkloadFields {
    /// The roles, if any of their flags is given.
    fn roles(&self) -> Option<Roles> {
        let threads = [self.pollers, self.modifiers, self.runners];
        let [pollers, modifiers, runners] = threads.map(Option::unwrap_or_default);
        threads.iter().any(Option::is_some).then_some(Roles { pollers, modifiers, runners })
    }
}

/// `deadline=80,modify=20`, which is a TOML table but for its commas.
fn mix(text: &str) -> Result<Mix, Failure> {
    let share = |part: &str| part.split_once('=').is_some_and(|(_, number)| number.trim().parse::<f64>().is_ok());
    if let Some(part) = text.split(',').find(|part| !share(part)) {
        return usage(format!("--mix {text}: `{part}` is no share; expected shares like deadline=80,run=10,modify=10"));
    }
    toml::from_str(&text.replace(',', "\n")).map_err(|error: toml::de::Error| {
        let problem = error.message().replace('\n', "; ");
        Failure::Usage(format!("--mix {text}: {problem}; expected shares like deadline=80,run=10,modify=10"))
    })
}

fn distance(text: &str) -> Result<Distance, Failure> {
    const EXPECTED: &str =
        "fixed:1ms, uniform:1us:1ms, exponential:1ms, lognormal:1ms:1.5 (median, sigma) or trace:FILE";
    let wrong = || Failure::Usage(format!("--distance {text}: expected {EXPECTED}"));
    let ns =
        |time: &str| parse_duration_ns(time).map_err(|problem| Failure::Usage(format!("--distance {text}: {problem}")));
    let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
    Ok(match (kind, rest.split_once(':')) {
        ("trace", _) => Distance::Trace { path: rest.into(), quantiles_ns: Vec::new() },
        ("fixed", None) => Distance::Fixed { ns: ns(rest)? },
        ("exponential", None) => Distance::Exponential { mean_ns: ns(rest)? },
        ("uniform", Some((min, max))) => Distance::Uniform { min_ns: ns(min)?, max_ns: ns(max)? },
        ("lognormal", Some((median, sigma))) => Distance::Lognormal {
            median_ns: ns(median)?,
            sigma: sigma.parse().map_err(|_| wrong())?,
        },
        _ => return Err(wrong()),
    })
}

fn clock(text: &str) -> Result<PollClock, Failure> {
    match text {
        "none" => Ok(PollClock::None),
        "monotonic" => Ok(PollClock::Monotonic),
        "tsc" => Ok(PollClock::Tsc),
        _ => usage(format!("--clock {text}: expected none, monotonic or tsc")),
    }
}
