//! `--ports-file`: tells scripts and tests that the broker is ready, and where.
//!
//! ```text
//! {"pid":4711,"listeners":{"PLAINTEXT":"127.0.0.1:41235"},"metrics":"127.0.0.1:41237"}
//! ```
//! The file appears whole, and goes when the broker stops.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, Result};
use ottla_broker::{Address, Running};
use serde::Serialize;

/// The file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct PortsFile {
    path: PathBuf,
}

#[derive(Serialize)]
struct Content {
    pid: u32,
    listeners: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<String>,
}

impl PortsFile {
    pub(super) fn write(path: &Path, running: &Running) -> Result<PortsFile> {
        let address = |one: &Address| (one.listener.clone(), one.bound.to_string());
        let content = Content {
            pid: process::id(),
            listeners: running.addresses().iter().map(address).collect(),
            metrics: running.metrics_address().map(|address| address.to_string()),
        };
        let content = serde_json::to_string(&content)?;
        put(path, &content).with_context(|| format!("cannot write {} (--ports-file)", path.display()))?;
        Ok(PortsFile { path: path.to_path_buf() })
    }
}

/// A reader never sees half of it.
fn put(path: &Path, content: &str) -> std::io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".tmp");
    fs::write(&unfinished, content)?;
    fs::rename(&unfinished, path)
}

impl Drop for PortsFile {
    fn drop(&mut self) {
        // Whoever removed it before us wanted the same.
        let _removed = fs::remove_file(&self.path);
    }
}
