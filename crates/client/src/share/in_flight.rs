//! The records that the application has, and what it said became of them. Pure.

use std::collections::BTreeMap;

use ottla_wire::Uuid;

use super::acknowledgement::{AcknowledgeType, Acknowledgements};
use super::record::ShareRecord;
use crate::{BrokerId, Error, Offset, Result, TopicPartition};

/// Where records came from: what becomes of them is that broker's to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) topic_id: Uuid,
    pub(super) broker: BrokerId,
}

/// What was said of one partition's records since it was last asked.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) partition: TopicPartition,
    pub(super) source: Source,
    pub(super) acknowledgements: Acknowledgements,
    /// Those whose locks are to begin anew.
    pub(super) renewals: Vec<ShareRecord>,
}

/// What the application has of one partition.
#[derive(Debug)]
struct Held {
    source: Source,
    /// Records that were given, and what became of them.
    given: BTreeMap<Offset, Option<AcknowledgeType>>,
    renewals: BTreeMap<Offset, ShareRecord>,
    /// What the application never saw.
    passed: Acknowledgements,
}

#[derive(Debug, Default)]
pub(super) struct InFlight {
    partitions: BTreeMap<TopicPartition, Held>,
}

impl InFlight {
    /// Where what it has of a partition came from.
    pub(super) fn source(&self, partition: &TopicPartition) -> Option<Source> {
        self.partitions.get(partition).map(|held| held.source)
    }

    /// Whether it has something from a broker.
    pub(super) fn has_of(&self, broker: BrokerId) -> bool {
        self.partitions.values().any(|held| held.source.broker == broker)
    }

    /// The application gets a record.
    pub(super) fn give(&mut self, record: &ShareRecord, source: Source) {
        self.held(&record.partition, source).given.insert(record.offset, None);
    }

    /// The application does not get what is at these offsets.
    pub(super) fn pass(
        &mut self,
        partition: &TopicPartition,
        source: Source,
        pass: impl FnOnce(&mut Acknowledgements),
    ) {
        pass(&mut self.held(partition, source).passed);
    }

    fn held(&mut self, partition: &TopicPartition, source: Source) -> &mut Held {
        let new = || Held {
            source,
            given: BTreeMap::new(),
            renewals: BTreeMap::new(),
            passed: Acknowledgements::default(),
        };
        if !self.partitions.contains_key(partition) {
            self.partitions.insert(partition.clone(), new());
        }
        self.partitions.get_mut(partition).expect("it was put there")
    }

    /// The application says what became of a record; what it said before does not count any more.
    pub(super) fn acknowledge(&mut self, record: &ShareRecord, what: AcknowledgeType) -> Result<()> {
        let not_in_flight =
            || Error::NotInFlight { partition: record.partition.clone(), offset: record.offset };
        let held = self.partitions.get_mut(&record.partition).ok_or_else(not_in_flight)?;
        let said = held.given.get_mut(&record.offset).ok_or_else(not_in_flight)?;
        *said = Some(what);
        held.renewals.remove(&record.offset);
        if what == AcknowledgeType::Renew {
            held.renewals.insert(record.offset, record.clone());
        }
        Ok(())
    }

    /// All of which nothing was said were processed.
    pub(super) fn accept_all(&mut self) {
        for said in self.partitions.values_mut().flat_map(|held| held.given.values_mut()) {
            said.get_or_insert(AcknowledgeType::Accept);
        }
    }

    /// How many records there are of which nothing was said.
    pub(super) fn unacknowledged(&self) -> usize {
        let given = self.partitions.values().flat_map(|held| held.given.values());
        given.filter(|said| said.is_none()).count()
    }

    /// What was said; the records that it was said of are not the application's any more.
    pub(super) fn take(&mut self) -> Vec<Said> {
        let mut all = Vec::new();
        for (partition, held) in &mut self.partitions {
            let mut acknowledgements = std::mem::take(&mut held.passed);
            held.given.retain(|offset, said| {
                said.iter().for_each(|what| acknowledgements.add(*offset, *what));
                said.is_none()
            });
            if !acknowledgements.is_empty() {
                let renewals = std::mem::take(&mut held.renewals).into_values().collect();
                all.push(Said {
                    partition: partition.clone(),
                    source: held.source,
                    acknowledgements,
                    renewals,
                });
            }
        }
        self.partitions.retain(|_, held| !held.given.is_empty());
        all
    }
}

#[cfg(test)]
mod tests {
    use ottla_records::{Headers, Record, TimestampType};

    use super::super::record::RecordsOf;
    use super::*;

    const SOURCE: Source = Source { topic_id: Uuid::from_u128(1), broker: 3 };

    fn record(offset: Offset) -> ShareRecord {
        let record = Record { offset, timestamp: 0, key: None, value: None, headers: Headers::default() };
        let common = RecordsOf { leader_epoch: None, timestamp_type: TimestampType::CreateTime };
        ShareRecord::new(TopicPartition::new("t", 0), common, 1, record)
    }

    fn having(offsets: &[Offset]) -> InFlight {
        let mut in_flight = InFlight::default();
        offsets.iter().for_each(|offset| in_flight.give(&record(*offset), SOURCE));
        in_flight
    }

    #[test]
    fn what_nothing_was_said_of_stays_with_the_application() {
        let mut in_flight = having(&[1, 2, 3]);
        in_flight.acknowledge(&record(2), AcknowledgeType::Reject).unwrap();
        in_flight.acknowledge(&record(2), AcknowledgeType::Release).unwrap();
        assert_eq!(in_flight.unacknowledged(), 2);
        let said = in_flight.take();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].acknowledgements.offsets(), [2..=2]);
        assert_eq!(said[0].acknowledgements.batches()[0].code, AcknowledgeType::Release.code());
        assert!(in_flight.has_of(3) && in_flight.take().is_empty());
        in_flight.accept_all();
        assert_eq!(in_flight.take()[0].acknowledgements.records(), 2);
        assert!(!in_flight.has_of(3));
    }

    #[test]
    fn nothing_can_be_said_of_what_is_not_in_flight() {
        let mut in_flight = having(&[1]);
        in_flight.acknowledge(&record(1), AcknowledgeType::Accept).unwrap();
        in_flight.take();
        for offset in [1, 2] {
            let error = in_flight.acknowledge(&record(offset), AcknowledgeType::Accept).unwrap_err();
            assert!(matches!(error, Error::NotInFlight { offset: of, .. } if of == offset));
        }
    }

    #[test]
    fn a_record_is_renewed_only_if_that_is_said_last() {
        let mut in_flight = having(&[1, 2]);
        in_flight.acknowledge(&record(1), AcknowledgeType::Renew).unwrap();
        in_flight.acknowledge(&record(2), AcknowledgeType::Renew).unwrap();
        in_flight.acknowledge(&record(2), AcknowledgeType::Accept).unwrap();
        assert_eq!(in_flight.take()[0].renewals, [record(1)]);
    }
}
