//! DeleteTopics, by name and by id.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        DeleteTopicsRequest, DeleteTopicsResponse, RemoveTopicRecord,
        delete_topics_response::DeletableTopicResult,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{ApiError, Controller, Decision, invalid_request};

/// The first version that can say that deletion is disabled.
const DELETION_DISABLED_FROM: i16 = 3;

/// What a request names a topic by.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Named {
    Name(ByteString),
    Id(Uuid),
    Both(ByteString, Uuid),
    Nothing,
}

impl Named {
    fn parts(&self) -> (Option<ByteString>, Uuid) {
        match self {
            Named::Name(name) => (Some(name.clone()), Uuid::nil()),
            Named::Id(id) => (None, *id),
            Named::Both(name, id) => (Some(name.clone()), *id),
            Named::Nothing => (None, Uuid::nil()),
        }
    }

    fn refused(&self, error: ApiError) -> DeletableTopicResult {
        let (name, topic_id) = self.parts();
        let (error_code, error_message) = error.fields();
        DeletableTopicResult { name, topic_id, error_code, error_message }
    }
}

impl Controller<'_> {
    pub fn delete_topics(
        &self,
        request: &DeleteTopicsRequest,
        version: i16,
    ) -> Decision<DeleteTopicsResponse> {
        let named = named(request);
        if !self.settings.topic_deletion {
            return Decision::none(deletion_disabled(&named, version));
        }
        let mut times: FxHashMap<&Named, usize> = FxHashMap::default();
        for topic in &named {
            *times.entry(topic).or_default() += 1;
        }
        let named_twice = self.named_by_name_and_id(&times);
        let (mut records, mut responses) = (Vec::new(), Vec::new());
        for topic in &named {
            // A repeated topic is answered once.
            let Some(times) = times.remove(topic) else { continue };
            match self.delete_topic(topic, times, &named_twice) {
                Ok(None) => {}
                Ok(Some(id)) => {
                    records.push(RemoveTopicRecord { topic_id: id }.into());
                    responses.push(self.deleted(id));
                }
                Err(error) => responses.push(topic.refused(error)),
            }
        }
        Decision { records, response: DeleteTopicsResponse { responses, ..Default::default() } }
    }

    /// The id of the topic to delete; none for an id that stands for a topic whose name answers for it.
    fn delete_topic(
        &self,
        topic: &Named,
        times: usize,
        named_twice: &FxHashSet<Uuid>,
    ) -> Result<Option<Uuid>, ApiError> {
        match topic {
            Named::Nothing => Err(invalid_request("Neither topic name nor id were specified.")),
            Named::Both(..) => Err(invalid_request("You may not specify both topic name and topic id.")),
            Named::Name(_) if times > 1 => Err(invalid_request("Duplicate topic name.")),
            Named::Id(_) if times > 1 => Err(invalid_request("Duplicate topic id.")),
            Named::Name(name) => match self.image.topics().id(name) {
                None => Err(unknown_topic()),
                Some(id) if named_twice.contains(&id) => {
                    Err(invalid_request("The provided topic name maps to an ID that was already supplied."))
                }
                Some(id) => Ok(Some(id)),
            },
            Named::Id(id) if named_twice.contains(id) => Ok(None),
            Named::Id(id) if self.image.topics().by_id(*id).is_some() => Ok(Some(*id)),
            Named::Id(_) => {
                Err(ApiError::new(ErrorCode::UnknownTopicId, "This server does not host this topic ID."))
            }
        }
    }

    fn named_by_name_and_id(&self, times: &FxHashMap<&Named, usize>) -> FxHashSet<Uuid> {
        let id_of = |named: &&Named| match named {
            Named::Name(name) => self.image.topics().id(name),
            Named::Id(_) | Named::Both(..) | Named::Nothing => None,
        };
        times.keys().filter_map(id_of).filter(|id| times.contains_key(&Named::Id(*id))).collect()
    }

    fn deleted(&self, id: Uuid) -> DeletableTopicResult {
        let name = self.image.topics().by_id(id).map(|topic| topic.name.clone());
        DeletableTopicResult { name, topic_id: id, ..Default::default() }
    }
}

fn named(request: &DeleteTopicsRequest) -> Vec<Named> {
    let by_name = request.topic_names.iter().map(|name| Named::Name(name.clone()));
    let by_either = request.topics.iter().map(|topic| match (&topic.name, topic.topic_id) {
        (Some(name), id) if id.is_nil() => Named::Name(name.clone()),
        (Some(name), id) => Named::Both(name.clone(), id),
        (None, id) if id.is_nil() => Named::Nothing,
        (None, id) => Named::Id(id),
    });
    by_name.chain(by_either).collect()
}

fn unknown_topic() -> ApiError {
    ApiError::new(ErrorCode::UnknownTopicOrPartition, "This server does not host this topic-partition.")
}

fn deletion_disabled(named: &[Named], version: i16) -> DeleteTopicsResponse {
    let error = if version < DELETION_DISABLED_FROM {
        invalid_request("Topic deletion is disabled.")
    } else {
        ApiError::new(ErrorCode::TopicDeletionDisabled, "Topic deletion is disabled.")
    };
    let responses = named.iter().map(|topic| topic.refused(error.clone())).collect();
    DeleteTopicsResponse { responses, ..Default::default() }
}

#[cfg(test)]
mod tests {
    use ottla_wire::messages::delete_topics_request::DeleteTopicState;

    use super::*;
    use crate::decide::fixture::{Node, outcome};

    const LATEST: i16 = 6;

    fn request(topics: &[(Option<&str>, Uuid)]) -> DeleteTopicsRequest {
        let state = |(name, topic_id): &(Option<&str>, Uuid)| DeleteTopicState {
            name: name.map(ByteString::from),
            topic_id: *topic_id,
        };
        DeleteTopicsRequest { topics: topics.iter().map(state).collect(), ..Default::default() }
    }

    #[test]
    fn topics_that_cannot_be_deleted_are_refused_in_kafkas_words() {
        use ErrorCode as E;
        let mut node = Node::new();
        let id = node.create("t", 1);
        let (none, other) = (Uuid::nil(), Uuid::from_u128(99));
        for (topics, code, message) in [
            (
                vec![(Some("nope"), none)],
                E::UnknownTopicOrPartition,
                "This server does not host this topic-partition.",
            ),
            (vec![(None, other)], E::UnknownTopicId, "This server does not host this topic ID."),
            (vec![(None, none)], E::InvalidRequest, "Neither topic name nor id were specified."),
            (vec![(Some("t"), id)], E::InvalidRequest, "You may not specify both topic name and topic id."),
            (vec![(Some("t"), none), (Some("t"), none)], E::InvalidRequest, "Duplicate topic name."),
            (vec![(None, id), (None, id)], E::InvalidRequest, "Duplicate topic id."),
            (
                vec![(None, id), (Some("t"), none)],
                E::InvalidRequest,
                "The provided topic name maps to an ID that was already supplied.",
            ),
        ] {
            let decision = node.controller().delete_topics(&request(&topics), LATEST);
            let [result] = &decision.response.responses[..] else { panic!("one result for {topics:?}") };
            assert_eq!(outcome(result.error_code, &result.error_message), (code, message), "{topics:?}");
            assert_eq!(decision.records, [], "{topics:?}");
        }
    }

    #[test]
    fn a_deleted_topic_takes_its_configs_along() {
        let mut node = Node::new();
        let topic = crate::decide::fixture::new_topic("t_1", 2, 1);
        let topic = crate::decide::fixture::with_config(topic, "retention.ms", Some("5"));
        let id = Uuid::from_u128(7);
        let creation = crate::decide::fixture::creation(vec![topic]);
        let decision = node.controller().create_topics(&creation, &mut || id);
        node.replay(decision);
        let decision = node.controller().delete_topics(&request(&[(None, id)]), LATEST);
        let (response, changes) = node.replay(decision);
        assert_eq!(response.responses[0].name.as_deref(), Some("t_1"));
        assert!(matches!(&changes[..], [crate::Change::TopicDeleted(topic)] if topic.partitions.len() == 2));
        assert!(node.image.topics().is_empty());
        assert_eq!(node.image.topics().partition_count(), 0);
        assert_eq!(node.image.configs().get(crate::ResourceKind::Topic, "t_1"), None);
        node.create("t.1", 1);
    }

    #[test]
    fn deletion_can_be_disabled() {
        let mut node = Node::new();
        let id = node.create("t", 1);
        node.settings.topic_deletion = false;
        for (version, code) in [(6, ErrorCode::TopicDeletionDisabled), (2, ErrorCode::InvalidRequest)] {
            let decision = node.controller().delete_topics(&request(&[(None, id)]), version);
            assert_eq!((decision.response.responses[0].error_code, decision.records.len()), (code.code(), 0));
        }
    }
}
