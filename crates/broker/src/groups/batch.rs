//! The batches that the group coordinator writes.

use ottla_coordinator::CoordinatorRecord;
use ottla_records::{Batch, BatchBuilder, BatchError, BatchOptions, Codec, Timestamp};

/// All records of one append, with the time of it. Kafka's group coordinator writes base sequence 0 without a producer
/// ID, so this does.
pub(super) fn batch(
    records: &[CoordinatorRecord],
    codec: Codec,
    now: Timestamp,
) -> Result<Batch, BatchError> {
    let options = BatchOptions { codec, base_sequence: 0, ..BatchOptions::default() };
    let mut builder = BatchBuilder::new(options);
    for record in records {
        builder.append(now, Some(&record.key), record.value.as_deref(), &[])?;
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use ottla_records::{Compression, Limits, NO_PRODUCER_ID};

    use super::*;

    #[test]
    fn a_batch_holds_the_records_in_their_order_whatever_the_codec() {
        let records = [
            CoordinatorRecord { key: "a".into(), value: Some("1".into()) },
            CoordinatorRecord { key: "b".into(), value: None },
        ];
        for compression in [Compression::None, Compression::Gzip, Compression::Lz4] {
            let batch = batch(&records, compression.into(), 7).unwrap();
            let header = *batch.header();
            assert_eq!((header.producer_id, header.base_sequence), (NO_PRODUCER_ID, 0));
            assert_eq!(header.compression(), Ok(compression));
            let read: Vec<_> = batch.records(&Limits::default()).unwrap().map(Result::unwrap).collect();
            let read = read.into_iter().map(|record| (record.key.unwrap(), record.value, record.timestamp));
            let written = records.iter().map(|record| (record.key.clone(), record.value.clone(), 7));
            assert!(read.eq(written), "{compression:?}");
        }
    }
}
