//! A new data directory.

use std::{io, path::Path};

use ottla_log::{
    disk::Disk,
    format::{MetaProperties, format_id},
};
use ottla_metadata::bootstrap_records;
use ottla_records::Timestamp;
use ottla_wire::messages::MetadataRecord;
use uuid::Uuid;

use crate::{Error, Result, Snapshot, files::put, kraft::Voters, snapshot::Contents};

const BOOTSTRAP: &str = "bootstrap.checkpoint";

/// Whose directory it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// As Kafka prints it; [`Identity::new`] makes one of a UUID.
    pub cluster_id: String,
    pub node_id: i32,
    pub directory_id: Uuid,
}

impl Identity {
    /// Both UUIDs are the caller's, who has a source of them.
    pub fn new(cluster: Uuid, node_id: i32, directory_id: Uuid) -> Identity {
        Identity { cluster_id: format_id(cluster), node_id, directory_id }
    }
}

/// Makes a directory ready for its first start. `meta.properties` comes last: a directory that has it is formatted.
pub fn format(disk: &dyn Disk, data_dir: &Path, identity: &Identity, now_ms: Timestamp) -> Result<()> {
    create_durably(disk, data_dir).map_err(|source| Error::Io { path: data_dir.to_path_buf(), source })?;
    let records = bootstrap_records().into_iter().map(|record| record.encode_framed(0));
    let contents = Contents { records, voters: &Voters::default(), epoch: 0, last_timestamp: 0, now_ms };
    // The sync of the folder that follows `meta.properties` is this file's too.
    put(disk, &data_dir.join(BOOTSTRAP), &contents.encode())?;
    let properties = MetaProperties {
        cluster_id: identity.cluster_id.clone(),
        node_id: identity.node_id,
        directory_id: Some(identity.directory_id),
    };
    Ok(properties.write(disk, data_dir)?)
}

/// Creates a folder and those above it that are missing, so that their names survive a loss of power.
fn create_durably(disk: &dyn Disk, folder: &Path) -> io::Result<()> {
    let mut changed = Vec::new();
    for (name, parent) in folder.ancestors().zip(folder.ancestors().skip(1)) {
        if disk.exists(name)? {
            break;
        }
        // A path that is relative begins in the current folder.
        changed.push(if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    }
    disk.create_dir_all(folder)?;
    changed.into_iter().rev().try_for_each(|parent| disk.sync_dir(parent))
}

/// `None` if the directory is not formatted. One that was formatted before directories had ids is given `directory_id`.
pub fn read_identity(disk: &dyn Disk, data_dir: &Path, directory_id: Uuid) -> Result<Option<Identity>> {
    let Some(mut properties) = MetaProperties::read(disk, data_dir)? else { return Ok(None) };
    if properties.directory_id.is_none() {
        properties.directory_id = Some(directory_id);
        properties.write(disk, data_dir)?;
    }
    let directory_id = properties.directory_id.unwrap_or(directory_id);
    Ok(Some(Identity { cluster_id: properties.cluster_id, node_id: properties.node_id, directory_id }))
}

/// What a new cluster starts with: what was formatted, or what would be.
pub(crate) fn read_bootstrap(disk: &dyn Disk, data_dir: &Path) -> Result<Vec<MetadataRecord>> {
    let snapshot = Snapshot::read(disk, &data_dir.join(BOOTSTRAP))?;
    Ok(snapshot.map_or_else(bootstrap_records, |snapshot| snapshot.records))
}
