//! The records of a batch, encoded as they come: nothing else is kept of them.

use bytes::Bytes;
use ottla_records::{
    Batch, BatchBuilder, BatchError, BatchOptions, Codec, HeaderView, NO_PRODUCER_EPOCH, NO_PRODUCER_ID,
    NO_SEQUENCE, Timestamp,
};

use super::ProducerRecord;
use super::sequence::Numbered;

/// The records of a batch.
#[derive(Debug)]
pub(super) enum Contents {
    /// May take more.
    Open(BatchBuilder),
    /// As it was sent last.
    Sealed(Sealed),
}

#[derive(Debug)]
pub(super) struct Sealed {
    batch: Batch,
    numbers: Option<Numbered>,
    /// The bytes that it has without compression.
    uncompressed: usize,
}

impl Contents {
    /// With room for so many bytes.
    pub(super) fn new(size: usize) -> Contents {
        Contents::Open(BatchBuilder::with_capacity(BatchOptions::default(), size))
    }

    /// Whether a record of this time can stand beside those that are there.
    pub(super) fn takes(&self, timestamp: Timestamp) -> bool {
        matches!(self, Contents::Open(builder) if builder.takes_time(timestamp))
    }

    /// [`BatchError::DoesNotFit`] if it takes no such record, or would be larger than a batch can be.
    pub(super) fn append(&mut self, timestamp: Timestamp, record: &ProducerRecord) -> Result<(), BatchError> {
        let Contents::Open(builder) = self else {
            return Err(BatchError::DoesNotFit { what: "a record that comes late" });
        };
        let headers = record.headers.iter();
        let headers: Vec<_> =
            headers.map(|header| HeaderView { key: &header.key, value: header.value.as_deref() }).collect();
        builder.append(timestamp, record.key.as_deref(), record.value.as_deref(), &headers)
    }

    /// The bytes to send, the same as before if nothing changed.
    pub(super) fn seal(
        &mut self,
        numbers: Option<Numbered>,
        codec: Codec,
        transactional: bool,
    ) -> Result<Bytes, BatchError> {
        let sealed = match std::mem::replace(self, Contents::new(0)) {
            Contents::Open(builder) => {
                let builder = builder.with_codec(codec).with_transactional(transactional);
                Sealed::build(builder, numbers)?
            }
            Contents::Sealed(sealed) => sealed.with_numbers(numbers)?,
        };
        let bytes = sealed.batch.bytes().clone();
        *self = Contents::Sealed(sealed);
        Ok(bytes)
    }

    /// The bytes without compression.
    pub(super) fn size(&self) -> usize {
        match self {
            Contents::Open(builder) => builder.size_in_bytes(),
            Contents::Sealed(sealed) => sealed.uncompressed,
        }
    }

    /// The bytes that were sent last, and what they would be without compression.
    pub(super) fn sizes(&self) -> (usize, usize) {
        match self {
            Contents::Open(_) => (0, 0),
            Contents::Sealed(sealed) => (sealed.batch.size_in_bytes(), sealed.uncompressed),
        }
    }

    /// Keeps so many records, and gives the others.
    pub(super) fn split_off(&mut self, count: usize) -> Result<Contents, BatchError> {
        let batch = match std::mem::replace(self, Contents::new(0)) {
            Contents::Open(builder) => builder.build()?,
            Contents::Sealed(sealed) => sealed.batch,
        };
        let (first, second) = batch.split_at(count)?;
        *self = Contents::Open(first);
        Ok(Contents::Open(second))
    }
}

impl Sealed {
    fn build(builder: BatchBuilder, numbers: Option<Numbered>) -> Result<Sealed, BatchError> {
        let uncompressed = builder.size_in_bytes();
        let (id, epoch, sequence) = identity(numbers);
        let batch = builder.produced_by(id, epoch, sequence).build()?;
        Ok(Sealed { batch, numbers, uncompressed })
    }

    fn with_numbers(self, numbers: Option<Numbered>) -> Result<Sealed, BatchError> {
        if self.numbers == numbers {
            return Ok(self);
        }
        let (id, epoch, sequence) = identity(numbers);
        Ok(Sealed { batch: self.batch.produced_by(id, epoch, sequence)?, numbers, ..self })
    }
}

/// As a batch says who produced it.
fn identity(numbers: Option<Numbered>) -> (i64, i16, i32) {
    match numbers {
        Some(numbers) => (numbers.identity.id, numbers.identity.epoch, numbers.base_sequence()),
        None => (NO_PRODUCER_ID, NO_PRODUCER_EPOCH, NO_SEQUENCE),
    }
}

#[cfg(test)]
mod tests {
    use ottla_records::{Compression, Limits};

    use super::super::sequence::Identity;
    use super::*;

    fn numbered(first: u64) -> Option<Numbered> {
        Some(Numbered { identity: Identity { id: 7, epoch: 1 }, first })
    }

    fn keys(bytes: &Bytes) -> Vec<Bytes> {
        let batch = Batch::parse(bytes.clone()).unwrap();
        assert!(batch.crc_is_valid());
        let records = batch.records(&Limits::default()).unwrap();
        records.map(|record| record.unwrap().key.unwrap()).collect()
    }

    #[test]
    fn what_is_sent_again_is_the_same_but_for_its_numbers() {
        for codec in [Codec::default(), Codec::from(Compression::Lz4)] {
            let mut contents = Contents::new(0);
            for key in ["a", "b", "c"] {
                let record = ProducerRecord::new("t").key(key).header("h", vec![0; 100]);
                contents.append(5, &record).unwrap();
            }
            let first = contents.seal(numbered(1), codec, true).unwrap();
            assert_eq!(contents.seal(numbered(1), codec, true).unwrap().as_ptr(), first.as_ptr());
            let again = contents.seal(numbered(2), codec, true).unwrap();
            assert_eq!((keys(&first), first.len()), (keys(&again), again.len()));
            let header = *Batch::parse(again.clone()).unwrap().header();
            assert_eq!((header.base_sequence, header.is_transactional()), (2, true));
            assert!(!contents.takes(5), "it was sent");
            let mut rest = contents.split_off(1).unwrap();
            assert_eq!(keys(&contents.seal(numbered(2), codec, true).unwrap()), ["a"]);
            assert_eq!(keys(&rest.seal(numbered(3), codec, true).unwrap()), ["b", "c"]);
            assert_eq!(rest.sizes().1 > rest.sizes().0, codec.compression == Compression::Lz4);
        }
    }
}
