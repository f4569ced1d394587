//! What can be wrong with a configuration.

use thiserror::Error;

use crate::origin::Origin;

/// A value or a name that Kafka would refuse, in Kafka's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct InvalidConfig {
    message: String,
}

impl InvalidConfig {
    pub(crate) fn new(message: impl Into<String>) -> InvalidConfig {
        InvalidConfig { message: message.into() }
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}

/// The code of a refused alteration; the broker has Kafka's number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// 40
    InvalidConfig,
    /// 42
    InvalidRequest,
}

/// Why an alteration of a resource is refused: one error for the resource, as in Kafka's answers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    pub code: RefusalCode,
    pub message: String,
}

impl Refusal {
    pub(crate) fn config(message: impl Into<String>) -> Refusal {
        Refusal { code: RefusalCode::InvalidConfig, message: message.into() }
    }

    pub(crate) fn request(message: impl Into<String>) -> Refusal {
        Refusal { code: RefusalCode::InvalidRequest, message: message.into() }
    }
}

impl From<InvalidConfig> for Refusal {
    fn from(error: InvalidConfig) -> Refusal {
        Refusal::config(error.message)
    }
}

/// Why a process cannot start with the configuration that it was given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    #[error("{file}:{line}: {message}")]
    Syntax { file: String, line: usize, message: String },

    #[error("{flag}: expected KEY=VALUE")]
    Assignment { flag: String },

    #[error("{origin}: there is no option {name}{}", did_you_mean(.suggestion))]
    Misspelt { origin: Origin, name: String, suggestion: Option<&'static str> },

    #[error("{origin}: {message}")]
    Invalid { origin: Origin, message: String },
}

fn did_you_mean(suggestion: &Option<&'static str>) -> String {
    suggestion.map(|name| format!(", did you mean {name}?")).unwrap_or_default()
}
