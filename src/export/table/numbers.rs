//! Which numbers may stand in which column. `NaN`, `inf` and `-1` are numbers to a parser, and no time took so long.

/// What the numbers of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Times, rates, shares, widths.
    Measure,
    /// Ratios and the ends of their intervals: infinite where blocks do not bound them, or a baseline does not clear the floor.
    Ratio,
    /// Logarithms of ratios, and values of a parameter.
    Signed,
    /// Logarithms of net ratios.
    NetLog,
}

impl Numbers {
    /// Of a column of that name; `None` where its type alone says what may stand there.
    pub(super) fn of(column: &str) -> Option<Self> {
        match column {
            "ns_per_op" | "ops_per_s" | "floor_ns" | "overlap" | "clock_ns" | "offered_per_s" | "typical_ns"
            | "mean_ns" | "addition_ns" | "width" | "width_low" | "width_high" | "hop_ns" | "hop_low_ns"
            | "hop_high_ns" | "baseline_ns" | "confidence" | "threshold" | "ns_low" | "ns_high" | "seconds" => {
                Some(Self::Measure)
            }
            "ratio" | "ci_low" | "ci_high" | "ns" | "bias" => Some(Self::Ratio),
            "log_ratio" | "from" | "to" | "crossing" | "value" | "x" | "y" => Some(Self::Signed),
            "log_net_ratio" => Some(Self::NetLog),
            _ => None,
        }
    }

    /// What is wrong with a cell that is no such number. One that is no number at all is its type's to refuse.
    pub(super) fn refuse(self, cell: &str) -> Result<(), &'static str> {
        let Ok(number) = cell.parse::<f64>() else { return Ok(()) };
        let (holds, says) = match self {
            Self::Measure => (number.is_finite() && number >= 0.0, "not a finite number >= 0"),
            Self::Ratio => (number >= 0.0, "not a number >= 0"),
            Self::Signed => (number.is_finite(), "not a finite number"),
            Self::NetLog => (!number.is_nan(), "not a number"),
        };
        if holds { Ok(()) } else { Err(says) }
    }
}
