//! What becomes of records that were read.

use std::io::Write;

use anyhow::Result;
use ottla_client::consumer::ConsumerRecord;

use super::decoding::Decoding;
use super::filter::Filter;
use super::reading::Reading;
use super::writing::Writing;

/// Which records are shown, and as what.
#[derive(Debug)]
pub(super) struct Showing {
    pub(super) filter: Filter,
    pub(super) decoding: Option<Decoding>,
    pub(super) writing: Writing,
}

impl Showing {
    /// Shows as many as are wanted, and tells how many were read for that.
    pub(super) fn show_all(
        &mut self,
        out: &mut impl Write,
        records: &[ConsumerRecord],
        reading: &mut Reading,
    ) -> Result<usize> {
        let mut read = 0;
        for run in records.chunk_by(|one, next| one.partition == next.partition) {
            let end = run.first().and_then(|first| reading.end_of(&first.partition));
            for record in run {
                if reading.has_enough() {
                    out.flush()?;
                    return Ok(read);
                }
                read += 1;
                if end.is_none_or(|end| record.offset < end) && self.show(out, record)? {
                    reading.count_shown();
                }
            }
        }
        out.flush()?;
        Ok(read)
    }

    /// Whether it is shown.
    fn show(&mut self, out: &mut impl Write, record: &ConsumerRecord) -> Result<bool> {
        let (key, value) = match &mut self.decoding {
            Some(decoding) => decoding.decode(record),
            None => (None, None),
        };
        if !self.filter.takes_all() && !self.filter.takes(record, &key, &value) {
            return Ok(false);
        }
        self.writing.write_decoded(out, record, &key, &value)?;
        Ok(true)
    }
}
