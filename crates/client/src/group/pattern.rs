//! Topics by a regular expression.

use std::fmt;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use crate::cluster::Topic;
use crate::{Error, Result};

/// The most memory that a compiled expression takes: patterns may come from configuration files.
const SIZE_MAX: usize = 1 << 20;

/// A regular expression that a topic's whole name must match, as with Java's consumer.
///
/// ```
/// use ottla_client::group::Pattern;
///
/// let pattern = Pattern::new("orders-(eu|us)")?;
/// assert!(pattern.matches("orders-eu"));
/// assert!(!pattern.matches("old-orders-eu"));
/// # Ok::<(), ottla_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    text: Arc<str>,
    regex: Regex,
}

impl Pattern {
    /// In the syntax of RE2, which brokers use too. [`Error::Config`] if it cannot be read.
    pub fn new(text: &str) -> Result<Pattern> {
        let error = |error| Error::Config(format!("{text:?} is no pattern: {error}"));
        // By itself too: `a)(b` is none, though it is one between brackets.
        compile(text).map_err(error)?;
        let regex = compile(&format!("^(?:{text})$")).map_err(error)?;
        Ok(Pattern { text: text.into(), regex })
    }

    /// Whether it is the pattern of a topic of that name.
    pub fn matches(&self, topic: &str) -> bool {
        self.regex.is_match(topic.as_bytes())
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names that match, in their order.
    pub(crate) fn among(&self, topics: &[Topic], exclude_internal: bool) -> Vec<Arc<str>> {
        let topics = topics.iter().filter(|topic| !(exclude_internal && topic.is_internal));
        let mut names: Vec<Arc<str>> =
            topics.filter(|topic| self.matches(&topic.name)).map(|topic| topic.name.clone()).collect();
        names.sort();
        names
    }
}

/// Names of topics are ASCII.
fn compile(text: &str) -> std::result::Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).size_limit(SIZE_MAX).build()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names_alone() {
        let check = |pattern: &str, topic, expected| {
            assert_eq!(Pattern::new(pattern).unwrap().matches(topic), expected, "{pattern} {topic}");
        };
        check("a|b", "a", true);
        check("a|b", "ab", false);
        check("orders.*", "orders-1", true);
        check("orders.*", "my-orders", false);
        check("^t\\d+$", "t42", true);
        check("(?i)ORDERS", "orders", true);
        check("", "orders", false);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in ["(", "a)(b", "a{1000000}", "(a{1000}){1000}", "\\"] {
            assert!(matches!(Pattern::new(text), Err(Error::Config(_))), "{text}");
        }
    }
}
