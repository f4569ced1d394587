//! Asking for a round: two requests about the cluster, and no more than six to each broker, however much there is. Nothing is tried
//! again: the next round is soon.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ottla_client::error::ResponseError;
use ottla_client::{BrokerId, Call, Client, Destination, Error, Offset, Reply, Result, TopicPartition};
use ottla_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use ottla_wire::messages::offset_fetch_request::OffsetFetchRequestGroup;
use ottla_wire::messages::{
    ConsumerGroupDescribeRequest, DescribeGroupsRequest, DescribeLogDirsRequest, ListGroupsRequest,
    ListOffsetsRequest, OffsetFetchRequest, OffsetFetchResponse,
};
use ottla_wire::{ApiKey, Request};
use tokio::task::JoinSet;

use super::sample::{Group, Notes, Sample};
use super::wanted::Wanted;
use crate::clock;

/// A broker that takes longer has nothing to say in this round.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fails where nobody tells of the cluster. What single brokers do not tell is missing, and said to be.
pub(super) async fn ask(client: &Client, wanted: &Arc<Wanted>) -> Result<Sample> {
    let cluster = client.refresh().await?;
    let topics = client.all_topics().await?.into_iter().map(|topic| (topic.name.clone(), topic.into()));
    let mut sample = Sample {
        at: clock::now(),
        timestamp: clock::wall_ms(),
        cluster_id: cluster.id().map(str::to_owned),
        controller: cluster.controller(),
        broker_count: cluster.brokers().count(),
        topics: topics.collect(),
        ends: HashMap::new(),
        sizes: HashMap::new(),
        groups: BTreeMap::new(),
        notes: Notes::default(),
    };
    let brokers: Vec<Broker> =
        cluster.brokers().map(|broker| Broker { client: client.clone(), id: broker.id }).collect();
    // What is committed comes before the ends, so that no group is ahead of them.
    let groups = brokers.iter().cloned().map(|broker| (broker, wanted.clone()));
    for told in all(groups.map(|(broker, wanted)| async move { broker.groups(&wanted).await })).await {
        sample.add(told);
    }
    let leading = sample.leading(wanted);
    let leaders = brokers.into_iter().map(|broker| {
        let partitions = leading.get(&broker.id).cloned().unwrap_or_default();
        async move { broker.partitions(partitions).await }
    });
    for told in all(leaders).await {
        sample.add(told);
    }
    Ok(sample)
}

/// At once, in whatever order they end.
async fn all<T: Send + 'static>(
    asking: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    asking.into_iter().collect::<JoinSet<T>>().join_all().await
}

/// What one broker told.
#[derive(Default)]
struct Told {
    ends: HashMap<TopicPartition, Offset>,
    sizes: HashMap<TopicPartition, i64>,
    groups: BTreeMap<Arc<str>, Group>,
    notes: Notes,
}

impl Sample {
    fn add(&mut self, told: Told) {
        self.ends.extend(told.ends);
        self.sizes.extend(told.sizes);
        self.groups.extend(told.groups);
        self.notes.add_all(told.notes);
    }

    /// The partitions that each broker leads, of topics that are meant, and of those that groups are in.
    fn leading(&self, wanted: &Wanted) -> HashMap<BrokerId, Vec<TopicPartition>> {
        let committed = self.groups.values().filter_map(|group| group.committed.as_ref());
        let of_groups: HashSet<&TopicPartition> = committed.flat_map(HashMap::keys).collect();
        let mut leading: HashMap<BrokerId, Vec<TopicPartition>> = HashMap::new();
        for (topic_name, topic) in &self.topics {
            let is_wanted = wanted.has_topic(topic_name, topic);
            for partition in &topic.partitions {
                let name = TopicPartition::new(topic_name.clone(), partition.number);
                if let Some(leader) = partition.leader
                    && (is_wanted || of_groups.contains(&name))
                {
                    leading.entry(leader).or_default().push(name);
                }
            }
        }
        leading
    }
}

#[derive(Clone)]
struct Broker {
    client: Client,
    id: BrokerId,
}

impl Broker {
    /// The groups that it coordinates, and what they committed.
    async fn groups(&self, wanted: &Wanted) -> Told {
        let mut told = Told::default();
        match self.request(&ListGroupsRequest::default()).await {
            Err(error) => told.notes.add(error),
            Ok(reply) => {
                told.note::<ListGroupsRequest>(&reply.broker, reply.response.error_code);
                let meant = reply.response.groups.iter().filter(|group| wanted.has_group(&group.group_id));
                told.groups = meant
                    .map(|group| {
                        let named = |name: &str| (!name.is_empty()).then(|| Arc::from(name));
                        let (kind, state) = (named(&group.group_type), named(&group.group_state));
                        (Arc::from(&*group.group_id), Group { kind, state, ..Group::default() })
                    })
                    .collect();
            }
        }
        self.add_offsets(&mut told).await;
        self.add_classic_members(&mut told).await;
        self.add_members(&mut told).await;
        told
    }

    /// Share groups have none that can be asked for so.
    async fn add_offsets(&self, told: &mut Told) {
        let names = told.named(|group| group.kind.as_deref() != Some("share"));
        if names.is_empty() {
            return;
        }
        let named =
            |name: &Arc<str>| OffsetFetchRequestGroup { group_id: (&**name).into(), ..Default::default() };
        let groups = names.iter().map(|name| OffsetFetchRequestGroup { topics: None, ..named(name) });
        let request =
            OffsetFetchRequest { groups: groups.collect(), topics: None, ..OffsetFetchRequest::default() };
        // From version 8 on there are several groups in a request, from 10 on no names in it.
        match self.request_in(8..=9, &request).await {
            Ok(reply) => told.add_offsets(&reply),
            Err(Error::UnsupportedVersion { .. }) => self.add_offsets_of_each(&names, told).await,
            Err(error) => told.notes.add(error),
        }
    }

    /// From brokers before Kafka 3.0.
    async fn add_offsets_of_each(&self, names: &[Arc<str>], told: &mut Told) {
        for name in names {
            let request =
                OffsetFetchRequest { group_id: (&**name).into(), topics: None, ..Default::default() };
            match self.request_in(2..=7, &request).await {
                Ok(reply) => told.add_offsets_of(name, &reply),
                Err(error) => return told.notes.add(error),
            }
        }
    }

    async fn add_classic_members(&self, told: &mut Told) {
        let has_members = |group: &Group| group.state.as_deref() != Some("Empty");
        let is_classic = |group: &Group| matches!(group.kind.as_deref(), Some("classic") | None);
        let names = told.named(|group| is_classic(group) && has_members(group));
        told.empty();
        if names.is_empty() {
            return;
        }
        let request = DescribeGroupsRequest {
            groups: names.iter().map(|name| (&**name).into()).collect(),
            ..DescribeGroupsRequest::default()
        };
        match self.request(&request).await {
            Err(error) => told.notes.add(error),
            Ok(reply) => {
                for group in &reply.response.groups {
                    if told.note::<DescribeGroupsRequest>(&reply.broker, group.error_code) {
                        continue;
                    }
                    if let Some(known) = told.groups.get_mut(&*group.group_id) {
                        known.members = Some(group.members.len());
                        known.state.get_or_insert_with(|| Arc::from(&*group.group_state));
                    }
                }
            }
        }
    }

    /// Of the groups of the consumer protocol.
    async fn add_members(&self, told: &mut Told) {
        let names = told.named(|group| group.kind.as_deref() == Some("consumer") && group.members.is_none());
        if names.is_empty() {
            return;
        }
        let request = ConsumerGroupDescribeRequest {
            group_ids: names.iter().map(|name| (&**name).into()).collect(),
            ..ConsumerGroupDescribeRequest::default()
        };
        match self.request(&request).await {
            Err(error) => told.notes.add(error),
            Ok(reply) => {
                for group in &reply.response.groups {
                    if told.note::<ConsumerGroupDescribeRequest>(&reply.broker, group.error_code) {
                        continue;
                    }
                    if let Some(known) = told.groups.get_mut(&*group.group_id) {
                        known.members = Some(group.members.len());
                    }
                }
            }
        }
    }

    /// Where these partitions end, which it leads, and how large they are.
    async fn partitions(&self, partitions: Vec<TopicPartition>) -> Told {
        let mut told = Told::default();
        if partitions.is_empty() {
            return told;
        }
        self.add_ends(&partitions, &mut told).await;
        self.add_sizes(partitions, &mut told).await;
        told
    }

    async fn add_ends(&self, partitions: &[TopicPartition], told: &mut Told) {
        let topics = partitions.chunk_by(|one, next| one.topic == next.topic).map(|run| ListOffsetsTopic {
            name: (&*run[0].topic).into(),
            partitions: run
                .iter()
                .map(|it| ListOffsetsPartition {
                    partition_index: it.partition,
                    timestamp: LATEST,
                    ..ListOffsetsPartition::default()
                })
                .collect(),
        });
        let request =
            ListOffsetsRequest { replica_id: -1, topics: topics.collect(), ..ListOffsetsRequest::default() };
        match self.request_in(1..=i16::MAX, &request).await {
            Err(error) => told.notes.add(error),
            Ok(reply) => {
                for topic in &reply.response.topics {
                    let name: Arc<str> = Arc::from(&*topic.name);
                    for partition in &topic.partitions {
                        if !told.note::<ListOffsetsRequest>(&reply.broker, partition.error_code) {
                            let partition_name = TopicPartition::new(name.clone(), partition.partition_index);
                            told.ends.insert(partition_name, partition.offset);
                        }
                    }
                }
            }
        }
    }

    /// Of all replicas that it has, those that it leads.
    async fn add_sizes(&self, partitions: Vec<TopicPartition>, told: &mut Told) {
        let leads: HashSet<TopicPartition> = partitions.into_iter().collect();
        match self.request(&DescribeLogDirsRequest { topics: None }).await {
            Err(error) => told.notes.add(error),
            Ok(reply) => {
                told.note::<DescribeLogDirsRequest>(&reply.broker, reply.response.error_code);
                for dir in &reply.response.results {
                    told.note::<DescribeLogDirsRequest>(&reply.broker, dir.error_code);
                    for topic in &dir.topics {
                        let name: Arc<str> = Arc::from(&*topic.name);
                        for replica in topic.partitions.iter().filter(|replica| !replica.is_future_key) {
                            let partition = TopicPartition::new(name.clone(), replica.partition_index);
                            if leads.contains(&partition) {
                                told.sizes.insert(partition, replica.partition_size);
                            }
                        }
                    }
                }
            }
        }
    }

    async fn request<R: Request>(&self, request: &R) -> Result<Reply<R::Response>> {
        self.request_in(0..=i16::MAX, request).await
    }

    async fn request_in<R: Request>(
        &self,
        versions: RangeInclusive<i16>,
        request: &R,
    ) -> Result<Reply<R::Response>> {
        let call = Call::to(Destination::Broker(self.id)).versions(versions).timeout(PATIENCE);
        self.client.request(&call, request).await
    }
}

/// Of ListOffsets: behind the last record.
const LATEST: i64 = -1;

impl Told {
    fn named(&self, is_meant: impl Fn(&Group) -> bool) -> Vec<Arc<str>> {
        self.groups.iter().filter(|(_, group)| is_meant(group)).map(|(name, _)| name.clone()).collect()
    }

    /// Nobody has to be asked how many members these have.
    fn empty(&mut self) {
        let is_empty = |group: &&mut Group| group.state.as_deref() == Some("Empty");
        self.groups.values_mut().filter(is_empty).for_each(|group| group.members = Some(0));
    }

    /// Whether a code is an error, which is noted then.
    fn note<R: Request>(&mut self, broker: &Arc<str>, code: i16) -> bool {
        if code != 0 {
            let api = ApiKey::from_code(R::API_KEY).expect("every request has a key");
            self.notes.add(ResponseError::new(api, code).with_broker(broker.clone()));
        }
        code != 0
    }

    fn add_offsets(&mut self, reply: &Reply<OffsetFetchResponse>) {
        for group in &reply.response.groups {
            if self.note::<OffsetFetchRequest>(&reply.broker, group.error_code) {
                continue;
            }
            let mut committed = HashMap::new();
            for topic in &group.topics {
                let name: Arc<str> = Arc::from(&*topic.name);
                for it in &topic.partitions {
                    let is_refused = self.note::<OffsetFetchRequest>(&reply.broker, it.error_code);
                    if !is_refused && it.committed_offset >= 0 {
                        let partition = TopicPartition::new(name.clone(), it.partition_index);
                        committed.insert(partition, it.committed_offset);
                    }
                }
            }
            if let Some(known) = self.groups.get_mut(&*group.group_id) {
                known.committed = Some(committed);
            }
        }
    }

    fn add_offsets_of(&mut self, name: &Arc<str>, reply: &Reply<OffsetFetchResponse>) {
        if self.note::<OffsetFetchRequest>(&reply.broker, reply.response.error_code) {
            return;
        }
        let mut committed = HashMap::new();
        for topic in &reply.response.topics {
            for it in &topic.partitions {
                let is_refused = self.note::<OffsetFetchRequest>(&reply.broker, it.error_code);
                if !is_refused && it.committed_offset >= 0 {
                    committed
                        .insert(TopicPartition::new(&*topic.name, it.partition_index), it.committed_offset);
                }
            }
        }
        if let Some(known) = self.groups.get_mut(name) {
            known.committed = Some(committed);
        }
    }
}
