//! Brokers' data directories, and which replica is in which.

use std::collections::BTreeMap;

use ottla_wire::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use ottla_wire::messages::describe_log_dirs_request::DescribableLogDirTopic;
use ottla_wire::messages::{AlterReplicaLogDirsRequest, DescribeLogDirsRequest};

use super::{Admin, Results, by_topic, known};
use crate::{BrokerId, Call, Destination, Result, TopicPartition};

/// A replica: a partition at a broker.
pub type Replica = (TopicPartition, BrokerId);

/// A data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogDir {
    /// The size of the volume that it is on, where the broker tells.
    pub total_bytes: Option<i64>,
    /// What of that can still be used.
    pub usable_bytes: Option<i64>,
    /// Whether no new replica is put there (KIP-1066).
    pub is_cordoned: bool,
    /// What is in it. A replica that is being moved is in two directories.
    pub replicas: Vec<LogDirReplica>,
}

/// A replica in a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogDirReplica {
    /// The partition.
    pub partition: TopicPartition,
    /// The size of its segments.
    pub size: i64,
    /// How far it is behind: the high watermark, or the replica that it will replace.
    pub offset_lag: i64,
    /// Whether it will replace the replica in another directory.
    pub is_future: bool,
}

/// Where a replica is, and where it is moved to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicaLogDir {
    /// The directory that it is in, and how far it is behind.
    pub current: Option<(String, i64)>,
    /// The directory that it is moved to, and how far that is behind.
    pub future: Option<(String, i64)>,
}

impl Admin {
    /// The data directories of brokers by their paths; a directory that cannot be used answers with an error.
    pub async fn describe_log_dirs(
        &self,
        brokers: &[BrokerId],
    ) -> Result<Results<BrokerId, Results<String, LogDir>>> {
        let mut results = Results::new();
        for broker in brokers {
            results.insert(*broker, self.log_dirs_of(*broker, None).await);
        }
        Ok(results)
    }

    async fn log_dirs_of(
        &self,
        broker: BrokerId,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Results<String, LogDir>> {
        let topics = partitions.map(|partitions| {
            let topics = by_topic(partitions).into_iter();
            topics
                .map(|(topic, partitions)| DescribableLogDirTopic { topic: topic.into(), partitions })
                .collect()
        });
        let call = Call::to(Destination::Broker(broker));
        self.ask(&call, &DescribeLogDirsRequest { topics }, |response, answer| {
            answer.check(response.error_code, None)?;
            let results = response.results.iter().map(|dir| {
                let replicas = dir.topics.iter().flat_map(|topic| {
                    topic.partitions.iter().map(|replica| LogDirReplica {
                        partition: TopicPartition::new(&*topic.name, replica.partition_index),
                        size: replica.partition_size,
                        offset_lag: replica.offset_lag,
                        is_future: replica.is_future_key,
                    })
                });
                let described = answer.check(dir.error_code, None).map(|()| LogDir {
                    total_bytes: known(dir.total_bytes),
                    usable_bytes: known(dir.usable_bytes),
                    is_cordoned: dir.is_cordoned,
                    replicas: replicas.collect(),
                });
                (dir.log_dir.to_string(), described)
            });
            Ok(results.collect())
        })
        .await
    }

    /// Where replicas are.
    pub async fn describe_replica_log_dirs(
        &self,
        replicas: &[Replica],
    ) -> Result<Results<Replica, ReplicaLogDir>> {
        let mut results = Results::new();
        for (broker, partitions) in by_broker(replicas.iter()) {
            let answered = self.log_dirs_of(broker, Some(&partitions)).await;
            for partition in partitions {
                let found = answered.as_ref().map(|dirs| find(dirs, &partition)).map_err(Clone::clone);
                results.insert((partition, broker), found);
            }
        }
        Ok(results)
    }

    /// Moves replicas to other directories of their brokers. Done when the broker has begun.
    pub async fn alter_replica_log_dirs(
        &self,
        moves: &BTreeMap<Replica, String>,
    ) -> Result<Results<Replica, ()>> {
        let mut results = Results::new();
        for (broker, partitions) in by_broker(moves.keys()) {
            let mut dirs: BTreeMap<&str, Vec<&TopicPartition>> = BTreeMap::new();
            for partition in &partitions {
                dirs.entry(&moves[&(partition.clone(), broker)]).or_default().push(partition);
            }
            let answered = self.move_at(broker, dirs).await.unwrap_or_else(|error| {
                partitions.into_iter().map(|partition| (partition, Err(error.clone()))).collect()
            });
            results.extend(answered.into_iter().map(|(partition, result)| ((partition, broker), result)));
        }
        Ok(results)
    }

    async fn move_at(
        &self,
        broker: BrokerId,
        dirs: BTreeMap<&str, Vec<&TopicPartition>>,
    ) -> Result<Vec<(TopicPartition, Result<()>)>> {
        let dirs = dirs.into_iter().map(|(path, partitions)| AlterReplicaLogDir {
            path: path.into(),
            topics: by_topic(partitions)
                .into_iter()
                .map(|(name, partitions)| AlterReplicaLogDirTopic { name: name.into(), partitions })
                .collect(),
        });
        let request = AlterReplicaLogDirsRequest { dirs: dirs.collect() };
        self.ask(&Call::to(Destination::Broker(broker)), &request, |response, answer| {
            let results = response.results.iter().flat_map(|topic| {
                topic.partitions.iter().map(|partition| {
                    answer.of_partition(
                        &topic.topic_name,
                        partition.partition_index,
                        partition.error_code,
                        None,
                    )
                })
            });
            Ok(results.collect())
        })
        .await
    }
}

fn by_broker<'a>(replicas: impl Iterator<Item = &'a Replica>) -> BTreeMap<BrokerId, Vec<TopicPartition>> {
    let mut brokers: BTreeMap<BrokerId, Vec<TopicPartition>> = BTreeMap::new();
    for (partition, broker) in replicas {
        brokers.entry(*broker).or_default().push(partition.clone());
    }
    brokers
}

fn find(dirs: &Results<String, LogDir>, partition: &TopicPartition) -> ReplicaLogDir {
    let mut found = ReplicaLogDir::default();
    for (path, dir) in dirs {
        for replica in dir.iter().flat_map(|dir| &dir.replicas).filter(|it| it.partition == *partition) {
            let place = if replica.is_future { &mut found.future } else { &mut found.current };
            *place = Some((path.clone(), replica.offset_lag));
        }
    }
    found
}
