//! Requests that each partition's leader answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_wire::{ApiKey, ErrorCode, Request};

use super::{Admin, Results, ask::Answer};
use crate::error::{Resource, ResponseError};
use crate::{BrokerId, Call, Destination, Error, Result, TopicPartition};

impl Admin {
    /// Asks each leader about its partitions, until every partition has an answer that another try would not change or the time is
    /// over; then the last error stands for it.
    pub(super) async fn ask_leaders<R: Request, T>(
        &self,
        partitions: impl IntoIterator<Item = TopicPartition>,
        ask: impl Fn(&[TopicPartition]) -> R,
        read: impl Fn(R::Response, &Answer) -> Vec<(TopicPartition, Result<T>)>,
    ) -> Result<Results<TopicPartition, T>> {
        self.ask_leaders_in(R::MIN_VERSION, partitions, ask, read).await
    }

    /// The same, in this version of the request or a later one.
    pub(super) async fn ask_leaders_in<R: Request, T>(
        &self,
        version: i16,
        partitions: impl IntoIterator<Item = TopicPartition>,
        ask: impl Fn(&[TopicPartition]) -> R,
        read: impl Fn(R::Response, &Answer) -> Vec<(TopicPartition, Result<T>)>,
    ) -> Result<Results<TopicPartition, T>> {
        let mut results = Results::new();
        let mut waiting: BTreeSet<TopicPartition> = partitions.into_iter().collect();
        let mut retrying = self.client.retrying("asking leaders", self.within);
        while !waiting.is_empty() {
            let answers = match retrying.in_time(self.ask_once(version, &waiting, &ask, &read)).await {
                Ok(answers) => answers,
                Err(error) => {
                    retrying.pause_after(&self.client, &Destination::Any, error).await?;
                    continue;
                }
            };
            let last = settle(answers, &mut waiting, &mut results);
            // Partitions about which nothing was said are asked about again as well.
            let Some((partition, error)) = last.or_else(|| waiting.first().map(unanswered::<R>)) else {
                break;
            };
            let leader = Destination::Leader(partition);
            if let Err(error) = retrying.pause_after(&self.client, &leader, error).await {
                let failed = std::mem::take(&mut waiting).into_iter();
                results.extend(failed.map(|partition| (partition, Err(error.clone()))));
            }
        }
        Ok(results)
    }

    async fn ask_once<R: Request, T>(
        &self,
        version: i16,
        waiting: &BTreeSet<TopicPartition>,
        ask: &impl Fn(&[TopicPartition]) -> R,
        read: &impl Fn(R::Response, &Answer) -> Vec<(TopicPartition, Result<T>)>,
    ) -> Result<Vec<(TopicPartition, Result<T>)>> {
        let mut answers = Vec::new();
        for (leader, partitions) in self.leaders(waiting).await? {
            let Some(leader) = leader else {
                answers.extend(partitions.into_iter().map(|it| (it.clone(), Err(without_leader(it)))));
                self.client.expire_metadata();
                continue;
            };
            let call = Call::to(Destination::Broker(leader)).versions(version..=i16::MAX);
            // Once: what has moved meanwhile is found out above.
            match self.client.request(&call, &ask(&partitions)).await {
                Ok(reply) => {
                    let answer = Answer::new::<R>(reply.broker);
                    answers.extend(read(reply.response, &answer));
                }
                Err(error) => {
                    answers.extend(partitions.into_iter().map(|partition| (partition, Err(error.clone()))));
                }
            }
        }
        Ok(answers)
    }

    /// The partitions of each leader, and those that have none.
    async fn leaders(
        &self,
        partitions: &BTreeSet<TopicPartition>,
    ) -> Result<BTreeMap<Option<BrokerId>, Vec<TopicPartition>>> {
        let topics: BTreeSet<Arc<str>> = partitions.iter().map(|it| it.topic.clone()).collect();
        let topics: Vec<Arc<str>> = topics.into_iter().collect();
        let cluster = self.client.fresh(&topics).await?;
        let mut leaders: BTreeMap<Option<BrokerId>, Vec<TopicPartition>> = BTreeMap::new();
        for partition in partitions {
            let leader = cluster.leader(partition).map(|broker| broker.id);
            leaders.entry(leader).or_default().push(partition.clone());
        }
        Ok(leaders)
    }
}

/// Sorts out what is answered for good. Gives one of the answers that another try may change, if there is one.
fn settle<T>(
    answers: Vec<(TopicPartition, Result<T>)>,
    waiting: &mut BTreeSet<TopicPartition>,
    results: &mut Results<TopicPartition, T>,
) -> Option<(TopicPartition, Error)> {
    let mut last = None;
    for (partition, result) in answers {
        match result {
            Err(error) if error.is_retriable() => last = Some((partition, error)),
            // A broker may answer about what it was not asked about.
            result => {
                if waiting.remove(&partition) {
                    results.insert(partition, result);
                }
            }
        }
    }
    last
}

fn without_leader(partition: TopicPartition) -> Error {
    let error = ResponseError::new(ApiKey::Metadata, ErrorCode::LeaderNotAvailable.code());
    error.about(Resource::TopicPartition(partition)).into()
}

fn unanswered<R: Request>(partition: &TopicPartition) -> (TopicPartition, Error) {
    let api = ApiKey::from_code(R::API_KEY).expect("every request has a key");
    let error = ResponseError::new(api, ErrorCode::UnknownTopicOrPartition.code());
    let about = Resource::TopicPartition(partition.clone());
    (partition.clone(), error.with_message(Some("the answer does not name it")).about(about).into())
}
