//! What has to be done so that topics are as a file describes them. Pure: it decides, and asks nobody.

use std::collections::BTreeMap;

use super::file::{ConfigValue, Topic};

/// A topic as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) partitions: i32,
    pub(crate) replicas: i16,
    /// The options that it has of its own; the value of a secret is not told.
    pub(crate) configs: BTreeMap<String, Option<String>>,
}

impl Present {
    /// As a file describes a topic of this name that is the same.
    pub(crate) fn described_as(self, name: &str) -> Topic {
        let configs = self.configs.into_iter().map(|(key, value)| (key, ConfigValue(value)));
        Topic {
            name: name.to_owned(),
            partitions: Some(self.partitions),
            replicas: Some(self.replicas),
            configs: Some(configs.collect()),
        }
    }
}

/// One thing to do, or one that cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) topic: String,
    pub(crate) action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Create(Topic),
    AddPartitions {
        from: i32,
        to: i32,
    },
    Set {
        key: String,
        from: Option<String>,
        to: String,
    },
    Unset {
        key: String,
        from: Option<String>,
    },
    Delete,
    /// What it is about, and why not.
    Refuse {
        what: &'static str,
        from: String,
        to: String,
        why: &'static str,
    },
}

const FEWER_PARTITIONS: &str = "a topic cannot have fewer partitions: delete it, and create it anew";
const OTHER_REPLICAS: &str =
    "the number of replicas is changed by `ottla partition reassign plan --replicas`";

/// All steps, topic by topic in the order of the file; what has to be deleted comes last. Topics that are not in the file are
/// deleted with `prune` alone.
pub(crate) fn plan(wanted: &[Topic], present: &BTreeMap<String, Present>, prune: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for topic in wanted {
        let actions = match present.get(&topic.name) {
            Some(present) => changes(topic, present),
            None => vec![Action::Create(topic.clone())],
        };
        steps.extend(actions.into_iter().map(|action| Step { topic: topic.name.clone(), action }));
    }
    if prune {
        let unnamed = present.keys().filter(|name| !wanted.iter().any(|topic| topic.name == **name));
        steps.extend(unnamed.map(|name| Step { topic: name.clone(), action: Action::Delete }));
    }
    steps
}

fn changes(topic: &Topic, present: &Present) -> Vec<Action> {
    let mut actions = Vec::new();
    let partitions = topic.partitions.unwrap_or(present.partitions);
    if partitions > present.partitions {
        actions.push(Action::AddPartitions { from: present.partitions, to: partitions });
    } else if partitions < present.partitions {
        actions.push(refuse("partitions", present.partitions, partitions, FEWER_PARTITIONS));
    }
    let replicas = topic.replicas.unwrap_or(present.replicas);
    if replicas != present.replicas {
        actions.push(refuse("replicas", present.replicas, replicas, OTHER_REPLICAS));
    }
    let Some(configs) = &topic.configs else { return actions };
    for (key, to) in configs {
        let Some(to) = &to.0 else { continue };
        let from = present.configs.get(key).cloned().flatten();
        if from.as_ref() != Some(to) {
            actions.push(Action::Set { key: key.clone(), from, to: to.clone() });
        }
    }
    let is_named = |key: &String| configs.get(key).is_some_and(|value| value.0.is_some());
    let unnamed = present.configs.iter().filter(|(key, _)| !is_named(key));
    actions.extend(unnamed.map(|(key, from)| Action::Unset { key: key.clone(), from: from.clone() }));
    actions
}

fn refuse(what: &'static str, from: impl ToString, to: impl ToString, why: &'static str) -> Action {
    Action::Refuse { what, from: from.to_string(), to: to.to_string(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(partitions: Option<i32>, replicas: Option<i16>, configs: Option<&[(&str, &str)]>) -> Topic {
        let value = |(key, value): &(&str, &str)| {
            (String::from(*key), ConfigValue((!value.is_empty()).then(|| String::from(*value))))
        };
        let configs = configs.map(|configs| configs.iter().map(value).collect());
        Topic { name: "orders".into(), partitions, replicas, configs }
    }

    /// Of a topic with three partitions, two replicas and two options.
    fn check(wanted: &Topic, expected: &[Action]) {
        let configs = [("retention.ms", "5"), ("flush.ms", "7")];
        let configs = configs.map(|(key, value)| (key.to_owned(), Some(value.to_owned())));
        let present = Present { partitions: 3, replicas: 2, configs: configs.into() };
        let steps =
            plan(std::slice::from_ref(wanted), &BTreeMap::from([("orders".to_owned(), present)]), false);
        let actions: Vec<Action> = steps.into_iter().map(|step| step.action).collect();
        assert_eq!(actions, expected, "{wanted:?}");
    }

    #[test]
    fn what_is_left_out_is_left_as_it_is() {
        check(&topic(None, None, None), &[]);
        check(&topic(Some(3), Some(2), Some(&[("retention.ms", "5"), ("flush.ms", "7")])), &[]);
    }

    #[test]
    fn partitions_are_added_and_never_taken_away() {
        check(&topic(Some(5), None, None), &[Action::AddPartitions { from: 3, to: 5 }]);
        check(&topic(Some(2), None, None), &[refuse("partitions", 3, 2, FEWER_PARTITIONS)]);
        check(&topic(None, Some(3), None), &[refuse("replicas", 2, 3, OTHER_REPLICAS)]);
    }

    #[test]
    fn options_are_set_changed_and_unset() {
        let unset = |key: &str, from: &str| Action::Unset { key: key.into(), from: Some(from.into()) };
        let set = |key: &str, from: Option<&str>, to: &str| Action::Set {
            key: key.into(),
            from: from.map(Into::into),
            to: to.into(),
        };
        check(&topic(None, None, Some(&[])), &[unset("flush.ms", "7"), unset("retention.ms", "5")]);
        check(
            &topic(
                None,
                None,
                Some(&[("cleanup.policy", "compact"), ("retention.ms", "6"), ("flush.ms", "")]),
            ),
            &[
                set("cleanup.policy", None, "compact"),
                set("retention.ms", Some("5"), "6"),
                unset("flush.ms", "7"),
            ],
        );
    }

    #[test]
    fn what_is_missing_is_created_and_what_is_not_named_is_deleted_when_asked() {
        let wanted = topic(Some(3), None, None);
        let present = BTreeMap::from([("payments".to_owned(), Present::default())]);
        let create = Step { topic: "orders".into(), action: Action::Create(wanted.clone()) };
        let delete = Step { topic: "payments".into(), action: Action::Delete };
        assert_eq!(plan(std::slice::from_ref(&wanted), &present, false), std::slice::from_ref(&create));
        assert_eq!(plan(&[wanted], &present, true), [create, delete]);
    }
}
