//! `kafka-get-offsets`.

use std::collections::BTreeMap;
use std::io::Write;
use std::str::FromStr;

use anyhow::{Result, anyhow, bail};
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;

use super::connection::admin_properties;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use super::topic_filter::{TopicFilter, topics};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "An interactive shell for getting topic-partition offsets.",
    options: &[
        Opt::value(
            "bootstrap-server",
            "HOST1:PORT1,...,HOST3:PORT3",
            "REQUIRED. The server(s) to connect to.",
        ),
        Opt::value(
            "topic-partitions",
            "topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3",
            "Which partitions of which topics; topics are regular expressions.",
        ),
        Opt::value("topic", "topic", "The topic, or a regular expression."),
        Opt::value("partitions", "partition ids", "These partitions alone."),
        Opt::value(
            "time",
            "<timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / \
             -5 or latest-tiered / -6 or earliest-pending-upload",
            "Which offset (default: latest).",
        ),
        Opt::value("command-config", "config file", "Options of the client."),
        Opt::flag("exclude-internal-topics", "None of Kafka's own topics."),
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    match answer(args, out) {
        Err(error) if matches!(error.downcast_ref(), None | Some(Misuse::Bare(_))) => {
            Err(anyhow!("Error occurred: {}", java::message(&error)))
        }
        answered => answered,
    }
}

fn answer(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    options.answer_help()?;
    options.require(&["bootstrap-server"])?;
    let wanted = Wanted::parse(&options)?;
    let spec = offset_spec(options.value("time")?.unwrap_or("latest"))?;
    block_on(async {
        let mut properties = admin_properties(&options)?;
        properties.set("client.id", "GetOffsetShell");
        let remote = properties.connect().await?;
        let exclude_internal = options.has("exclude-internal-topics");
        let partitions = partitions(&remote.admin, &wanted, exclude_internal).await?;
        if partitions.is_empty() {
            bail!("Could not match any topic-partitions with the specified filters");
        }
        for (partition, offset) in offsets(&remote.admin, partitions, spec).await? {
            writeln!(out, "{}:{offset}", partition.replace('\0', ":"))?;
        }
        Ok(Outcome::Success)
    })
}

/// The offsets that there are, by partitions in the order of their names as text.
async fn offsets(
    admin: &Admin,
    partitions: Vec<TopicPartition>,
    spec: OffsetSpec,
) -> Result<BTreeMap<String, i64>> {
    let specs = partitions.into_iter().map(|partition| (partition, spec)).collect();
    let mut offsets = BTreeMap::new();
    for (partition, listed) in admin.list_offsets(&specs, IsolationLevel::ReadUncommitted).await? {
        match listed {
            Ok(listed) => offsets.extend(
                listed.offset.map(|offset| (format!("{}\0{}", partition.topic, partition.partition), offset)),
            ),
            Err(error) => sayln!(
                "Skip getting offsets for topic-partition {partition} due to error: {}",
                java::shown(&error)
            ),
        }
    }
    Ok(offsets)
}

async fn partitions(admin: &Admin, wanted: &Wanted, exclude_internal: bool) -> Result<Vec<TopicPartition>> {
    let mut names = topics(admin, None, exclude_internal).await?;
    names.retain(|name| wanted.0.iter().any(|rule| rule.topics.allows(name)));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut partitions = Vec::new();
    for topic in admin.describe_topics(&names).await?.into_values() {
        let topic = topic?;
        let numbers = topic.partitions.iter().map(|partition| partition.number);
        let numbers = numbers.filter(|number| wanted.has(&topic.name, *number));
        partitions.extend(numbers.map(|number| TopicPartition::new(topic.name.clone(), number)));
    }
    Ok(partitions)
}

fn offset_spec(text: &str) -> Result<OffsetSpec> {
    Ok(match text {
        "latest" | "-1" => OffsetSpec::Latest,
        "earliest" | "-2" => OffsetSpec::Earliest,
        "max-timestamp" | "-3" => OffsetSpec::MaxTimestamp,
        "earliest-local" | "-4" => OffsetSpec::EarliestLocal,
        "latest-tiered" | "-5" => OffsetSpec::LatestTiered,
        "earliest-pending-upload" | "-6" => OffsetSpec::EarliestPendingUpload,
        text => OffsetSpec::Timestamp(text.parse().map_err(|_not_a_number| {
            anyhow!(
                "Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / \
                 -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long \
                 format timestamp"
            )
        })?),
    })
}

/// Any of these.
struct Wanted(Vec<Rule>);

struct Rule {
    topics: TopicFilter,
    partitions: Partitions,
}

enum Partitions {
    /// All, if there are none.
    Listed(Vec<i32>),
    /// The upper bound is not among them.
    Range(i32, i32),
}

impl Wanted {
    fn parse(options: &Options) -> Result<Wanted> {
        if let Some(rules) = options.value("topic-partitions")? {
            if options.has("topic") || options.has("partitions") {
                bail!("--topic-partitions cannot be used with --topic or --partitions");
            }
            return rules.split(',').map(Rule::parse).collect::<Result<_>>().map(Wanted);
        }
        let topics = TopicFilter::parse(options.value("topic")?.unwrap_or(".*"))?;
        let listed = options.value("partitions")?.filter(|listed| !listed.is_empty());
        let numbers = match listed {
            None => Ok(Vec::new()),
            Some(listed) => listed.split(',').map(i32::from_str).collect(),
        };
        let numbers = numbers.map_err(|_not_a_number| {
            let listed = listed.unwrap_or_default();
            anyhow!(
                "--partitions expects a comma separated list of numeric partition ids, but received: {listed}"
            )
        })?;
        Ok(Wanted(vec![Rule { topics, partitions: Partitions::Listed(numbers) }]))
    }

    fn has(&self, topic: &str, partition: i32) -> bool {
        self.0.iter().any(|rule| rule.topics.allows(topic) && rule.partitions.has(partition))
    }
}

impl Rule {
    /// A topic, and behind a colon a partition, or bounds of which either may be missing.
    fn parse(text: &str) -> Result<Rule> {
        let invalid = || anyhow!("Invalid rule specification: {text}");
        let (topic, partitions) = text.split_once(':').unwrap_or((text, ""));
        let number = |text: &str, otherwise: i32| match text {
            "" => Ok(otherwise),
            text if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map_err(|_too_large| anyhow!("For input string: \"{text}\""))
            }
            _ => Err(invalid()),
        };
        let partitions = match partitions.split_once('-') {
            Some((from, to)) => Partitions::Range(number(from, 0)?, number(to, i32::MAX)?),
            None if partitions.is_empty() => Partitions::Range(0, i32::MAX),
            None => Partitions::Listed(vec![number(partitions, 0)?]),
        };
        let topics = TopicFilter::parse(if topic.is_empty() { ".*" } else { topic })?;
        Ok(Rule { topics, partitions })
    }
}

impl Partitions {
    fn has(&self, partition: i32) -> bool {
        match self {
            Partitions::Listed(listed) => listed.is_empty() || listed.contains(&partition),
            Partitions::Range(from, to) => (*from..*to).contains(&partition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, topic: &str, expected: &[i32]) {
        let wanted = Wanted(rule.split(',').map(|rule| Rule::parse(rule).expect("a rule")).collect());
        let found: Vec<i32> = (0..6).filter(|partition| wanted.has(topic, *partition)).collect();
        assert_eq!(found, expected, "{rule} {topic}");
    }

    #[test]
    fn rules_name_topics_and_partitions() {
        check("a:1", "a", &[1]);
        check("a:1", "b", &[]);
        check("a:1-3,a:5", "a", &[1, 2, 5]);
        check("a:4-", "a", &[4, 5]);
        check(":-2", "b", &[0, 1]);
        check("a", "a", &[0, 1, 2, 3, 4, 5]);
        check("a|b:", "b", &[0, 1, 2, 3, 4, 5]);
        for (rule, expected) in
            [("a:x", "Invalid rule specification: a:x"), ("a:1:2", "Invalid rule specification: a:1:2")]
        {
            assert_eq!(Rule::parse(rule).map(drop).expect_err("no rule").to_string(), expected);
        }
    }
}
