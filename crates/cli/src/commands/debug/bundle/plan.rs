//! Which of our own commands make up a bundle.

use ottla_client::BrokerId;

/// A file of the bundle: what commands answer, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) about: &'static str,
    /// What follows `ottla`. The answers of several lines stand one behind the other.
    pub(super) lines: Vec<Vec<String>>,
}

/// What there is in the cluster that has to be named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) brokers: Vec<BrokerId>,
    pub(super) topics: Vec<String>,
    /// Classic ones and those of KIP-848.
    pub(super) groups: Vec<String>,
    pub(super) share_groups: Vec<String>,
    pub(super) streams_groups: Vec<String>,
    pub(super) transactional_ids: Vec<String>,
}

/// A command line has room for so many names, and an answer about them comes in time.
const NAMES_MAX: usize = 200;

/// What needs no names.
const WHOLE: &[(&str, &str, &str)] = &[
    ("cluster/info.ndjson", "The cluster, its controller, its brokers", "cluster info"),
    ("cluster/health.ndjson", "Partitions without leaders, and with too few replicas", "cluster health"),
    ("cluster/quorum.ndjson", "The controllers' quorum", "cluster quorum"),
    ("cluster/features.ndjson", "Features: what is supported, and what is in use", "cluster features"),
    ("cluster/log-dirs.ndjson", "Data directories of all brokers, and how full they are", "cluster log-dirs"),
    ("cluster/reassignments.ndjson", "Partitions that are being moved", "partition reassign list"),
    ("configs/brokers.ndjson", "Options that all brokers have", "config get --default"),
    ("configs/entities.ndjson", "What has options of its own", "config list"),
    ("topics/list.ndjson", "Topics", "topic list"),
    ("groups/list.ndjson", "Groups of all kinds", "group list"),
    ("transactions/list.ndjson", "Transactional producers", "txn list"),
    ("security/acls.ndjson", "Access control lists", "acl list"),
    ("security/quotas.ndjson", "Quotas", "quota describe"),
    ("security/users.ndjson", "Users of SCRAM: names and mechanisms", "user list"),
];

/// What is asked once.
pub(super) fn once(names: &Names) -> Vec<Asked> {
    let whole = WHOLE.iter().map(|(path, about, line)| Asked {
        path: (*path).into(),
        about,
        lines: vec![words(line, &[])],
    });
    let brokers = names.brokers.iter().flat_map(|id| {
        let asked = |path: String, about, line: String| Asked { path, about, lines: vec![words(&line, &[])] };
        [
            asked(
                format!("configs/broker-{id}.ndjson"),
                "Options of a broker",
                format!("config get --broker {id}"),
            ),
            asked(
                format!("configs/loggers-{id}.ndjson"),
                "Log levels of a broker",
                format!("config get --loggers {id}"),
            ),
        ]
    });
    let named = [
        named(
            "groups/share.ndjson",
            "Share groups: offsets and members",
            "share describe",
            &names.share_groups,
        ),
        named(
            "groups/streams.ndjson",
            "Streams groups: topology, offsets and members",
            "streams describe",
            &names.streams_groups,
        ),
        named(
            "transactions/describe.ndjson",
            "Transactions: state and partitions",
            "txn describe",
            &names.transactional_ids,
        ),
    ];
    whole.chain(brokers).chain(named.into_iter().flatten()).collect()
}

/// What is asked twice, so that it is seen what moves.
pub(super) fn sampled(names: &Names, sample: u32) -> Vec<Asked> {
    let path = |name: &str| format!("samples/{sample}/{name}.ndjson");
    let topics = named(
        &path("topics"),
        "Topics: partitions, offsets, options that were set",
        "topic describe",
        &names.topics,
    );
    let groups = named(&path("groups"), "Groups: offsets, lag and members", "group describe", &names.groups);
    topics.into_iter().chain(groups).collect()
}

/// None if there is nothing to ask about.
fn named(path: &str, about: &'static str, line: &str, names: &[String]) -> Option<Asked> {
    let lines: Vec<Vec<String>> = names.chunks(NAMES_MAX).map(|names| words(line, names)).collect();
    (!lines.is_empty()).then(|| Asked { path: path.into(), about, lines })
}

/// A name may begin with a dash.
fn words(line: &str, names: &[String]) -> Vec<String> {
    let command = line.split(' ').map(str::to_owned).chain(["-o".into(), "ndjson".into()]);
    let dashes = (!names.is_empty()).then(|| "--".to_owned());
    command.chain(dashes).chain(names.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_asked_about_some_at_a_time() {
        let topics: Vec<String> = (0..401).map(|number| format!("t{number}")).collect();
        let asked = sampled(&Names { topics, ..Names::default() }, 1);
        assert_eq!(asked.len(), 1);
        let lengths: Vec<usize> = asked[0].lines.iter().map(Vec::len).collect();
        assert_eq!(lengths, [205, 205, 6]);
        assert_eq!(asked[0].lines[2].join(" "), "topic describe -o ndjson -- t400");
    }

    #[test]
    fn brokers_are_asked_one_by_one() {
        let asked = once(&Names { brokers: vec![7], ..Names::default() });
        let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
        assert_eq!(paths[WHOLE.len()..], ["configs/broker-7.ndjson", "configs/loggers-7.ndjson"]);
    }
}
