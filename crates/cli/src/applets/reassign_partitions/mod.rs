//! `kafka-reassign-partitions`.
//!
//! ```text
//! generate    a plan that spreads topics over brokers
//! execute     begins what a plan says, and slows it down
//! verify      how far it is, and ends the slowing down
//! cancel      ends what is under way
//! dirs        replicas that move between directories of a broker
//! throttles   options of brokers and topics that slow it down
//! ```

mod cancel;
mod dirs;
mod execute;
mod generate;
mod throttles;
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{Admin, Replica};
use ottla_client::{BrokerId, Error, ErrorCode, TopicPartition};

use super::connection::admin_properties;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to move topic partitions between replicas.",
    options: &[
        Opt::optional("bootstrap-server", "server(s)", "REQUIRED: The servers to connect to."),
        Opt::optional(
            "bootstrap-controller",
            "controllers",
            "The controllers to connect to, for --cancel and --list.",
        ),
        Opt::value("command-config", "Admin client property file", "Options of the client."),
        Opt::flag("generate", "Propose where the partitions of topics could be; move nothing."),
        Opt::flag("execute", "Begin to move partitions."),
        Opt::flag("verify", "Show how far it is; if it is done, end the throttling."),
        Opt::flag("cancel", "End moves that are under way."),
        Opt::flag("list", "List all moves that are under way."),
        Opt::value(
            "reassignment-json-file",
            "file",
            "Where partitions shall be, as {\"version\": 1, \"partitions\": [{\"topic\": \"foo\", \"partition\": 1, \
             \"replicas\": [1,2,3], \"log_dirs\": [\"dir1\",\"any\",\"dir3\"]}]}; log_dirs may be missing.",
        ),
        Opt::value(
            "topics-to-move-json-file",
            "file",
            "Topics for --generate, as {\"version\": 1, \"topics\": [{\"topic\": \"foo\"}]}",
        ),
        Opt::value("broker-list", "brokerlist", "Brokers for --generate, as 0,1,2"),
        Opt::flag("disable-rack-aware", "Whatever rack brokers are in."),
        Opt::value("throttle", "throttle", "Between brokers no more than so many bytes a second."),
        Opt::value(
            "replica-alter-log-dirs-throttle",
            "throttle",
            "Between directories no more than so many bytes a second.",
        ),
        Opt::value("timeout", "ms", "How long moves between directories may take to begin (default: 10000)"),
        Opt::flag("additional", "Beside moves that are under way; also to throttle these anew."),
        Opt::flag("preserve-throttles", "Leave the throttling as it is."),
        Opt::flag(
            "disallow-replication-factor-change",
            "Refuse plans that change how many replicas there are.",
        ),
    ],
};

/// What an action wants, and what it may have besides.
struct Action {
    name: &'static str,
    required: &'static [&'static str],
    permitted: &'static [&'static str],
}

const ACTIONS: [Action; 5] = [
    Action {
        name: "generate",
        required: &["topics-to-move-json-file", "broker-list"],
        permitted: &["disable-rack-aware"],
    },
    Action {
        name: "execute",
        required: &["reassignment-json-file"],
        permitted: &[
            "additional",
            "throttle",
            "replica-alter-log-dirs-throttle",
            "timeout",
            "disallow-replication-factor-change",
        ],
    },
    Action { name: "verify", required: &["reassignment-json-file"], permitted: &["preserve-throttles"] },
    Action {
        name: "cancel",
        required: &["reassignment-json-file"],
        permitted: &["preserve-throttles", "timeout", "bootstrap-controller"],
    },
    Action { name: "list", required: &[], permitted: &["bootstrap-controller"] },
];

const ALWAYS_PERMITTED: [&str; 2] = ["bootstrap-server", "command-config"];

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    let action = check(&options)?;
    match block_on(Box::pin(act(action.name, &options, out))) {
        Ok(()) => Ok(Outcome::Success),
        Err(error) if error.is::<std::io::Error>() || error.is::<Misuse>() => Err(error),
        Err(error) => {
            writeln!(out, "{}", told(&error))?;
            Ok(Outcome::Failure)
        }
    }
}

async fn act(action: &str, options: &Options, out: &mut dyn Write) -> Result<()> {
    let mut properties = admin_properties(options)?;
    properties.set_default("client.id", "reassign-partitions-tool");
    let read = |name| -> Result<String> {
        let path = options.value(name)?.unwrap_or_default();
        fs::read_to_string(path).with_context(|| path.to_owned())
    };
    let admin = properties.connect().await?.admin;
    match action {
        "generate" => generate::run(&read("topics-to-move-json-file")?, options, &admin, out).await,
        "execute" => execute::run(&read("reassignment-json-file")?, options, &admin, out).await,
        "verify" => verify::run(&read("reassignment-json-file")?, options, &admin, out).await,
        "cancel" => cancel::run(&read("reassignment-json-file")?, options, &admin, out).await,
        _ => list(&admin, out).await,
    }
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<&'static Action, Misuse> {
    options.answer_help()?;
    let given: Vec<&Action> = ACTIONS.iter().filter(|action| options.has(action.name)).collect();
    let [action] = given[..] else {
        let names = ["generate", "execute", "verify", "cancel", "list"].map(|name| format!("--{name}"));
        return Err(options.misuse(format!("Command must include exactly one action: {}", names.join(", "))));
    };
    match options.count(&["bootstrap-server", "bootstrap-controller"]) {
        1 => {}
        0 => return Err(options.misuse("Please specify either --bootstrap-server or --bootstrap-controller")),
        _ => {
            return Err(
                options.misuse("Please don't specify both --bootstrap-server and --bootstrap-controller")
            );
        }
    }
    options.require(action.required)?;
    let is_foreign = |name: &&str| {
        let known = [&[action.name], action.required, action.permitted, &ALWAYS_PERMITTED];
        options.has(name) && !known.iter().any(|names| names.contains(name))
    };
    match SYNTAX.options.iter().map(|option| option.name).find(is_foreign) {
        Some(name) => {
            let action = action.name;
            Err(options.misuse(format!("Option \"[{name}]\" can't be used with action \"[{action}]\"")))
        }
        None => Ok(action),
    }
}

/// What was refused in a way that the script has words for. All else is told as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

fn told(error: &anyhow::Error) -> String {
    match (error.downcast_ref::<Refused>(), error.downcast_ref::<Error>()) {
        (Some(refused), _) => refused.to_string(),
        (None, Some(error @ Error::Response(_))) => format!("Error: {}", java::shown(error)),
        (None, _) => format!("Error: {error:#}"),
    }
}

async fn list(admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let under_way = admin.list_partition_reassignments(None).await?;
    if under_way.is_empty() {
        return Ok(writeln!(out, "No partition reassignments found.")?);
    }
    writeln!(out, "Current partition reassignments:")?;
    for (partition, it) in &under_way {
        write!(out, "{partition}: replicas: {}.", joined(&it.replicas))?;
        for (what, brokers) in [("adding", &it.adding), ("removing", &it.removing)] {
            if !brokers.is_empty() {
                write!(out, " {what}: {}.", joined(brokers))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Where partitions are now.
type Assignment = BTreeMap<TopicPartition, Vec<BrokerId>>;

async fn assignment_of_topics(topics: &[&str], admin: &Admin) -> Result<Assignment> {
    let mut assignment = Assignment::new();
    for (name, described) in admin.describe_topics(topics).await? {
        let topic = match described {
            Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => {
                bail!(missing(&format!("Topic {name} not found.")))
            }
            described => described?,
        };
        let of_partition = |it: ottla_client::admin::DescribedPartition| {
            (TopicPartition::new(name.clone(), it.number), it.replicas)
        };
        assignment.extend(topic.partitions.into_iter().map(of_partition));
    }
    Ok(assignment)
}

/// The error of Java's client for what is not there.
fn missing(message: &str) -> String {
    format!("org.apache.kafka.common.errors.UnknownTopicOrPartitionException: {message}")
}

/// The directories of replicas, where brokers tell them.
async fn current_dirs(assignment: &Assignment, admin: &Admin) -> Result<BTreeMap<Replica, String>> {
    let replicas: Vec<Replica> = assignment
        .iter()
        .flat_map(|(partition, brokers)| brokers.iter().map(|broker| (partition.clone(), *broker)))
        .collect();
    let mut dirs = BTreeMap::new();
    for (replica, described) in admin.describe_replica_log_dirs(&replicas).await? {
        dirs.extend(described?.current.map(|(dir, _)| (replica, dir)));
    }
    Ok(dirs)
}

fn joined<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(",")
}

/// The ending of a word for so many.
fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
