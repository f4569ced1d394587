//! Programs that go on whatever happens between them and their broker, and what must be so when they are done.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::{
    ClientConfig, ConsumerConfig, GroupProtocol, IsolationLevel, OffsetReset, ProducerConfig,
};
use ottla_client::consumer::{Consumer, StartAt};
use ottla_client::group::{CommittedOffset, GroupMetadata};
use ottla_client::producer::{Producer, ProducerRecord};
use ottla_client::{Client, Error, TopicPartition};

const DEADLINE: Duration = Duration::from_secs(240);
const PARTITIONS: i32 = 4;
/// How often something happens.
const ROUNDS: usize = 8;
/// What is done after each time.
const TRANSACTIONS: usize = 5;
const RECORDS: usize = 20;

/// A client that notices soon what happens, and asks again soon.
pub(crate) fn config(servers: &str) -> ClientConfig {
    ClientConfig::new(servers)
        .request_timeout(Duration::from_secs(3))
        .reconnect_backoff(Duration::from_millis(10))
        .reconnect_backoff_max(Duration::from_millis(200))
        .retry_backoff(Duration::from_millis(10))
        .retry_backoff_max(Duration::from_millis(200))
}

/// Where the program is, and where nothing disturbs whoever prepares and checks.
pub(crate) struct Place {
    pub(crate) disturbed: ClientConfig,
    pub(crate) calm: ClientConfig,
    pub(crate) name: String,
}

impl Place {
    async fn create(&self, partitions: i32) -> Client {
        let client = Client::connect(self.calm.clone()).await.unwrap();
        let wanted = [NewTopic::new(self.name.as_str()).partitions(partitions).replication_factor(1)];
        for (_, created) in Admin::new(client.clone()).create_topics(&wanted).await.unwrap() {
            created.unwrap();
        }
        client
    }
}

/// Numbered records and a group's offsets in transactions, each of which is committed once, however often that is tried.
pub(crate) async fn transactions(place: &Place, disturb: impl AsyncFnMut(usize)) {
    let test = check_transactions(place, disturb);
    tokio::time::timeout(DEADLINE, test)
        .await
        .unwrap_or_else(|_| panic!("{} is not done in time", place.name));
}

async fn check_transactions(place: &Place, mut disturb: impl AsyncFnMut(usize)) {
    let client = place.create(1).await;
    let options = ProducerConfig::default().transactional_id(place.name.clone());
    let producer = Producer::new(place.disturbed.clone(), options).unwrap();
    until_done(async || producer.init_transactions().await).await;
    for round in 0..ROUNDS {
        let work = async {
            for number in round * TRANSACTIONS..(round + 1) * TRANSACTIONS {
                while let Err(error) = transact(&producer, &place.name, number).await {
                    assert!(!error.is_fatal(), "{}: {error}", place.name);
                    until_done(async || producer.abort_transaction().await).await;
                }
            }
        };
        tokio::join!(disturb(round), work);
    }
    producer.close(DEADLINE).await.unwrap();

    let expected: Vec<String> =
        (0..ROUNDS * TRANSACTIONS).flat_map(|number| vec![number.to_string(); RECORDS]).collect();
    assert_eq!(committed_values(&client, &place.name, expected.len()).await, expected, "{}", place.name);
    let partition = TopicPartition::new(place.name.as_str(), 0);
    let offsets = Admin::new(client).list_group_offsets(&place.name, None, true).await.unwrap();
    let committed = offsets[&partition].as_ref().unwrap().as_ref().unwrap();
    assert_eq!(committed.offset, i64::try_from(ROUNDS * TRANSACTIONS).unwrap());
}

/// One transaction. An error says that it must be aborted.
async fn transact(producer: &Producer, name: &str, number: usize) -> Result<(), Error> {
    producer.begin_transaction()?;
    for _ in 0..RECORDS {
        let _delivery = producer.send(ProducerRecord::new(name).value(number.to_string())).await?;
    }
    let next = CommittedOffset::new(i64::try_from(number).unwrap() + 1);
    let offsets = [(TopicPartition::new(name, 0), next)];
    producer.send_offsets_to_transaction(offsets, &GroupMetadata::new(name)).await?;
    loop {
        match producer.commit_transaction().await {
            // It is under way.
            Err(Error::Timeout { .. }) => {}
            done => return done,
        }
    }
}

/// Makes a call again that was not done in time.
async fn until_done(mut call: impl AsyncFnMut() -> Result<(), Error>) {
    loop {
        match call().await {
            Err(error) if error.is_retriable() => {}
            done => return done.unwrap(),
        }
    }
}

async fn committed_values(client: &Client, topic: &str, count: usize) -> Vec<String> {
    let options = ConsumerConfig::default().isolation_level(IsolationLevel::ReadCommitted);
    let consumer = Consumer::new(client.clone(), options).unwrap();
    let partition = TopicPartition::new(topic, 0);
    consumer.assign([(partition.clone(), StartAt::Earliest)]).unwrap();
    let mut values = Vec::new();
    while values.len() < count {
        let records = consumer.poll(Duration::from_secs(1)).await.unwrap();
        let value = |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap()).into_owned();
        values.extend(records.iter().map(|record| value(record.value.as_deref())));
    }
    assert_eq!(consumer.poll(Duration::from_millis(500)).await.unwrap(), [], "and nothing more");
    values
}

/// Two members that share a topic: they get every record, and none before those in front of it.
pub(crate) async fn group(place: &Place, protocol: GroupProtocol, disturb: impl AsyncFnMut(usize)) {
    let test = check_group(place, protocol, disturb);
    tokio::time::timeout(DEADLINE, test)
        .await
        .unwrap_or_else(|_| panic!("{} is not done in time", place.name));
}

async fn check_group(place: &Place, protocol: GroupProtocol, mut disturb: impl AsyncFnMut(usize)) {
    let client = place.create(PARTITIONS).await;
    let producer = client.producer(ProducerConfig::default()).unwrap();
    let members = [member(place, protocol), member(place, protocol)];
    let mut seen = Seen::default();
    for round in 0..ROUNDS {
        let work = async {
            fill(&producer, &place.name).await;
            let count = i64::try_from((round + 1) * RECORDS).unwrap();
            while !seen.has_all(count) {
                for member in &members {
                    seen.poll(member).await;
                }
            }
        };
        tokio::join!(disturb(round), work);
    }
    for member in members {
        member.close().await;
    }
}

/// So many records to each partition.
async fn fill(producer: &Producer, topic: &str) {
    let mut deliveries = Vec::new();
    for number in 0..PARTITIONS {
        for _ in 0..RECORDS {
            let record = ProducerRecord::new(topic).partition(number).value("v");
            deliveries.push(producer.send(record).await.unwrap());
        }
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
}

fn member(place: &Place, protocol: GroupProtocol) -> Consumer {
    let options = ConsumerConfig::default()
        .group_id(place.name.clone())
        .group_protocol(protocol)
        .auto_offset_reset(OffsetReset::Earliest)
        .enable_auto_commit(false)
        .heartbeat_interval(Duration::from_millis(100))
        .session_timeout(Duration::from_secs(6))
        .fetch_max_wait(Duration::from_millis(50));
    let consumer = Consumer::new(Client::new(place.disturbed.clone()).unwrap(), options).unwrap();
    consumer.subscribe([place.name.as_str()]).unwrap();
    consumer
}

/// Up to where members got records of each partition.
#[derive(Default)]
struct Seen {
    next: BTreeMap<i32, i64>,
}

impl Seen {
    fn has_all(&self, count: i64) -> bool {
        (0..PARTITIONS).all(|number| self.next.get(&number).is_some_and(|next| *next >= count))
    }

    /// Takes what a member gets, and has it commit that. Either may fail, and is tried again.
    async fn poll(&mut self, member: &Consumer) {
        let records = match member.poll(Duration::from_millis(20)).await {
            Ok(records) => records,
            Err(error) => {
                assert!(error.is_retriable(), "{error}");
                return;
            }
        };
        for record in &records {
            let (number, offset) = (record.partition.partition, record.offset);
            let next = self.next.entry(number).or_default();
            assert!(offset <= *next, "{}: {offset} came when {next} was next", record.partition);
            *next = (*next).max(offset + 1);
        }
        if !records.is_empty() {
            let _refused = member.commit().await;
        }
    }
}
