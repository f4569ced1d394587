//! Controllers that begin or cease to vote (KIP-853).

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::VoterEndpoint;

use super::super::options::Options;
use super::controller::Controller;
use crate::kafka_id::{kafka_id, parse_kafka_id};

pub(super) async fn add(common: &Options, options: &Options, out: &mut dyn Write) -> Result<()> {
    if !common.has("command-config") {
        bail!(
            "You must supply the configuration file of the controller you are adding when using add-controller."
        );
    }
    let properties = super::properties(common)?;
    let Controller { id, directory_id, endpoints } = Controller::of(&properties)?;
    let is_dry_run = options.has("dry-run");
    if !is_dry_run {
        let admin = properties.of_clients().connect().await?.admin;
        admin.add_raft_voter(None, id, directory_id, &endpoints).await?;
    }
    let done = if is_dry_run { "DRY RUN of adding" } else { "Added" };
    let endpoints: Vec<String> = endpoints.iter().map(shown).collect();
    let (directory_id, endpoints) = (kafka_id(directory_id), endpoints.join(", "));
    writeln!(out, "{done} controller {id} with directory id {directory_id} and endpoints: {endpoints}")?;
    Ok(())
}

pub(super) async fn remove(common: &Options, options: &Options, out: &mut dyn Write) -> Result<()> {
    let id: i32 = options.last_number("controller-id")?.context("a controller's id is required")?;
    if id < 0 {
        bail!("Invalid negative --controller-id: {id}");
    }
    let text = options.last("controller-directory-id").unwrap_or_default();
    let directory_id = parse_kafka_id(text)
        .with_context(|| format!("Failed to parse --controller-directory-id: {text} is no id"))?;
    let is_dry_run = options.has("dry-run");
    if !is_dry_run {
        let admin = super::properties(common)?.connect().await?.admin;
        admin.remove_raft_voter(None, id, directory_id).await?;
    }
    // With the space that the original has.
    let done = if is_dry_run { "DRY RUN of removing " } else { "Removed " };
    writeln!(out, "{done} KRaft controller {id} with directory id {}", kafka_id(directory_id))?;
    Ok(())
}

fn shown(endpoint: &VoterEndpoint) -> String {
    format!("{}://{}:{}", endpoint.listener, bracketed(&endpoint.host), endpoint.port)
}

/// As hosts stand before ports.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
