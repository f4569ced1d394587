//! `kafka-transactions`.
//!
//! ```text
//! show           transactions, one of them, the producers of a partition
//! find_hanging   transactions that are open at partitions, and that nobody will end
//! end            transactions that an operator ends
//! ```

mod end;
mod find_hanging;
mod show;

use std::io::Write;

use anyhow::{Context as _, Result, anyhow};
use ottla_client::{Error, TopicPartition};

use super::connection::Properties;
use super::java;
use super::options::{Opt, Options, Syntax};
use super::subcommands::{Invocation, Subcommand, Subcommands};
use crate::exit::Outcome;
use crate::remote::block_on;

const TOPIC: Opt = Opt::value("topic", "topic", "topic name");
const PARTITION: Opt = Opt::value("partition", "partition", "partition number");

static SCRIPT: Subcommands = Subcommands {
    script: "kafka-transactions.sh",
    common: Syntax {
        about: "This tool is used to analyze the transactional state of producers in the cluster. It can be used to \
                detect and recover from hanging transactions.",
        options: &[
            Opt::value("bootstrap-server", "host:port", "REQUIRED: The brokers to connect to."),
            Opt::value("command-config", "FILE", "Options of the client."),
            Opt::flag("version", "Display Kafka version.").or("v"),
        ],
    },
    commands: &[
        Subcommand {
            name: "list",
            syntax: Syntax {
                about: "list transactions",
                options: &[
                    Opt::value(
                        "duration-filter",
                        "ms",
                        "Only transactions that run longer; all if negative.",
                    ),
                    Opt::value("transactional-id-pattern", "regex", "Only of transactional ids like this."),
                ],
            },
            required: &[],
        },
        Subcommand {
            name: "describe",
            syntax: Syntax {
                about: "describe the state of an active transactional-id",
                options: &[Opt::value("transactional-id", "id", "transactional id")],
            },
            required: &["transactional-id"],
        },
        Subcommand {
            name: "describe-producers",
            syntax: Syntax {
                about: "describe the states of active producers for a topic partition",
                options: &[
                    Opt::value("broker-id", "broker", "The replica that is asked; by default the leader."),
                    TOPIC,
                    PARTITION,
                ],
            },
            required: &["topic", "partition"],
        },
        Subcommand {
            name: "abort",
            syntax: Syntax {
                about: "abort a hanging transaction (requires administrative privileges)",
                options: &[
                    TOPIC,
                    PARTITION,
                    Opt::value("start-offset", "offset", "Where the transaction begins."),
                    Opt::value("producer-id", "id", "Of brokers before 3.0, whose it is."),
                    Opt::value("producer-epoch", "epoch", "Of brokers before 3.0, the producer's epoch."),
                    Opt::value(
                        "coordinator-epoch",
                        "epoch",
                        "Of brokers before 3.0, the coordinator's epoch.",
                    ),
                ],
            },
            required: &["topic", "partition"],
        },
        Subcommand {
            name: "find-hanging",
            syntax: Syntax {
                about: "find hanging transactions",
                options: &[
                    Opt::value("broker-id", "broker", "Look at the partitions of this broker."),
                    Opt::value("max-transaction-timeout", "minutes", "How long one may last (default: 15)"),
                    TOPIC,
                    PARTITION,
                ],
            },
            required: &[],
        },
        Subcommand {
            name: "forceTerminateTransaction",
            syntax: Syntax {
                about: "Force abort an ongoing transaction on transactionalId (requires administrative privileges)",
                options: &[Opt::value("transactionalId", "id", "transactional id")],
            },
            required: &["transactionalId"],
        },
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let Invocation { common, command, options } = SCRIPT.parse(args)?;
    let Some(servers) = common.last("bootstrap-server") else {
        return Err(SCRIPT.misuse("argument --bootstrap-server is required").into());
    };
    let mut properties = Properties::of_file(&common, "command-config")?;
    properties.set("bootstrap.servers", servers);
    let acting = async {
        match command {
            "list" => show::list(&options, &properties.connect().await?.admin, out).await,
            "describe" => show::describe(&options, &properties.connect().await?.admin, out).await,
            "describe-producers" => show::producers(&options, &properties, out).await,
            "abort" => end::abort(&options, &properties).await,
            "find-hanging" => find_hanging::run(&options, &properties, out).await,
            _ => end::force_terminate(&options, &properties).await,
        }
    };
    block_on(acting).map(|()| Outcome::Success)
}

fn partition(options: &Options) -> Result<TopicPartition> {
    let number = options.last_number("partition")?.context("a partition is required")?;
    Ok(TopicPartition::new(options.last("topic").unwrap_or_default(), number))
}

/// As this script tells that something failed.
fn failed(what: &str, error: &Error) -> anyhow::Error {
    anyhow!("Failed to {what}: {}. Enable debug logging for additional detail.", java::words(error))
}
