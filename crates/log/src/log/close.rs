//! What a clean stop leaves behind.

use ottla_records::Offset;

use super::Log;
use crate::error::Result;
use crate::format::{ProducerEntry, encode_producer_snapshot};

impl Log {
    /// Writes and syncs all there is, ends the active segment's time index, and keeps the producers' state at the
    /// end of the log, as Kafka does. A log that nothing happened to since it was opened or synced costs no I/O.
    pub fn close(&mut self, producers: impl FnOnce() -> Vec<ProducerEntry>) -> Result<Offset> {
        if self.end > self.active().base && self.snapshots.last() != Some(&self.end) {
            self.unwritten_snapshots.push((self.end, encode_producer_snapshot(&producers())));
        }
        if let Some(growth) = self.active_mut().growth.as_deref_mut() {
            growth.close();
        }
        self.sync()
    }
}
