//! `kafka-cluster`.

use std::io::Write;

use anyhow::{Context as _, Result, anyhow, bail};
use ottla_client::Error;
use ottla_client::admin::Admin;

use super::columns::Columns;
use super::connection::Properties;
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "usage: kafka-cluster [-h] {cluster-id,unregister,list-endpoints} ...",
    options: &[
        Opt::value("bootstrap-server", "servers", "REQUIRED: The servers to connect to, also as -b."),
        Opt::value("b", "servers", "--bootstrap-server"),
        Opt::value("bootstrap-controller", "controllers", "The controllers to connect to, also as -C."),
        Opt::value("C", "controllers", "--bootstrap-controller"),
        Opt::value("config", "file", "(Deprecated) Use --command-config instead."),
        Opt::value("command-config", "file", "Options of the client, also as -c."),
        Opt::value("c", "file", "--command-config"),
        Opt::value("id", "broker", "The broker to unregister, also as -i."),
        Opt::value("i", "broker", "--id"),
        Opt::flag("include-fenced-brokers", "Of list-endpoints also brokers that are fenced."),
        Opt::flag("h", "Print usage information."),
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let Some((command, rest)) = args.split_first() else { return Err(misuse("too few arguments").into()) };
    if !["cluster-id", "unregister", "list-endpoints"].contains(&command.as_str()) {
        return Err(misuse(&format!(
            "invalid choice: '{command}' (choose from 'cluster-id', 'unregister', 'list-endpoints')"
        ))
        .into());
    }
    let options = SYNTAX.parse(rest).map_err(|unparsed| misuse(&unparsed.to_string()))?;
    if options.has("h") || options.has("help") {
        return Err(SYNTAX.misuse(SYNTAX.about).into());
    }
    let properties = properties(&options, out)?;
    block_on(async {
        let admin = properties.connect().await?.admin;
        let answered = match command.as_str() {
            "cluster-id" => cluster_id(&admin, out).await,
            "unregister" => unregister(&options, &admin, out).await,
            _ => list_endpoints(&options, &admin, out).await,
        };
        let qualified = |error: anyhow::Error| match error.downcast_ref::<Error>() {
            Some(client) => anyhow!(java::shown(client)),
            None => error,
        };
        answered.map_err(qualified).map(|()| Outcome::Success)
    })
}

/// This script's words for it.
fn misuse(reason: &str) -> Misuse {
    Misuse::Bare(format!("{}\nkafka-cluster: error: {reason}", SYNTAX.about))
}

/// Of two spellings the one that was given.
fn given<'a>(options: &'a Options, long: &str, short: &str) -> Result<Option<&'a str>, Misuse> {
    Ok(options.value(long)?.or(options.value(short)?))
}

fn properties(options: &Options, out: &mut dyn Write) -> Result<Properties> {
    let servers = given(options, "bootstrap-server", "b")?;
    let controllers = given(options, "bootstrap-controller", "C")?;
    match (servers, controllers) {
        (None, None) => {
            let reason = "one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required";
            return Err(misuse(reason).into());
        }
        (Some(_), Some(_)) => {
            let reason =
                "argument --bootstrap-controller/-C: not allowed with argument --bootstrap-server/-b";
            return Err(misuse(reason).into());
        }
        _ => {}
    }
    if options.has("config") {
        if options.count(&["command-config", "c"]) > 0 {
            return Err(anyhow!("--config and --command-config cannot be specified together."));
        }
        writeln!(
            out,
            "Option --config has been deprecated and will be removed in a future version. Use --command-config \
             instead."
        )?;
    }
    let file = ["config", "command-config", "c"].into_iter().find(|name| options.has(name));
    let mut properties = Properties::of_file(options, file.unwrap_or("command-config"))?;
    properties.set_bootstrap(servers, controllers);
    Ok(properties)
}

async fn cluster_id(admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let id = admin.describe_cluster(false).await?.id;
    Ok(writeln!(out, "Cluster ID: {id}")?)
}

async fn unregister(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let id = given(options, "id", "i")?.ok_or_else(|| misuse("argument --id/-i is required"))?;
    let id =
        id.parse().ok().with_context(|| format!("argument --id/-i: could not convert '{id}' to Integer"))?;
    match admin.unregister_broker(id).await {
        Err(Error::UnsupportedVersion { .. }) => {
            writeln!(out, "The target cluster does not support the broker unregistration API.")?;
        }
        unregistered => {
            unregistered?;
            writeln!(out, "Broker {id} is no longer registered.")?;
        }
    }
    Ok(())
}

async fn list_endpoints(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let are_controllers = options.count(&["bootstrap-controller", "C"]) > 0;
    let with_fenced = options.has("include-fenced-brokers");
    if with_fenced && are_controllers {
        bail!("The option --include-fenced-brokers is only supported with --bootstrap-server option");
    }
    let nodes = admin.describe_cluster(with_fenced).await?.brokers;
    let widest = |lengths: &mut dyn Iterator<Item = usize>, otherwise| lengths.max().unwrap_or(otherwise);
    let host = widest(&mut nodes.iter().map(|node| node.host.len()), 100);
    let rack = widest(&mut nodes.iter().filter_map(|node| Some(node.rack.as_ref()?.len())), 10);
    let (states, endpoint_type): (&[usize], _) =
        if are_controllers { (&[], "controller") } else { (&[10], "broker") };
    let columns = Columns::fixed(&[&[10, host, 10, rack], states, &[15]].concat());
    let mut write = |node: [&str; 4], state, endpoint_type| {
        let states = if are_controllers { vec![] } else { vec![state] };
        columns.write(out, &[&node[..], &states, &[endpoint_type]].concat())?;
        writeln!(out)
    };
    write(["ID", "HOST", "PORT", "RACK"], "STATE", "ENDPOINT_TYPE")?;
    for node in &nodes {
        let (id, port) = (node.id.to_string(), node.port.to_string());
        let state = if node.is_fenced { "fenced" } else { "unfenced" };
        let rack = node.rack.as_deref().unwrap_or("null");
        write([&id, &node.host, &port, rack], state, endpoint_type)?;
    }
    Ok(())
}
