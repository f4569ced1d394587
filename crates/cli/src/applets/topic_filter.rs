//! Topics by a pattern, as most scripts take them: a list of regular expressions, one of which must match the whole name.

use anyhow::{Result, anyhow};
use ottla_client::admin::Admin;
use regex::bytes::Regex;

use crate::java_regex::java_regex;

/// Which topics are meant.
#[derive(Debug)]
pub(super) struct TopicFilter(Regex);

impl TopicFilter {
    pub(super) fn parse(text: &str) -> Result<TopicFilter> {
        let pattern = text.trim().replace(',', "|").replace(' ', "");
        let pattern = pattern.trim_matches(|c| c == '"' || c == '\'');
        let whole = java_regex(&format!("^(?:{pattern})$"));
        Ok(TopicFilter(whole.map_err(|_no_regex| anyhow!("{pattern} is an invalid regex."))?))
    }

    pub(super) fn allows(&self, topic: &str) -> bool {
        self.0.is_match(topic.as_bytes())
    }
}

/// The topics that are meant, or all, by their names in order.
pub(super) async fn topics(
    admin: &Admin,
    pattern: Option<&str>,
    exclude_internal: bool,
) -> Result<Vec<String>> {
    let filter = pattern.map(TopicFilter::parse).transpose()?;
    let listed = admin.list_topics(!exclude_internal).await?.into_iter();
    let mut names: Vec<String> = listed.map(|topic| topic.name.to_string()).collect();
    names.retain(|name| filter.as_ref().is_none_or(|filter| filter.allows(name)));
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_list_and_matches_whole_names() {
        for (pattern, topic, expected) in [
            ("orders", "orders", true),
            ("orders", "orders2", false),
            ("ord.*", "orders", true),
            ("a, b|c", "b", true),
            ("a, b|c", "abc", false),
            ("\"orders\"", "orders", true),
            (r"o\w+-\d{2}", "orders-12", true),
            ("", "", true),
        ] {
            let filter = TopicFilter::parse(pattern).expect("a regular expression");
            assert_eq!(filter.allows(topic), expected, "{pattern} {topic}");
        }
        let error = TopicFilter::parse("a[").expect_err("no regular expression");
        assert_eq!(error.to_string(), "a[ is an invalid regex.");
    }
}
