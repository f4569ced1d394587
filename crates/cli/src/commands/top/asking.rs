//! Asking for a round: two requests about the cluster, and no more than six to each broker, however much there is (before Kafka 3.0
//! one for each group besides). Nothing is tried again, and a broker that does not answer is asked no more: the next round is soon.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

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
use crate::remote::Property;

/// A broker that takes longer has nothing to say in this round; options that somebody gives are stronger.
pub(super) fn patience() -> Vec<Property> {
    let names = [
        "request.timeout.ms",
        "socket.connection.setup.timeout.ms",
        "socket.connection.setup.timeout.max.ms",
    ];
    names.map(|name| Property::new(name, "5000", "ottla top")).into()
}

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
        group_count: 0,
        groups: BTreeMap::new(),
        notes: Notes::default(),
    };
    let brokers: Vec<Broker> =
        cluster.brokers().map(|broker| Broker { client: client.clone(), id: broker.id }).collect();
    // What is committed comes before the ends, so that no group is ahead of them.
    let asked = brokers.into_iter().map(|broker| (broker, wanted.clone()));
    let mut answering = Vec::new();
    for (broker, told) in all(asked.map(|(broker, wanted)| broker.groups(wanted))).await {
        answering.extend((!told.is_silent).then_some(broker));
        sample.add(told);
    }
    sample.at = clock::now();
    let mut leading = sample.leading(wanted);
    let leaders = answering
        .into_iter()
        .filter_map(|broker| Some((leading.remove(&broker.id)?, broker)))
        .map(|(partitions, broker)| broker.partitions(partitions));
    for told in all(leaders).await.into_iter().flatten() {
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
    group_count: usize,
    groups: BTreeMap<Arc<str>, Group>,
    notes: Notes,
    /// It did not answer at all.
    is_silent: bool,
}

impl Sample {
    fn add(&mut self, told: Told) {
        self.ends.extend(told.ends);
        self.sizes.extend(told.sizes);
        self.group_count += told.group_count;
        self.groups.extend(told.groups);
        self.notes.add_all(told.notes);
    }

    /// The partitions that each broker leads, of topics that are meant, and of those that groups are in.
    fn leading(&self, wanted: &Wanted) -> HashMap<BrokerId, Vec<TopicPartition>> {
        let committed = self.groups.values().filter_map(|group| group.committed.as_ref());
        let of_groups: HashSet<&TopicPartition> =
            committed.flat_map(HashMap::keys).filter(|it| wanted.has_offsets_in(&it.topic)).collect();
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
    async fn groups(self, wanted: Arc<Wanted>) -> (Broker, Told) {
        let mut told = Told::default();
        match self.request(&ListGroupsRequest::default()).await {
            Err(error) => {
                told.is_silent = true;
                told.notes.add(error);
            }
            Ok(reply) => {
                told.note::<ListGroupsRequest>(&reply.broker, reply.response.error_code);
                told.group_count = reply.response.groups.len();
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
        (self, told)
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
    async fn partitions(self, partitions: Vec<TopicPartition>) -> [Told; 2] {
        tokio::join!(self.ends(&partitions), self.sizes(&partitions)).into()
    }

    async fn ends(&self, partitions: &[TopicPartition]) -> Told {
        let mut told = Told::default();
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
        told
    }

    /// Of all replicas that it has, those that it leads.
    async fn sizes(&self, partitions: &[TopicPartition]) -> Told {
        let mut told = Told::default();
        let leads: HashSet<&TopicPartition> = partitions.iter().collect();
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
        told
    }

    async fn request<R: Request>(&self, request: &R) -> Result<Reply<R::Response>> {
        self.request_in(0..=i16::MAX, request).await
    }

    async fn request_in<R: Request>(
        &self,
        versions: RangeInclusive<i16>,
        request: &R,
    ) -> Result<Reply<R::Response>> {
        let call = Call::to(Destination::Broker(self.id)).versions(versions);
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
