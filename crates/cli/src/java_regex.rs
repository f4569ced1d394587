//! Patterns as users of Kafka write them.

use regex::bytes::{Regex, RegexBuilder};

/// With classes as Java's: `\d` are the ten digits of ASCII.
pub(crate) fn java_regex(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).build()
}
