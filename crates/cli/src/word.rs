//! What Kafka has words for: its tools and ours show and read the same ones.

use ottla_client::admin::{ConfigSource, ScramMechanism};

/// Something that Kafka has a word for.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// The words as Java has them, those of filters included.
    const WORDS: &'static [(Self, &'static str)];

    /// The word; that of an unknown value where a later broker told it.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("UNKNOWN", |(_, word)| word)
    }

    /// However it is written: `IDEMPOTENT_WRITE`, `IdempotentWrite`, `idempotent-write`.
    fn of_word(text: &str) -> Option<Self> {
        let wanted = bare(text);
        Self::WORDS.iter().find(|(_, word)| bare(word) == wanted).map(|(value, _)| *value)
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

impl Word for ConfigSource {
    const WORDS: &'static [(ConfigSource, &'static str)] = &[
        (ConfigSource::DynamicTopic, "DYNAMIC_TOPIC_CONFIG"),
        (ConfigSource::DynamicBroker, "DYNAMIC_BROKER_CONFIG"),
        (ConfigSource::DynamicDefaultBroker, "DYNAMIC_DEFAULT_BROKER_CONFIG"),
        (ConfigSource::StaticBroker, "STATIC_BROKER_CONFIG"),
        (ConfigSource::Default, "DEFAULT_CONFIG"),
        (ConfigSource::DynamicBrokerLogger, "DYNAMIC_BROKER_LOGGER_CONFIG"),
        (ConfigSource::DynamicClientMetrics, "DYNAMIC_CLIENT_METRICS_CONFIG"),
        (ConfigSource::DynamicGroup, "DYNAMIC_GROUP_CONFIG"),
    ];
}

/// As SASL calls them.
impl Word for ScramMechanism {
    const WORDS: &'static [(ScramMechanism, &'static str)] =
        &[(ScramMechanism::Sha256, "SCRAM-SHA-256"), (ScramMechanism::Sha512, "SCRAM-SHA-512")];
}
