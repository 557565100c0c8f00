//! The workloads that are built in, as the TOML that a user would write.

use super::description::Workload;
use super::error::WorkloadError;

/// Name and TOML of each preset. The first is the one that others are completed from.
pub const PRESETS: [(&str, &str); 6] = [
    ("hot", include_str!("presets/hot.toml")),
    ("paced", include_str!("presets/paced.toml")),
    ("pollers", include_str!("presets/pollers.toml")),
    ("modify-heavy", include_str!("presets/modify-heavy.toml")),
    ("churn", include_str!("presets/churn.toml")),
    ("many-timers", include_str!("presets/many-timers.toml")),
];

impl Workload {
    /// The preset of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn preset(name: &str) -> Result<Workload, WorkloadError> {
        let Some((_, text)) = PRESETS.iter().find(|(preset, _)| *preset == name) else {
            return Err(WorkloadError::UnknownPreset { name: name.to_owned() });
        };
        super::description::parse(text, &format!("preset {name}"))
    }
}
