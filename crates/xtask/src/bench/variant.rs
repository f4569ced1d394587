//! What is compared: each server, and how durable its acknowledgements are.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Kafka's default: nothing is synced before the acknowledgement.
    Kafka,
    /// Kafka with what Ottla's default promises.
    KafkaSynced,
    /// The last that serves what Kafka 4.0 removed.
    Kafka3,
    OttlaJournal,
    OttlaOs,
    /// Without what Kafka 4.0 removed.
    OttlaOfToday,
}

impl Variant {
    pub(crate) const WITHOUT_KAFKA: [Variant; 2] = [Variant::OttlaJournal, Variant::OttlaOs];
    pub(crate) const ALL: [Variant; 4] =
        [Variant::Kafka, Variant::KafkaSynced, Variant::OttlaJournal, Variant::OttlaOs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Variant::Kafka => "Kafka 4.3.1",
            Variant::KafkaSynced => "Kafka 4.3.1, flush.messages=1",
            Variant::Kafka3 => "Kafka 3.9.1",
            Variant::OttlaJournal => "Ottla, journal",
            Variant::OttlaOs => "Ottla, os",
            Variant::OttlaOfToday => "Ottla, ottla.legacy.versions=false",
        }
    }

    pub(crate) fn is_kafka(self) -> bool {
        matches!(self, Variant::Kafka | Variant::KafkaSynced | Variant::Kafka3)
    }

    /// Of Kafka, where it is not the one that the others are compared with.
    pub(crate) fn kafka_version(self) -> Option<&'static str> {
        (self == Variant::Kafka3).then_some("3.9.1")
    }

    /// As it comes; what does not depend on durability is measured with this one alone.
    pub(crate) fn is_default(self) -> bool {
        matches!(self, Variant::Kafka | Variant::OttlaJournal)
    }

    /// The broker's settings that differ from its defaults. The kit starts Kafka with the first two of Ottla's.
    pub(crate) fn settings(self) -> &'static [&'static str] {
        match self {
            Variant::Kafka | Variant::Kafka3 => &[DELETE_SOON],
            Variant::KafkaSynced => &[DELETE_SOON, "log.flush.interval.messages=1"],
            Variant::OttlaJournal => &[EIGHT_PARTITIONS, NO_DELAY, DELETE_SOON],
            Variant::OttlaOs => &[EIGHT_PARTITIONS, NO_DELAY, DELETE_SOON, "ottla.log.durability=os"],
            Variant::OttlaOfToday => {
                &[EIGHT_PARTITIONS, NO_DELAY, DELETE_SOON, "ottla.legacy.versions=false"]
            }
        }
    }
}

const EIGHT_PARTITIONS: &str = "offsets.topic.num.partitions=8";
const NO_DELAY: &str = "group.initial.rebalance.delay.ms=0";
/// One round's topics are to be gone before the next.
const DELETE_SOON: &str = "log.segment.delete.delay.ms=1000";
