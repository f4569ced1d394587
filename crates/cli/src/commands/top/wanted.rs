//! Which topics and groups are meant.

use anyhow::Result;
use clap::Args;

use super::sample::{Group, Topic};
use crate::commands::consume::Pattern;
use crate::exit::usage;

/// What flags say of it.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct WantedArgs {
    /// Only topics whose name matches: a glob, or /regex/; of groups, what
    /// they committed in these
    #[arg(short, long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,

    /// Only groups whose name matches
    #[arg(short, long = "group", value_name = "GROUP")]
    groups: Vec<String>,

    /// Kafka's own topics too
    #[arg(long)]
    internal: bool,
}

/// One of several patterns; without any everything is meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    topics: Vec<Pattern>,
    groups: Vec<Pattern>,
    internal: bool,
}

impl Wanted {
    pub(super) fn new(args: &WantedArgs) -> Result<Wanted> {
        let parse = |flag: &str, patterns: &[String]| -> Result<Vec<Pattern>> {
            let one = |text: &String| {
                Pattern::parse(text).map_err(|reason| usage(format!("{flag} {text}: {reason}")))
            };
            patterns.iter().map(one).collect()
        };
        Ok(Wanted {
            topics: parse("--topic", &args.topics)?,
            groups: parse("--group", &args.groups)?,
            internal: args.internal,
        })
    }

    pub(super) fn has_topic(&self, name: &str, topic: &Topic) -> bool {
        (self.internal || !topic.is_internal) && has(&self.topics, name)
    }

    pub(super) fn has_group(&self, name: &str) -> bool {
        has(&self.groups, name)
    }

    /// Whether it counts what groups committed in a topic, which may be one of Kafka's own.
    pub(super) fn has_offsets_in(&self, topic: &str) -> bool {
        has(&self.topics, topic)
    }

    /// Where topics are named, groups that are known to have committed in one.
    pub(super) fn has_row_of(&self, group: &Group) -> bool {
        let mut topics = group.committed.iter().flatten().map(|(partition, _)| &partition.topic);
        self.topics.is_empty() || topics.any(|topic| self.has_offsets_in(topic))
    }
}

fn has(patterns: &[Pattern], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(name.as_bytes()))
}

#[cfg(test)]
impl WantedArgs {
    pub(super) fn of_topics(pattern: Option<&str>, internal: bool) -> WantedArgs {
        WantedArgs { topics: pattern.into_iter().map(str::to_owned).collect(), internal, groups: Vec::new() }
    }
}
