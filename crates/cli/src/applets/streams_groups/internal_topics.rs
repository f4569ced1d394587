//! The topics of their own that groups have, for state and for repartitioning.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use ottla_client::ErrorCode;
use ottla_client::admin::{Admin, StreamsGroup};

use super::super::group_scripts::print_error;
use super::super::java;
use super::super::options::Options;

/// By the groups that have any.
type InternalTopics = BTreeMap<String, Vec<Arc<str>>>;

/// Those that look as if Kafka Streams had made them; of the others it is told that they stay.
pub(super) async fn of_groups(
    admin: &Admin,
    groups: &[String],
    out: &mut dyn Write,
) -> Result<InternalTopics> {
    let ids: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut internal = InternalTopics::new();
    for (group, described) in admin.describe_streams_groups(&ids).await? {
        let described = match described {
            Ok(described) => described,
            Err(error) => {
                let reason = java::shown(&error);
                print_error(out, &format!("Retrieving internal topics failed due to {reason}"))?;
                return Ok(InternalTopics::new());
            }
        };
        let (made, others): (Vec<_>, Vec<_>) =
            own_topics(&described).into_iter().partition(|topic| is_made_for(topic, &group));
        for topic in others {
            let message = format!(
                "The internal topic '{topic}' is not inferred as internal and thus will not be deleted with the \
                 group '{group}'."
            );
            print_error(out, &message)?;
        }
        if !made.is_empty() {
            internal.insert(group.to_string(), made);
        }
    }
    Ok(internal)
}

fn own_topics(group: &StreamsGroup) -> Vec<Arc<str>> {
    let sources: BTreeSet<_> = group.subtopologies.iter().flat_map(|part| &part.source_topics).collect();
    let own = group
        .subtopologies
        .iter()
        .flat_map(|part| part.repartition_source_topics.iter().chain(&part.changelog_topics));
    own.filter(|topic| !sources.contains(topic)).cloned().collect()
}

/// Whether the name is one that Kafka Streams gives.
fn is_made_for(topic: &str, group: &str) -> bool {
    const ENDINGS: [&str; 4] =
        ["-changelog", "-repartition", "-subscription-registration-topic", "-subscription-response-topic"];
    const JOINS: [&str; 2] =
        ["-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-", "-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-"];
    let is_of_join = |join: &&str| {
        let number = topic.strip_suffix("-topic").and_then(|name| Some(name.rsplit_once(*join)?.1));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()))
    };
    let is_of_group = topic.strip_prefix(group).is_some_and(|rest| rest.starts_with('-'));
    is_of_group && (ENDINGS.iter().any(|ending| topic.ends_with(ending)) || JOINS.iter().any(is_of_join))
}

/// What became of the topics of groups that were deleted.
#[derive(Debug, Default)]
pub(super) struct Deleted {
    done: Vec<String>,
    failed: BTreeMap<String, String>,
}

pub(super) async fn delete_of(
    admin: &Admin,
    internal: &InternalTopics,
    groups: &BTreeSet<String>,
    out: &mut dyn Write,
) -> Result<Deleted> {
    let mut deleted = Deleted::default();
    for (group, topics) in internal.iter().filter(|(group, _)| groups.contains(*group)) {
        let topics: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
        let mut failure = None;
        for (topic, outcome) in admin.delete_topics(&topics).await? {
            if let Err(error) = outcome {
                writeln!(out, "Failed to delete internal topic: {topic}")?;
                failure.get_or_insert(error);
            }
        }
        match failure {
            None => deleted.done.push(format!("'{group}'")),
            Some(error) => _ = deleted.failed.insert(group.clone(), java::shown(&error)),
        }
    }
    Ok(deleted)
}

impl Deleted {
    pub(super) fn tell(&self, out: &mut dyn Write) -> Result<()> {
        if !self.failed.is_empty() {
            writeln!(out, "Deletion of some associated internal topics failed:")?;
        } else if !self.done.is_empty() {
            let groups = self.done.join(", ");
            writeln!(
                out,
                "Deletion of associated internal topics of the streams groups ({groups}) was successful."
            )?;
        }
        for (group, error) in &self.failed {
            writeln!(
                out,
                "* Internal topics of the streams group '{group}' could not be deleted due to: {error}"
            )?;
        }
        Ok(())
    }
}

/// Those that are named, or all of a group, once it has been told where it goes on.
pub(super) async fn delete_after_reset(
    options: &Options,
    admin: &Admin,
    group: &str,
    out: &mut dyn Write,
) -> Result<()> {
    let topics: Vec<Arc<str>> = match options.has("delete-all-internal-topics") {
        true => of_groups(admin, &[group.to_owned()], out).await?.remove(group).unwrap_or_default(),
        false => options.values("delete-internal-topic").map(Arc::from).collect(),
    };
    if topics.is_empty() {
        return Ok(());
    }
    let topics: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
    let deleted = admin.delete_topics(&topics).await?.into_values();
    let Some(error) = deleted.filter_map(Result::err).next() else { return Ok(()) };
    let why = match error.code() {
        Some(ErrorCode::UnknownTopicOrPartition) => "because the topics do not exist.".to_owned(),
        _ => format!("due to {}", java::shown(&error)),
    };
    Ok(print_error(out, &format!("Deleting internal topics for group '{group}' failed {why}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_told_to_be_a_groups_own_by_their_names() {
        for (topic, expected) in [
            ("totals-store-changelog", true),
            ("totals-by-key-repartition", true),
            ("totals-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000006-topic", true),
            ("totals-a-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic", true),
            ("totals-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-x-topic", false),
            ("totals-x-subscription-response-topic", true),
            ("totalsstore-changelog", false),
            ("other-store-changelog", false),
            ("totals-orders", false),
        ] {
            assert_eq!(is_made_for(topic, "totals"), expected, "{topic}");
        }
    }
}
