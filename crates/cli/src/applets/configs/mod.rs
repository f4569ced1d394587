//! `kafka-configs`.
//!
//! ```text
//! entity     whose options are meant
//! change     options that are added and deleted
//! describe   options and where their values come from
//! quotas     of users, clients and addresses
//! scram      users' credentials
//! ```

mod change;
mod describe;
mod entity;
mod quotas;
mod scram;

use std::io::Write;

use anyhow::{Result, anyhow, bail};
use ottla_client::{Error, ErrorCode};

use super::connection::connect;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;
use entity::Entity;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, \
            client-metrics or group",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The Kafka servers to connect to."),
        Opt::value(
            "bootstrap-controller",
            "controllers",
            "The controllers to connect to, instead of brokers.",
        ),
        Opt::value("command-config", "command config property file", "Options of the client."),
        Opt::flag("alter", "Alter the configuration for the entity."),
        Opt::flag("describe", "List configs for the given entity."),
        Opt::flag("all", "List all configs for the given entity, also those that nobody set."),
        Opt::value(
            "entity-type",
            "type",
            "topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups",
        ),
        Opt::value("entity-name", "name", "Which one of the type; for each type one."),
        Opt::flag("entity-default", "What all of the type have: brokers, users, clients, ips."),
        Opt::value("add-config", "k1=v1,k2=[v1,v2]", "Options to set."),
        Opt::value("add-config-file", "file", "A file of options to set."),
        Opt::value("delete-config", "k1,k2", "Options to remove."),
        Opt::value("topic", "name", "The topic's name."),
        Opt::value("client", "id", "The client's ID."),
        Opt::flag("client-defaults", "What all clients have."),
        Opt::value("user", "name", "The user's principal name."),
        Opt::flag("user-defaults", "What all users have."),
        Opt::value("ip", "address", "The IP address."),
        Opt::flag("ip-defaults", "What all IP addresses have."),
        Opt::value("broker", "id", "The broker's ID."),
        Opt::flag("broker-defaults", "What all brokers have."),
        Opt::value("broker-logger", "id", "The broker's ID for its logger config."),
        Opt::value("group", "id", "The group's ID."),
        Opt::value("client-metrics", "name", "The client metrics config resource name."),
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    options.answer_help()?;
    let entity = check(&options)?;
    block_on(async {
        let admin = connect(&options).await?.admin;
        let acted = match options.has("alter") {
            true => Box::pin(change::run(&options, &entity, &admin, out)).await,
            false if entity.kind().has_quotas() => Box::pin(quotas::describe(&entity, &admin, out)).await,
            false => Box::pin(describe::run(&options, &entity, &admin, out)).await,
        };
        acted.map(|()| Outcome::Success).map_err(|error| told(args, error))
    })
}

/// What went wrong with the command line, or with an option's value, is told alone, the rest with the command line.
fn told(args: &[String], error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Error>() {
        Some(refusal) if refusal.code() != Some(ErrorCode::UnsupportedVersion) => {
            let (args, shown) = (args.join(" "), java::shown(refusal));
            anyhow!(
                "Error while executing config command with args '{args}'\n\
                 java.util.concurrent.ExecutionException: {shown}"
            )
        }
        _ => error,
    }
}

/// In the order in which the script complains; tells whose options are meant.
fn check(options: &Options) -> Result<Entity> {
    if options.count(&["alter", "describe"]) != 1 {
        let message = "Command must include exactly one action: --describe, --alter";
        return Err(options.misuse(message).into());
    }
    options.exclude("describe", &["add-config", "delete-config"])?;
    let named = options.count(&["bootstrap-server", "bootstrap-controller"]);
    if named == 0 {
        bail!("Either --bootstrap-server or --bootstrap-controller must be specified.");
    }
    let entity = Entity::parse(options)?;
    if named > 1 {
        bail!("Only one of --bootstrap-server or --bootstrap-controller can be specified");
    }
    if options.has("describe") {
        entity.check_describe(options)?;
    } else {
        entity.check_alter()?;
        let given = options.count(&["add-config", "add-config-file"]);
        let message = match (given, options.has("delete-config")) {
            (2, _) => "Only one of --add-config or --add-config-file must be specified",
            (0, false) => {
                "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"
            }
            _ => return Ok(entity),
        };
        return Err(Misuse::Bare(message.to_owned()).into());
    }
    Ok(entity)
}
