//! DescribeTopicPartitions: topics page by page, so that no answer grows with the cluster.

use ottla_metadata::{Image, Partition, Topic, names};
use ottla_wire::{
    ByteString, ErrorCode,
    messages::{
        DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
        describe_topic_partitions_request::Cursor as From,
        describe_topic_partitions_response::{
            Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
        },
    },
};

use super::{Context, operations};

pub(crate) async fn handle(
    context: &Context<'_>,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let partitions_max = context.broker.config().fetch.describe_partitions_max;
    let asked = u32::try_from(request.response_partition_limit).unwrap_or(0);
    let limit = asked.min(partitions_max).max(1) as usize;
    page(&context.broker.metadata.image(), request, limit)
}

fn page(
    image: &Image,
    request: DescribeTopicPartitionsRequest,
    limit: usize,
) -> DescribeTopicPartitionsResponse {
    if !makes_sense(&request) {
        return refused(request);
    }
    let cursor = request.cursor.as_ref();
    let mut page = Page { left: limit, response: DescribeTopicPartitionsResponse::default() };
    if request.topics.is_empty() {
        let begin = cursor.map_or("", |cursor| &*cursor.topic_name);
        let topics = image.topics().sorted().into_iter().filter(|topic| *topic.name >= *begin);
        page.fill(topics.map(|topic| (topic.name.clone(), Some(&**topic))), cursor);
    } else {
        let names = wanted(request.topics.into_iter().map(|topic| topic.name), cursor);
        page.fill(
            names.into_iter().map(|name| (name.clone(), image.topics().by_name(&name).map(|t| &**t))),
            cursor,
        );
    }
    page.response
}

/// In the order of their names, each once, from the cursor's on.
fn wanted(names: impl Iterator<Item = ByteString>, cursor: Option<&From>) -> Vec<ByteString> {
    let begin = cursor.map_or("", |cursor| &*cursor.topic_name);
    let mut wanted: Vec<_> = names.filter(|name| **name >= *begin).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// A cursor is at a partition, and among the topics that are asked for.
fn makes_sense(request: &DescribeTopicPartitionsRequest) -> bool {
    let is_among = |cursor: &From| {
        request.topics.is_empty() || request.topics.iter().any(|topic| topic.name == cursor.topic_name)
    };
    request.cursor.as_ref().is_none_or(|cursor| cursor.partition_index >= 0 && is_among(cursor))
}

fn refused(request: DescribeTopicPartitionsRequest) -> DescribeTopicPartitionsResponse {
    let refused = |name| DescribeTopicPartitionsResponseTopic {
        error_code: ErrorCode::InvalidRequest.code(),
        name: Some(name),
        ..Default::default()
    };
    let topics = request.topics.into_iter().map(|topic| refused(topic.name)).collect();
    DescribeTopicPartitionsResponse { topics, ..Default::default() }
}

/// An answer that takes so many more partitions.
struct Page {
    left: usize,
    response: DescribeTopicPartitionsResponse,
}

impl Page {
    fn fill<'a>(
        &mut self,
        topics: impl Iterator<Item = (ByteString, Option<&'a Topic>)>,
        cursor: Option<&From>,
    ) {
        for (name, topic) in topics {
            if self.left == 0 {
                self.response.next_cursor = Some(Cursor { topic_name: name, partition_index: 0 });
                return;
            }
            let begin = cursor.filter(|cursor| cursor.topic_name == name).map_or(0, |c| c.partition_index);
            match topic {
                Some(topic) => self.add(topic, begin),
                None => self.response.topics.push(missing(name)),
            }
            if self.response.next_cursor.is_some() {
                return;
            }
        }
    }

    fn add(&mut self, topic: &Topic, begin: i32) {
        let mut rest = topic.partitions.iter().filter(|partition| partition.id >= begin);
        let partitions: Vec<_> = rest.by_ref().take(self.left).map(describe).collect();
        self.left -= partitions.len();
        self.response.next_cursor =
            rest.next().map(|next| Cursor { topic_name: topic.name.clone(), partition_index: next.id });
        self.response.topics.push(DescribeTopicPartitionsResponseTopic {
            error_code: ErrorCode::None.code(),
            name: Some(topic.name.clone()),
            topic_id: topic.id,
            is_internal: names::is_internal(&topic.name),
            partitions,
            topic_authorized_operations: operations::OF_TOPIC,
        });
    }
}

fn missing(name: ByteString) -> DescribeTopicPartitionsResponseTopic {
    let error = match names::check(&name) {
        Ok(()) => ErrorCode::UnknownTopicOrPartition,
        Err(_) => ErrorCode::InvalidTopicException,
    };
    DescribeTopicPartitionsResponseTopic {
        error_code: error.code(),
        is_internal: names::is_internal(&name),
        name: Some(name),
        topic_authorized_operations: operations::OF_TOPIC,
        ..Default::default()
    }
}

fn describe(partition: &Partition) -> DescribeTopicPartitionsResponsePartition {
    let error = if partition.has_leader() { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
    DescribeTopicPartitionsResponsePartition {
        error_code: error.code(),
        partition_index: partition.id,
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        replica_nodes: partition.replicas.to_vec(),
        isr_nodes: partition.isr.to_vec(),
        eligible_leader_replicas: Some(partition.elr.to_vec()),
        last_known_elr: Some(partition.last_known_elr.to_vec()),
        offline_replicas: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use ottla_wire::{
        Uuid,
        messages::{
            MetadataRecord, PartitionRecord, TopicRecord, describe_topic_partitions_request::TopicRequest,
        },
    };

    use super::*;

    fn image(topics: &[(&str, i32)]) -> Image {
        let mut image = Image::default();
        for (number, (name, partitions)) in (1..).zip(topics) {
            let topic_id = Uuid::from_u128(number);
            let topic = TopicRecord { name: (*name).into(), topic_id };
            let partition = |partition_id| {
                let (replicas, isr, directories) = (vec![1], vec![1], vec![Uuid::from_u128(200)]);
                PartitionRecord {
                    partition_id,
                    topic_id,
                    replicas,
                    isr,
                    leader: 1,
                    directories,
                    ..Default::default()
                }
            };
            let partitions = (0..*partitions).map(|id| MetadataRecord::from(partition(id)));
            for record in [topic.into()].into_iter().chain(partitions) {
                image.replay(record, &mut Vec::new()).expect("the records make sense");
            }
        }
        image
    }

    fn request(names: &[&str], cursor: Option<(&str, i32)>) -> DescribeTopicPartitionsRequest {
        DescribeTopicPartitionsRequest {
            topics: names.iter().map(|name| TopicRequest { name: (*name).into() }).collect(),
            cursor: cursor.map(|(name, partition_index)| From { topic_name: name.into(), partition_index }),
            ..Default::default()
        }
    }

    /// What a page says, briefly: each topic with its error and partitions, and where the next page begins.
    fn say(response: &DescribeTopicPartitionsResponse) -> String {
        let topic = |topic: &DescribeTopicPartitionsResponseTopic| {
            let ids: Vec<i32> = topic.partitions.iter().map(|partition| partition.partition_index).collect();
            format!("{} {} {ids:?}", topic.name.as_deref().unwrap_or("-"), topic.error_code)
        };
        let topics: Vec<String> = response.topics.iter().map(topic).collect();
        let next =
            response.next_cursor.as_ref().map(|next| format!("{}-{}", next.topic_name, next.partition_index));
        format!("{} next {}", topics.join(", "), next.as_deref().unwrap_or("none"))
    }

    #[test]
    fn pages_follow_each_other_without_gaps() {
        let image = image(&[("b", 3), ("a", 2), ("c", 1)]);
        for (names, cursor, limit, expected) in [
            (&[][..], None, 9, "a 0 [0, 1], b 0 [0, 1, 2], c 0 [0] next none"),
            (&[], None, 2, "a 0 [0, 1] next b-0"),
            (&[], None, 3, "a 0 [0, 1], b 0 [0] next b-1"),
            (&[], Some(("b", 1)), 3, "b 0 [1, 2], c 0 [0] next none"),
            (&[], Some(("b", 9)), 1, "b 0 [], c 0 [0] next none"),
            (&[], Some(("bb", 4)), 3, "c 0 [0] next none"),
            (&["c", "a", "c"], None, 3, "a 0 [0, 1], c 0 [0] next none"),
            (&["c", "a"], Some(("c", 0)), 3, "c 0 [0] next none"),
            (&["x", "a b", "c"], None, 3, "a b 17 [], c 0 [0], x 3 [] next none"),
        ] {
            assert_eq!(
                say(&page(&image, request(names, cursor), limit)),
                expected,
                "{names:?} {cursor:?} {limit}"
            );
        }
    }

    #[test]
    fn a_cursor_that_points_nowhere_is_refused() {
        let image = image(&[("a", 1), ("b", 1)]);
        for (names, cursor, expected) in [
            (&["a"][..], ("b", 0), "a 42 [] next none"),
            (&["a"], ("a", -1), "a 42 [] next none"),
            (&[], ("a", -1), " next none"),
        ] {
            assert_eq!(say(&page(&image, request(names, Some(cursor)), 5)), expected);
        }
    }
}
