//! `kafka-broker-api-versions`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ottla_client::ApiKey;
use ottla_client::admin::DescribedBroker;

use super::connection::connect;
use super::java;
use super::options::{Opt, Syntax};
use crate::api_versions::{Served, served_by};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to retrieve broker version information.",
    options: &[
        Opt::value("bootstrap-server", "server(s)", "REQUIRED: The server to connect to."),
        Opt::value("command-config", "command config property file", "Options of the client."),
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    options.answer_help()?;
    options.require(&["bootstrap-server"])?;
    block_on(async {
        let remote = connect(&options).await?;
        for broker in remote.admin.describe_cluster(false).await?.brokers {
            write!(out, "{} -> ", node(&broker))?;
            match served_by(&remote.client, broker.id).await {
                Ok(served) => writeln!(out, "(\n\t{}\n)", lines(&served).join(",\n\t"))?,
                Err(error) => writeln!(out, "ERROR: {}", java::shown(&error))?,
            }
        }
        Ok(Outcome::Success)
    })
}

/// As Java's client shows a node.
fn node(broker: &DescribedBroker) -> String {
    let DescribedBroker { id, host, port, rack, is_fenced, .. } = broker;
    let rack = rack.as_deref().unwrap_or("null");
    format!("{host}:{port} (id: {id} rack: {rack} isFenced: {is_fenced})")
}

/// What no client asks brokers: nothing lacks where they do not serve it.
const NOT_FOR_CLIENTS: &[ApiKey] = &[
    ApiKey::Vote,
    ApiKey::BeginQuorumEpoch,
    ApiKey::EndQuorumEpoch,
    ApiKey::AlterPartition,
    ApiKey::Envelope,
    ApiKey::FetchSnapshot,
    ApiKey::BrokerRegistration,
    ApiKey::BrokerHeartbeat,
    ApiKey::AllocateProducerIds,
    ApiKey::ControllerRegistration,
    ApiKey::AssignReplicasToDirs,
    ApiKey::UpdateRaftVoter,
];

/// One for each kind of request that the broker serves, or that a client might ask for, in the order of their numbers.
fn lines(served: &Served) -> Vec<String> {
    let mut lines = BTreeMap::new();
    for api in ApiKey::ALL.iter().filter(|api| !NOT_FOR_CLIENTS.contains(api)) {
        lines.insert(api.code(), format!("{}({}): UNSUPPORTED", api.name(), api.code()));
    }
    for (code, (min, max)) in served {
        let versions = if min == max { min.to_string() } else { format!("{min} to {max}") };
        let line = match ApiKey::from_code(*code) {
            Some(api) => {
                format!("{}({code}): {versions} [{}]", api.name(), usable(api, *min, *max))
            }
            None => format!("UNKNOWN({code}): {versions}"),
        };
        lines.insert(*code, line);
    }
    lines.into_values().collect()
}

/// The newest version that both sides have.
fn usable(api: ApiKey, min: i16, max: i16) -> String {
    let ours = api.versions();
    if *ours.end() < min {
        "unusable: node too new".to_owned()
    } else if max < *ours.start() {
        "unusable: node too old".to_owned()
    } else {
        format!("usable: {}", max.min(*ours.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(served: &[(i16, (i16, i16))], code: i16, expected: Option<&str>) {
        let lines = lines(&served.iter().copied().collect());
        let line = lines.iter().find(|line| line.contains(&format!("({code}): ")));
        assert_eq!(line.map(String::as_str), expected);
    }

    #[test]
    fn versions_are_shown_with_the_one_that_would_be_used() {
        check(&[(3, (0, 5))], 3, Some("Metadata(3): 0 to 5 [usable: 5]"));
        check(&[(17, (1, 1))], 17, Some("SaslHandshake(17): 1 [usable: 1]"));
        check(&[(3, (100, 101))], 3, Some("Metadata(3): 100 to 101 [unusable: node too new]"));
        check(&[(0, (0, 2))], 0, Some("Produce(0): 0 to 2 [unusable: node too old]"));
        check(&[(9999, (0, 1))], 9999, Some("UNKNOWN(9999): 0 to 1"));
        check(&[], 3, Some("Metadata(3): UNSUPPORTED"));
        check(&[], 52, None);
    }
}
