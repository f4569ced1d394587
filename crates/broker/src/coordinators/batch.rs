//! The batches that coordinators write.

use ottla_coordinator::CoordinatorRecord;
use ottla_records::{Batch, BatchBuilder, BatchError, BatchOptions, Timestamp};

/// All records of one append, with the time of it.
pub(super) fn batch(
    records: &[CoordinatorRecord],
    options: BatchOptions,
    now: Timestamp,
) -> Result<Batch, BatchError> {
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
            let options =
                BatchOptions { codec: compression.into(), base_sequence: 0, ..BatchOptions::default() };
            let batch = batch(&records, options, 7).unwrap();
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
