//! `kafka-acls`.
//!
//! ```text
//! wanted   what the command line speaks of: resources, and who may do what with them
//! list     what there is
//! change   what is added and removed
//! ```

mod change;
mod list;
mod wanted;

use std::io::{self, Write};

use anyhow::Result;
use ottla_client::Error;

use super::connection::connect;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to manage acls on kafka.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The brokers to connect to."),
        Opt::value(
            "bootstrap-controller",
            "controllers",
            "The controllers to connect to, instead of brokers.",
        ),
        Opt::optional("command-config", "command-config", "Options of the client."),
        Opt::flag("list", "List ACLs, of the resources that are named or of all."),
        Opt::flag("add", "Add ACLs."),
        Opt::flag("remove", "Remove ACLs."),
        Opt::value(
            "topic",
            "topic",
            "A topic; '*' is all topics. May be given several times, as all of these.",
        ),
        Opt::value("group", "group", "A consumer group; '*' is all groups."),
        Opt::flag("cluster", "The cluster."),
        Opt::value("transactional-id", "transactional-id", "A transactional id; '*' is all."),
        Opt::value("delegation-token", "delegation-token", "A delegation token; '*' is all."),
        Opt::value("user-principal", "user-principal", "A user, as a resource."),
        Opt::value(
            "resource-pattern-type",
            "type",
            "literal (the default) or prefixed; of --list and --remove also any, for both, and match, for all that \
             applies to a resource of that name.",
        ),
        Opt::value("operation", "operation", "What is allowed or denied: Read, Write, ... (default: All)"),
        Opt::value(
            "allow-principal",
            "allow-principal",
            "Who may, as principalType:name; User:* is everybody.",
        ),
        Opt::value("deny-principal", "deny-principal", "Who may not, whatever allows it."),
        Opt::optional("principal", "principal", "Of --list only what is about this principal."),
        Opt::value("allow-host", "allow-host", "From where those may (default: *)"),
        Opt::value("deny-host", "deny-host", "From where those may not (default: *)"),
        Opt::flag("producer", "What a producer to --topic needs: WRITE, DESCRIBE and CREATE."),
        Opt::flag("consumer", "What a consumer of --topic in --group needs: READ and DESCRIBE."),
        Opt::flag("idempotent", "With --producer also what idempotence needed before Kafka 2.8."),
        Opt::flag("force", "Assume Yes to all queries and do not prompt."),
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args).map_err(|unparsed| SYNTAX.misuse(unparsed.to_string()))?;
    check(&options)?;
    match block_on(Box::pin(act(&options, out))) {
        Ok(()) => Ok(Outcome::Success),
        Err(error) if error.is::<Misuse>() || error.is::<io::Error>() => Err(error),
        Err(error) => {
            let reason = match error.downcast_ref::<Error>() {
                Some(refusal @ Error::Response(_)) => java::shown(refusal),
                _ => format!("{error:#}"),
            };
            writeln!(out, "Error while executing ACL command: {reason}")?;
            Ok(Outcome::Failure)
        }
    }
}

async fn act(options: &Options, out: &mut dyn Write) -> Result<()> {
    if options.has("add") {
        let wanted = wanted::to_add(options)?;
        return change::add(&wanted, &connect(options).await?.admin, out).await;
    }
    if options.has("remove") {
        let wanted = wanted::to_remove(options)?;
        let is_forced = options.has("force");
        return change::remove(&wanted, is_forced, &connect(options).await?.admin, out).await;
    }
    let (patterns, principals) = wanted::to_list(options)?;
    list::run(&patterns, &principals, &connect(options).await?.admin, out).await
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    match options.count(&["bootstrap-server", "bootstrap-controller"]) {
        1 => {}
        0 => {
            return Err(
                options.misuse("One of --bootstrap-server or --bootstrap-controller must be specified")
            );
        }
        _ => {
            let message = "Only one of --bootstrap-server or --bootstrap-controller must be specified";
            return Err(options.misuse(message));
        }
    }
    if options.count(&["add", "remove", "list"]) != 1 {
        return Err(options.misuse("Command must include exactly one action: --list, --add, --remove. "));
    }
    let invalid = ["producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"];
    options.exclude("list", &invalid)?;
    for role in ["producer", "consumer"] {
        options.exclude(role, &["operation", "deny-principal", "deny-host"])?;
    }
    let (is_producer, is_consumer) = (options.has("producer"), options.has("consumer"));
    let needs = ["topic", "group"];
    let is_in_the_way = !is_producer && options.count(&["cluster", "transactional-id"]) > 0;
    let message = if options.has("principal") && !options.has("list") {
        "The --principal option is only available if --list is set"
    } else if is_producer && !options.has("topic") {
        "With --producer you must specify a --topic"
    } else if options.has("idempotent") && !is_producer {
        "The --idempotent option is only available if --producer is set"
    } else if is_consumer && (options.count(&needs) < needs.len() || is_in_the_way) {
        "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should \
         be specified."
    } else {
        return Ok(());
    };
    Err(options.misuse(message))
}
