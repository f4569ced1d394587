//! What a controller's own files say of it: the file of its options, and the one that marks its metadata directory.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use ottla_client::Uuid;
use ottla_client::admin::VoterEndpoint;
use ottla_log::format::MetaProperties;

use super::super::connection::Properties;

#[derive(Debug)]
pub(super) struct Controller {
    pub(super) id: i32,
    pub(super) directory_id: Uuid,
    pub(super) endpoints: Vec<VoterEndpoint>,
}

impl Controller {
    pub(super) fn of(properties: &Properties) -> Result<Controller> {
        Ok(Controller {
            id: id(properties)?,
            directory_id: directory_id(directory(properties)?)?,
            endpoints: endpoints(properties)?,
        })
    }
}

fn id(properties: &Properties) -> Result<i32> {
    let wrong =
        |what| format!("{what} in configuration file. Is this a valid controller configuration file?");
    let text = properties.get("node.id").with_context(|| wrong("node.id not found"))?;
    let id: i32 = text.parse().ok().with_context(|| format!("For input string: \"{text}\""))?;
    if id < 0 {
        bail!(wrong("node.id was negative"));
    }
    if !properties.get("process.roles").unwrap_or_default().contains("controller") {
        bail!(wrong("process.roles did not contain 'controller'"));
    }
    Ok(id)
}

/// Where its metadata are.
fn directory(properties: &Properties) -> Result<&str> {
    let of_logs = || properties.get("log.dirs").and_then(|dirs| dirs.trim().split(',').next());
    let directory = properties.get("metadata.log.dir").or_else(of_logs);
    directory.context(
        "Neither metadata.log.dir nor log.dirs were found. Is this a valid controller configuration file?",
    )
}

fn directory_id(directory: &str) -> Result<Uuid> {
    let unread = || format!("Unable to read meta.properties from {directory}");
    let text = fs::read_to_string(Path::new(directory).join("meta.properties")).with_context(unread)?;
    let meta = MetaProperties::parse(&text).map_err(anyhow::Error::msg).with_context(unread)?;
    meta.directory_id.with_context(|| format!("No directory id found in {directory}"))
}

/// Where others reach it: of each of its listeners what it advertises, else what it binds.
fn endpoints(properties: &Properties) -> Result<Vec<VoterEndpoint>> {
    let names = properties
        .get("controller.listener.names")
        .context("controller.listener.names was not found. Is this a valid controller configuration file?")?;
    let listeners = ["advertised.listeners", "listeners"]
        .map(|key| parse_listeners(properties.get(key).unwrap_or_default()));
    let listeners: Vec<VoterEndpoint> = listeners.into_iter().collect::<Result<Vec<_>>>()?.concat();
    let of_name = |name: &str| {
        let name = name.to_uppercase();
        let found = listeners.iter().find(|listener| *listener.listener == *name).cloned();
        found.with_context(|| format!("Cannot find information about controller listener name: {name}"))
    };
    names.split(',').map(of_name).collect()
}

/// `CONTROLLER://host:9093,PLAINTEXT://[::1]:9092`
fn parse_listeners(text: &str) -> Result<Vec<VoterEndpoint>> {
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(parse_listener).collect()
}

fn parse_listener(text: &str) -> Result<VoterEndpoint> {
    let parsed = || {
        let (name, address) = text.split_once("://")?;
        let (host, port) = address.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = if host.is_empty() { "localhost" } else { host };
        let port = port.parse().ok()?;
        Some(VoterEndpoint { listener: name.to_uppercase().into(), host: host.into(), port })
    };
    parsed().with_context(|| format!("Unable to parse {text} to a broker endpoint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(text: &str) -> Properties {
        let mut properties = Properties::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            properties.set(key, value);
        }
        properties
    }

    #[test]
    fn a_controller_is_reached_by_what_it_advertises() {
        let file = "controller.listener.names=CONTROLLER,other\nlisteners=CONTROLLER://:9093,OTHER://[::1]:9094\n\
                    advertised.listeners=CONTROLLER://c1:9095";
        let endpoints: Vec<_> = endpoints(&properties(file))
            .expect("it is valid")
            .iter()
            .map(|it| format!("{}={}={}", it.listener, it.host, it.port))
            .collect();
        assert_eq!(endpoints, ["CONTROLLER=c1=9095", "OTHER=::1=9094"]);
    }

    #[test]
    fn what_makes_no_controller_is_named() {
        let valid = "Is this a valid controller configuration file?";
        for (file, expected) in [
            ("a=b", format!("node.id not found in configuration file. {valid}")),
            ("node.id=-1", format!("node.id was negative in configuration file. {valid}")),
            (
                "node.id=1",
                format!("process.roles did not contain 'controller' in configuration file. {valid}"),
            ),
            (
                "node.id=1\nprocess.roles=controller",
                format!("Neither metadata.log.dir nor log.dirs were found. {valid}"),
            ),
            (
                "node.id=1\nprocess.roles=controller\nlog.dirs=/nonexistent,/x",
                "Unable to read meta.properties from /nonexistent".to_owned(),
            ),
        ] {
            let error = Controller::of(&properties(file)).expect_err("it is refused");
            assert_eq!(error.to_string(), expected, "{file}");
        }
        let listeners = "controller.listener.names=C\nlisteners=D://h:1";
        let error = endpoints(&properties(listeners)).expect_err("it is refused");
        assert_eq!(error.to_string(), "Cannot find information about controller listener name: C");
    }
}
