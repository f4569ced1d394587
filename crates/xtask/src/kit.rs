//! The conformance kit: Apache Kafka, its clients and tools.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Where it is: in `$OTTLA_CONFORMANCE`, or beside this repository.
pub(crate) fn path() -> Result<PathBuf> {
    let named = env::var_os("OTTLA_CONFORMANCE").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let kit = named.unwrap_or(beside);
    kit.canonicalize()
        .with_context(|| format!("{}: no conformance kit; set OTTLA_CONFORMANCE", kit.display()))
}
