//! `quorum-state`: the epoch of the quorum, and who leads or was voted for in it.
//!
//! Version 0 goes with voters that the config names, version 1 with voters that the log names (KIP-853). A directory
//! keeps the version that it has.

use std::path::Path;

use ottla_log::{disk::Disk, format};
use ottla_records::Epoch;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    files::{put, read_whole},
};

const FILE: &str = "quorum-state";

/// As stored, but for what is always the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumState {
    pub leader_epoch: Epoch,
    /// -1 where none is known.
    pub leader_id: i32,
    /// Whether the log names the voters.
    pub dynamic_voters: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    leader_epoch: Epoch,
    leader_id: i32,
    #[serde(rename = "data_version")]
    data_version: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StaticVoters {
    cluster_id: &'static str,
    leader_id: i32,
    leader_epoch: Epoch,
    voted_id: i32,
    applied_offset: i64,
    current_voters: [Voter; 1],
    #[serde(rename = "data_version")]
    data_version: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Voter {
    voter_id: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DynamicVoters {
    leader_id: i32,
    leader_epoch: Epoch,
    voted_id: i32,
    voted_directory_id: String,
    #[serde(rename = "data_version")]
    data_version: u16,
}

impl QuorumState {
    /// `None` where no quorum ever was.
    pub fn read(disk: &dyn Disk, folder: &Path) -> Result<Option<QuorumState>> {
        let path = folder.join(FILE);
        let Some(bytes) = read_whole(disk, &path)? else { return Ok(None) };
        let stored: Stored =
            serde_json::from_slice(&bytes).map_err(|error| Error::malformed(&path, error.to_string()))?;
        if stored.data_version > 1 {
            return Err(Error::malformed(&path, format!("version {} is not known", stored.data_version)));
        }
        let Stored { leader_epoch, leader_id, data_version } = stored;
        Ok(Some(QuorumState { leader_epoch, leader_id, dynamic_voters: data_version == 1 }))
    }

    /// Not certain to outlive a loss of power, after which the file may be an older one: the log knows every epoch that
    /// anything was committed in.
    pub fn write(&self, disk: &dyn Disk, folder: &Path) -> Result<()> {
        put(disk, &folder.join(FILE), self.to_text().as_bytes())
    }

    fn to_text(&self) -> String {
        let QuorumState { leader_epoch, leader_id, dynamic_voters } = *self;
        let text = if dynamic_voters {
            let voted_directory_id = format::format_id(uuid::Uuid::nil());
            let data_version = 1;
            serde_json::to_string(&DynamicVoters {
                leader_id,
                leader_epoch,
                voted_id: -1,
                voted_directory_id,
                data_version,
            })
        } else {
            serde_json::to_string(&StaticVoters {
                cluster_id: "",
                leader_id,
                leader_epoch,
                voted_id: -1,
                applied_offset: 0,
                current_voters: [Voter { voter_id: leader_id }],
                data_version: 0,
            })
        };
        text.expect("numbers and strings can be written as JSON")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ottla_log::disk::SimDisk;

    use super::*;

    #[test]
    fn it_is_written_as_kafka_writes_it() {
        let state = QuorumState { leader_epoch: 4, leader_id: 1, dynamic_voters: false };
        assert_eq!(
            state.to_text(),
            r#"{"clusterId":"","leaderId":1,"leaderEpoch":4,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}"#
        );
    }

    #[test]
    fn it_is_read_back_in_either_version() {
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::default());
        let folder = Path::new("/data");
        disk.create_dir_all(folder).unwrap();
        assert_eq!(QuorumState::read(&*disk, folder).unwrap(), None);
        for dynamic_voters in [false, true] {
            let state = QuorumState { leader_epoch: 7, leader_id: 2, dynamic_voters };
            state.write(&*disk, folder).unwrap();
            assert_eq!(QuorumState::read(&*disk, folder).unwrap(), Some(state));
        }
    }
}
