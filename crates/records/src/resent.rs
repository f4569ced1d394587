//! Batches that their producer sends once more, but otherwise: with other numbers, or in two parts.

use crate::builder::finish;
use crate::{
    Batch, BatchBuilder, BatchError, BatchHeader, BatchOptions, Codec, Limits, ProducerEpoch, ProducerId,
    RecordView, Sequence,
};

/// What was packed here may be unpacked, whatever it takes.
const OF_OUR_OWN: Limits =
    Limits { unpacked_bytes_max: usize::MAX, ratio_max: usize::MAX, ratio_free_bytes: usize::MAX };

impl Batch {
    /// The same records with other numbers. They are copied as they are, compressed or not.
    pub fn produced_by(
        &self,
        id: ProducerId,
        epoch: ProducerEpoch,
        base_sequence: Sequence,
    ) -> Result<Batch, BatchError> {
        let header = BatchHeader { producer_id: id, producer_epoch: epoch, base_sequence, ..*self.header() };
        finish(header, self.bytes().to_vec())
    }

    /// The first records and the others, to be built into two batches. For batches of one's own: how much they unpack to is not
    /// bounded.
    pub fn split_at(&self, count: usize) -> Result<(BatchBuilder, BatchBuilder), BatchError> {
        let header = self.header();
        let options = BatchOptions {
            base_offset: header.base_offset,
            codec: Codec::from(header.compression()?),
            timestamp_type: header.timestamp_type(),
            transactional: header.is_transactional(),
            ..BatchOptions::default()
        };
        // Deltas of times stay what they are, so that none becomes too large.
        let builder = || BatchBuilder::new(options).counting_from(header.base_timestamp);
        let (mut first, mut second) = (builder(), builder());
        let mut scratch = Vec::new();
        for (at, record) in self.record_views(&OF_OUR_OWN, &mut scratch)?.enumerate() {
            let record = record?;
            let half = if at < count { &mut first } else { &mut second };
            half.append_view(&RecordView { offset: half.next_offset(), ..record })?;
        }
        Ok((first, second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Compression, Record};

    fn batch(codec: Codec, timestamps: &[i64]) -> Batch {
        let mut builder = BatchBuilder::new(BatchOptions { codec, ..BatchOptions::default() });
        for timestamp in timestamps {
            builder.append(*timestamp, Some(b"key"), Some(&[7; 40]), &[]).unwrap();
        }
        builder.build().unwrap()
    }

    fn records(batch: &Batch) -> Vec<Record> {
        batch.records(&OF_OUR_OWN).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn other_numbers_change_nothing_else() {
        for codec in [Codec::default(), Codec::from(Compression::Zstd)] {
            let batch = batch(codec, &[5, 6, 7]);
            let again = batch.produced_by(9, 2, 41).unwrap();
            assert!(again.crc_is_valid());
            assert_eq!(records(&again), records(&batch));
            let header = again.header();
            assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (9, 2, 41));
            assert_eq!(Batch::parse(again.bytes().clone()), Ok(again));
        }
    }

    #[test]
    fn both_parts_have_the_records_that_they_had_together_however_far_apart_their_times_are() {
        for codec in [Codec::default(), Codec::from(Compression::Lz4)] {
            let whole = batch(codec, &[0, i64::MIN, i64::MAX]);
            let (first, second) = whole.split_at(1).unwrap();
            assert_eq!((first.record_count(), second.record_count()), (1, 2));
            let (first, second) = (first.build().unwrap(), second.build().unwrap());
            let mut expected = records(&whole);
            assert_eq!(records(&first), expected[..1]);
            expected.drain(..1);
            for (at, record) in expected.iter_mut().enumerate() {
                record.offset = i64::try_from(at).unwrap();
            }
            assert_eq!(records(&second), expected);
            assert_eq!(second.header().max_timestamp, i64::MAX);
            assert_eq!(second.header().compression(), Ok(codec.compression));
        }
    }
}
