//! The process's own log, on standard error: text for people, JSON for collectors.

use std::io::{self, IsTerminal as _};
use std::str::FromStr as _;

use ottla_config::{Assignment, LogFormat};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{fmt, registry};

use crate::style::Style;

/// Which events are logged: a level, or levels by crate.
pub(super) type Levels = Targets;

/// As `--log-level` takes it.
pub(super) fn parse_level(text: &str) -> Result<Levels, String> {
    Targets::from_str(text).map_err(|error| format!("{error}; try info, or info,ottla_broker=debug"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogForm {
    Text,
    Json,
}

impl LogForm {
    pub(super) fn chosen(format: LogFormat) -> LogForm {
        match format {
            LogFormat::Text => LogForm::Text,
            LogFormat::Json => LogForm::Json,
            LogFormat::Auto if io::stderr().is_terminal() => LogForm::Text,
            LogFormat::Auto => LogForm::Json,
        }
    }
}

/// The option that `--log-format` stands for.
pub(super) fn format_assignment(is_json: bool) -> Assignment {
    Assignment::of_flag("--log-format", "ottla.logs.format", if is_json { "json" } else { "text" })
}

/// For the whole process, once.
pub(super) fn start(form: LogForm, levels: Levels) {
    let layer = match form {
        LogForm::Text => {
            let coloured = Style::for_stream(io::stderr().is_terminal()).is_coloured();
            fmt::layer().with_writer(io::stderr).with_ansi(coloured).with_target(false).boxed()
        }
        LogForm::Json => fmt::layer().json().flatten_event(true).with_writer(io::stderr).boxed(),
    };
    registry().with(layer.with_filter(levels)).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_given_alone_or_by_crate() {
        for text in ["info", "DEBUG", "off", "warn,ottla_broker=debug"] {
            parse_level(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        assert!(parse_level("info,x=loud").is_err_and(|error| error.contains("try info")));
    }
}
