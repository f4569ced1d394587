//! What is compared: each server, and how durable its acknowledgements are.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Kafka's default: nothing is synced before the acknowledgement.
    Kafka,
    /// Kafka with what Ottla's default promises.
    KafkaSynced,
    OttlaJournal,
    OttlaOs,
}

impl Variant {
    pub(crate) const WITHOUT_KAFKA: [Variant; 2] = [Variant::OttlaJournal, Variant::OttlaOs];
    pub(crate) const ALL: [Variant; 4] =
        [Variant::Kafka, Variant::KafkaSynced, Variant::OttlaJournal, Variant::OttlaOs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Variant::Kafka => "Kafka 4.3.1",
            Variant::KafkaSynced => "Kafka 4.3.1, flush.messages=1",
            Variant::OttlaJournal => "Ottla, journal",
            Variant::OttlaOs => "Ottla, os",
        }
    }

    pub(crate) fn is_kafka(self) -> bool {
        matches!(self, Variant::Kafka | Variant::KafkaSynced)
    }

    /// As it comes; what does not depend on durability is measured with this one alone.
    pub(crate) fn is_default(self) -> bool {
        matches!(self, Variant::Kafka | Variant::OttlaJournal)
    }

    /// The broker's settings that differ from its defaults. The kit starts Kafka with the first two of Ottla's.
    pub(crate) fn settings(self) -> &'static [&'static str] {
        match self {
            Variant::Kafka => &[DELETE_SOON],
            Variant::KafkaSynced => &[DELETE_SOON, "log.flush.interval.messages=1"],
            Variant::OttlaJournal => &[EIGHT_PARTITIONS, NO_DELAY, DELETE_SOON],
            Variant::OttlaOs => &[EIGHT_PARTITIONS, NO_DELAY, DELETE_SOON, "ottla.log.durability=os"],
        }
    }
}

const EIGHT_PARTITIONS: &str = "offsets.topic.num.partitions=8";
const NO_DELAY: &str = "group.initial.rebalance.delay.ms=0";
/// One round's topics are to be gone before the next.
const DELETE_SOON: &str = "log.segment.delete.delay.ms=1000";
