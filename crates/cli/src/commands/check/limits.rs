//! From where on something is a warning, or critical. Pure.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::verdict::Status;
use crate::exit::usage;
use crate::timestamp::parse_duration;

/// What a check compares with.
#[derive(Debug, Clone, Args)]
pub(super) struct LimitArgs {
    /// Warn from here on
    #[arg(short, long, value_name = "LIMIT")]
    warning: Option<String>,

    /// It is critical from here on
    #[arg(short, long, value_name = "LIMIT")]
    critical: Option<String>,
}

/// What is measured, and a limit for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    Count(i64),
    Time(Duration),
}

/// Limits of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    warning: Option<Measure>,
    critical: Option<Measure>,
}

impl LimitArgs {
    /// Limits of time alone.
    pub(super) fn times(&self) -> Result<Limits> {
        let limits = self.limits()?;
        if limits.any().is_some_and(|limit| matches!(limit, Measure::Count(_))) {
            return Err(usage("give --warning and --critical as durations: 500ms, 2s, 10m"));
        }
        Ok(limits)
    }

    /// Limits that are both numbers, or both durations.
    pub(super) fn limits(&self) -> Result<Limits> {
        let limits = Limits {
            warning: self.warning.as_deref().map(parse).transpose()?,
            critical: self.critical.as_deref().map(parse).transpose()?,
        };
        if let (Some(warning), Some(critical)) = (limits.warning, limits.critical) {
            if std::mem::discriminant(&warning) != std::mem::discriminant(&critical) {
                return Err(usage("--warning and --critical must both be numbers, or both durations"));
            }
            if warning > critical {
                return Err(usage("--warning must not be above --critical"));
            }
        }
        Ok(limits)
    }
}

fn parse(text: &str) -> Result<Measure> {
    let number = text.parse().ok().filter(|number| *number >= 0).map(Measure::Count);
    let measure = number.or_else(|| parse_duration(text).map(Measure::Time));
    measure.ok_or_else(|| usage(format!("{text} is no limit: give 1000, or 500ms, 2s, 10m")))
}

impl Limits {
    fn any(&self) -> Option<Measure> {
        self.warning.or(self.critical)
    }

    /// Whether they are about time.
    pub(super) fn are_times(&self) -> bool {
        matches!(self.any(), Some(Measure::Time(_)))
    }

    pub(super) fn is_none(&self) -> bool {
        self.any().is_none()
    }

    pub(super) fn judge(&self, measure: Measure) -> Status {
        let reaches = |limit: Option<Measure>| limit.is_some_and(|limit| measure >= limit);
        if reaches(self.critical) {
            Status::Critical
        } else if reaches(self.warning) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// `lag=12;1000;10000;0`, `time=0.012s;0.500;2.000;0`.
    pub(super) fn figure(&self, name: &str, measure: Measure) -> String {
        let unit = if matches!(measure, Measure::Time(_)) { "s" } else { "" };
        let limit = |limit: Option<Measure>| limit.map(|limit| limit.to_string()).unwrap_or_default();
        format!("{name}={measure}{unit};{};{};0", limit(self.warning), limit(self.critical))
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Measure::Count(count) => count.fmt(f),
            Measure::Time(time) => write!(f, "{}.{:03}", time.as_secs(), time.subsec_millis()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(warning: &str, critical: &str) -> Result<Limits> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        LimitArgs { warning: some(warning), critical: some(critical) }.limits()
    }

    #[test]
    fn a_limit_is_reached_at_it() {
        for (warning, critical, measure, status) in [
            ("10", "20", 9, Status::Ok),
            ("10", "20", 10, Status::Warning),
            ("10", "20", 20, Status::Critical),
            ("", "20", 19, Status::Ok),
            ("", "", i64::MAX, Status::Ok),
        ] {
            let limits = limits(warning, critical).unwrap();
            assert_eq!(limits.judge(Measure::Count(measure)), status, "{measure}");
        }
        let minutes = limits("1m", "10m").unwrap();
        assert_eq!(minutes.judge(Measure::Time(Duration::from_secs(61))), Status::Warning);
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        for (warning, critical) in [("10", "1m"), ("20", "10"), ("-1", ""), ("soon", "")] {
            limits(warning, critical).unwrap_err();
        }
    }

    #[test]
    fn figures_are_as_monitoring_reads_them() {
        let limits = limits("500ms", "2s").unwrap();
        assert_eq!(
            limits.figure("time", Measure::Time(Duration::from_millis(12))),
            "time=0.012s;0.500;2.000;0"
        );
        assert_eq!(Limits::default().figure("lag", Measure::Count(7)), "lag=7;;;0");
    }
}
