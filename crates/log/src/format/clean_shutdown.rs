//! `.kafka_cleanshutdown`: there after a clean stop, removed at the start. Its absence asks for recovery.

use std::io;
use std::path::Path;

use super::atomic::{read_text, replace};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::names::CLEAN_SHUTDOWN;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanShutdown {
    pub broker_epoch: i64,
}

impl CleanShutdown {
    /// An empty or foreign file counts as a clean stop with the epoch −1, as it does for Kafka.
    pub fn parse(text: &str) -> CleanShutdown {
        let digits = text.split_once("\"brokerEpoch\":").map(|(_, rest)| {
            rest.trim_start().split(|char: char| char != '-' && !char.is_ascii_digit()).next().unwrap_or("")
        });
        CleanShutdown { broker_epoch: digits.and_then(|digits| digits.parse().ok()).unwrap_or(-1) }
    }

    pub fn to_text(self) -> String {
        format!("{{\"version\":0,\"brokerEpoch\":{}}}", self.broker_epoch)
    }

    /// `None` if the last stop was not clean.
    pub fn read(disk: &dyn Disk, data_dir: &Path) -> Result<Option<CleanShutdown>> {
        let text = read_text(disk, &data_dir.join(CLEAN_SHUTDOWN))?;
        Ok(text.map(|text| CleanShutdown::parse(&text)))
    }

    /// Durable on return.
    pub fn write(self, disk: &dyn Disk, data_dir: &Path) -> Result<()> {
        replace(disk, &data_dir.join(CLEAN_SHUTDOWN), self.to_text().as_bytes())
    }

    /// Durable on return: from here on, a start must recover.
    pub fn remove(disk: &dyn Disk, data_dir: &Path) -> Result<()> {
        let path = data_dir.join(CLEAN_SHUTDOWN);
        match disk.remove_file(&path) {
            Ok(()) => disk.sync_dir(data_dir).map_err(Error::io("sync", data_dir)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::io("remove", &path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_file_is_read_and_written_alike() {
        let text = "{\"version\":0,\"brokerEpoch\":297}";
        assert_eq!(CleanShutdown::parse(text), CleanShutdown { broker_epoch: 297 });
        assert_eq!(CleanShutdown { broker_epoch: 297 }.to_text(), text);
    }

    #[test]
    fn an_empty_file_is_a_clean_stop_too() {
        assert_eq!(CleanShutdown::parse(""), CleanShutdown { broker_epoch: -1 });
    }
}
