//! `kafka-console-consumer` and `kafka-console-partitionconsumer` of sarama: records, until somebody ends it.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::{Call, Client, Destination, ErrorCode, Offset, TopicPartition};
use ottla_wire::messages::MetadataRequest;
use ottla_wire::messages::metadata_request::MetadataRequestTopic;
use tokio::time::sleep;

use super::connection::{CLIENT_CERTIFICATE, CLIENT_KEY, SKIP_VERIFY, TLS_ENABLED, brokers, properties};
use super::flags::{Flag, FlagSet, Flags};
use super::numbers::{NotANumber, parse_decimal};
use super::told::{Ended, about, of_code, words};
use super::which::PEERS;
use crate::applets::connection::Properties;
use crate::applets::ending::asked_to_end;
use crate::clock::wall_ms;
use crate::commands::offsets_of::all_offsets_of;
use crate::exit::Outcome;
use crate::remote::{Remote, block_on, connect_consumer_with};
use crate::timestamp::{Civil, go_time};

const BROKERS: Flag = Flag::text("brokers", "", "The comma separated list of brokers in the Kafka cluster");
const TOPIC: Flag = Flag::text("topic", "", "REQUIRED: the topic to consume");
const VERBOSE: Flag = Flag::switch("verbose", "Whether to turn on sarama logging");

pub(super) static FLAGS: FlagSet = FlagSet {
    program: "kafka-console-consumer",
    brokers_variable: Some(PEERS),
    flags: &[
        BROKERS,
        Flag::int("buffer-size", "256", "The buffer size of the message channel."),
        Flag::text("offset", "newest", "The offset to start with. Can be `oldest`, `newest`"),
        Flag::text("partitions", "all", "The partitions to consume, can be 'all' or comma-separated numbers"),
        CLIENT_CERTIFICATE,
        CLIENT_KEY,
        TLS_ENABLED,
        SKIP_VERIFY,
        TOPIC,
        VERBOSE,
    ],
};

static PARTITION_FLAGS: FlagSet = FlagSet {
    program: "kafka-console-partitionconsumer",
    brokers_variable: Some(PEERS),
    flags: &[
        BROKERS,
        Flag::text(
            "offset",
            "newest",
            "The offset to start with. Can be `oldest`, `newest`, or an actual offset",
        ),
        Flag::int("partition", "-1", "REQUIRED: the partition to consume"),
        TOPIC,
        VERBOSE,
    ],
};

/// All or some partitions of a topic. In the order in which the tool complains.
pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let flags = FLAGS.parse(args)?;
    check(&flags)?;
    let start = match flags.text("offset").as_str() {
        "oldest" => StartAt::Earliest,
        "newest" => StartAt::Latest,
        _ => return Err(flags.misuse("-offset should be `oldest` or `newest`").into()),
    };
    let properties = properties(&flags)?;
    let topic = flags.text("topic");
    block_on(Box::pin(async {
        let (remote, consumer) = connect(&properties).await?;
        let there = partitions(&remote.client, &topic).await;
        let wanted = wanted(&flags.text("partitions"), there.as_deref()).map_err(|reason| {
            Ended::unavailable(format!("Failed to get the list of partitions: {reason}"))
        })?;
        check_partitions(&wanted, there.as_deref().unwrap_or_default())?;
        let starts = wanted.iter().map(|number| (TopicPartition::new(topic.clone(), *number), start));
        consumer.assign(starts)?;
        print(&consumer, out, true).await?;
        log("Initiating shutdown of consumer...");
        log(&format!("Done consuming topic {topic}"));
        consumer.close().await;
        Ok(Outcome::Success)
    }))
}

/// One partition. In the order in which the tool complains.
pub(super) fn run_partition(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let flags = PARTITION_FLAGS.parse(args)?;
    check(&flags)?;
    if flags.int("partition") == -1 {
        return Err(flags.misuse("-partition is required").into());
    }
    let offset = match flags.text("offset").as_str() {
        "oldest" => OLDEST,
        "newest" => NEWEST,
        text => parse_decimal(text)
            .map_err(|_not_a_number| flags.misuse(&format!("Invalid initial offset: {text}")))?,
    };
    let (topic, number) = (flags.text("topic"), flags.int("partition"));
    let failed = |reason: String| Ended::unavailable(format!("Failed to start partition consumer: {reason}"));
    block_on(Box::pin(async {
        let (remote, consumer) = connect(&brokers(&flags)).await?;
        let there = partitions(&remote.client, &topic).await.map_err(failed)?;
        let number = i32::try_from(number).ok().filter(|number| there.contains(number));
        let number = number.ok_or_else(|| failed(unknown_partition()))?;
        let partition = TopicPartition::new(topic, number);
        let start = start(&remote.admin, &partition, offset).await?.ok_or_else(|| failed(out_of_range()))?;
        consumer.assign([(partition, start)])?;
        print(&consumer, out, false).await?;
        consumer.close().await;
        Ok(Outcome::Success)
    }))
}

/// sarama's numbers for both ends.
const NEWEST: Offset = -1;
const OLDEST: Offset = -2;

fn check(flags: &Flags) -> Result<(), Ended> {
    if flags.text("brokers").is_empty() {
        return Err(flags.misuse(
            "You have to provide -brokers as a comma-separated list, or set the KAFKA_PEERS environment variable.",
        ));
    }
    if flags.text("topic").is_empty() { Err(flags.misuse("-topic is required")) } else { Ok(()) }
}

async fn connect(properties: &Properties) -> Result<(Remote, Consumer)> {
    let connected = connect_consumer_with(properties.all()).await;
    let (remote, config) = connected.map_err(|error| Ended::because("Failed to start consumer", &error))?;
    let consumer = Consumer::new(remote.client.clone(), config)?;
    Ok((remote, consumer))
}

/// Those of a topic, which the broker makes if it is not there and the broker does that; or why not, in sarama's words.
async fn partitions(client: &Client, topic: &str) -> Result<Vec<i32>, String> {
    const TRIES: u32 = 4;
    const PAUSE: Duration = Duration::from_millis(250);
    let mut code = ErrorCode::UnknownTopicOrPartition.code();
    for number in 0..TRIES {
        if number > 0 {
            sleep(PAUSE).await;
        }
        let named = MetadataRequestTopic { name: Some(topic.into()), ..MetadataRequestTopic::default() };
        let request = MetadataRequest {
            topics: Some(vec![named]),
            allow_auto_topic_creation: true,
            ..MetadataRequest::default()
        };
        let reply = client.request(&Call::to(Destination::Any), &request).await;
        let reply = reply.map_err(|error| words(&error.into()))?;
        let Some(found) = reply.response.topics.first() else { continue };
        code = found.error_code;
        if code == ErrorCode::None.code() {
            let mut numbers: Vec<i32> = found.partitions.iter().map(|it| it.partition_index).collect();
            numbers.sort_unstable();
            return Ok(numbers);
        }
        if code == ErrorCode::InvalidTopicException.code() {
            break;
        }
    }
    let known = ErrorCode::from_code(code).and_then(of_code);
    Err(known.map_or_else(|| format!("the broker answered with error {code}"), |known| about(topic, known)))
}

/// Those that `-partitions` names.
fn wanted(text: &str, there: Result<&[i32], &String>) -> Result<Vec<i32>, String> {
    if text == "all" {
        return there.map(<[i32]>::to_vec).map_err(String::clone);
    }
    text.split(',').map(partition_number).collect()
}

fn partition_number(text: &str) -> Result<i32, String> {
    let wide = parse_decimal(text);
    wide.and_then(|number| i32::try_from(number).map_err(|_too_large| NotANumber::Range)).map_err(|reason| {
        let reason = match reason {
            NotANumber::Syntax => "invalid syntax",
            NotANumber::Range => "value out of range",
        };
        format!("strconv.ParseInt: parsing {text:?}: {reason}")
    })
}

fn check_partitions(wanted: &[i32], there: &[i32]) -> Result<(), Ended> {
    for (at, number) in wanted.iter().enumerate() {
        let reason = if !there.contains(number) {
            unknown_partition()
        } else if wanted[..at].contains(number) {
            "kafka: invalid configuration (That topic/partition is already being consumed)".to_owned()
        } else {
            continue;
        };
        return Err(Ended::unavailable(format!("Failed to start consumer for partition {number}: {reason}")));
    }
    Ok(())
}

fn unknown_partition() -> String {
    of_code(ErrorCode::UnknownTopicOrPartition).unwrap_or_default().to_owned()
}

fn out_of_range() -> String {
    of_code(ErrorCode::OffsetOutOfRange).unwrap_or_default().to_owned()
}

/// None if the partition has not that offset.
async fn start(admin: &Admin, partition: &TopicPartition, offset: Offset) -> Result<Option<StartAt>> {
    match offset {
        NEWEST => return Ok(Some(StartAt::Latest)),
        OLDEST => return Ok(Some(StartAt::Earliest)),
        _ => {}
    }
    let mut ends = [0; 2];
    for (end, spec) in ends.iter_mut().zip([OffsetSpec::Earliest, OffsetSpec::Latest]) {
        let partitions = std::slice::from_ref(partition);
        let offsets = all_offsets_of(admin, partitions, spec, IsolationLevel::ReadUncommitted).await?;
        *end = offsets.get(partition).copied().unwrap_or_default();
    }
    let [oldest, newest] = ends;
    Ok((oldest..=newest).contains(&offset).then_some(StartAt::Offset(offset)))
}

/// Nothing that a person would wait for takes longer.
const ENDLESS: Duration = Duration::from_secs(3600);

/// Until somebody asks the process to end.
async fn print(consumer: &Consumer, out: &mut dyn Write, with_partitions: bool) -> Result<()> {
    let printing = async {
        loop {
            for record in consumer.poll(ENDLESS).await? {
                write(out, &record, with_partitions)?;
            }
            out.flush()?;
        }
    };
    tokio::select! {
        ended = printing => ended,
        asked = asked_to_end() => Ok(asked?),
    }
}

fn write(out: &mut dyn Write, record: &ConsumerRecord, with_partition: bool) -> io::Result<()> {
    if with_partition {
        writeln!(out, "Partition:\t{}", record.partition.partition)?;
    }
    writeln!(out, "Offset:\t{}", record.offset)?;
    for (name, bytes) in [("Key", &record.key), ("Value", &record.value)] {
        write!(out, "{name}:\t")?;
        out.write_all(bytes.as_deref().unwrap_or_default())?;
        writeln!(out)?;
    }
    writeln!(out)
}

/// As Go's package `log`, in UTC.
fn log(text: &str) {
    sayln!("{} {text}", go_time("2006/01/02 15:04:05", &Civil::of(wall_ms())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_all_or_those_that_are_named() {
        let none = "no topic".to_owned();
        assert_eq!(wanted("all", Ok(&[0, 1])), Ok(vec![0, 1]));
        assert_eq!(wanted("all", Err(&none)), Err(none.clone()));
        assert_eq!(wanted("2,0", Err(&none)), Ok(vec![2, 0]));
        for (text, expected) in [
            ("1,x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
            ("", "strconv.ParseInt: parsing \"\": invalid syntax"),
            ("2147483648", "strconv.ParseInt: parsing \"2147483648\": value out of range"),
        ] {
            assert_eq!(wanted(text, Ok(&[0])), Err(expected.to_owned()));
        }
    }

    #[test]
    fn the_first_partition_that_cannot_be_read_is_told() {
        assert_eq!(check_partitions(&[1, 0], &[0, 1]), Ok(()));
        for (wanted, expected) in [(&[0, 7][..], "partition 7: kafka server: "), (&[0, 0], "being consumed")]
        {
            let refused = check_partitions(wanted, &[0, 1]).expect_err("it is refused").to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
