//! Why a broker did not start, and who can change what.

use std::io;

use anyhow::anyhow;
use ottla_broker::StartError;
use ottla_config::{Origin, Settings};

/// The reason in one line, what to do in the next.
pub(super) fn explain(error: &StartError, settings: &Settings) -> anyhow::Error {
    match advice(error, settings) {
        Some(advice) => anyhow!("{error}\n       {advice}"),
        None => anyhow!("{error}"),
    }
}

/// Of what the user can change; the rest speaks for itself.
fn advice(error: &StartError, settings: &Settings) -> Option<String> {
    if let StartError::Listen { source, .. } = error {
        return Some(listen_advice(source.kind(), settings));
    }
    if let StartError::Metrics { .. } = error {
        let set_by = set_by(settings, "ottla.metrics.listener");
        return Some(format!(
            "choose another with --metrics-listen HOST:PORT{set_by}; switch it off with --set ottla.metrics.listener="
        ));
    }
    if let StartError::DirectoryInUse { .. } = error {
        let set_by = set_by(settings, "log.dirs");
        return Some(format!(
            "stop the broker that runs on it, or choose another with --data-dir DIR{set_by}"
        ));
    }
    if let StartError::OtherNode { found, .. } = error {
        return Some(format!("start with --set node.id={found}, or choose another with --data-dir DIR"));
    }
    if let StartError::Io { source, .. } = error
        && source.kind() == io::ErrorKind::PermissionDenied
    {
        return Some("let this user write there, or choose another with --data-dir DIR".into());
    }
    None
}

fn listen_advice(kind: io::ErrorKind, settings: &Settings) -> String {
    let set_by = set_by(settings, "listeners");
    let choose = format!("--listen HOST:PORT{set_by}");
    if kind == io::ErrorKind::AddrInUse {
        format!("another process listens there: use --any-port, or choose an address with {choose}")
    } else if kind == io::ErrorKind::PermissionDenied {
        format!("ports below 1024 are the system's: choose a higher one with {choose}")
    } else {
        format!("listen on an address of this machine with {choose}")
    }
}

/// Who gave the option, unless it was the flag that is recommended, or nobody.
fn set_by(settings: &Settings, name: &str) -> String {
    match settings.start().origin(name) {
        Some(origin @ (Origin::File { .. } | Origin::Environment { .. })) => {
            format!(", which wins over {name} in {origin}")
        }
        _ => String::new(),
    }
}
