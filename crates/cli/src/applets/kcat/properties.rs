//! `-X list`: the properties that count here, in the layout of librdkafka's list.
//!
//! Names are librdkafka's, defaults and ranges those of this client, and what is said of each is what this client does.

use std::fmt::Write as _;

use crate::remote::WITHOUT_EFFECT;

/// A property, as it is listed.
struct Listed {
    name: &'static str,
    scope: Scope,
    values: Values,
    default: &'static str,
    importance: &'static str,
    about: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Consumer,
    Producer,
    Both,
}

/// What a property can be.
#[derive(Clone, Copy)]
enum Values {
    Text,
    Flag,
    /// A number, from this one on.
    AtLeast(i64),
    OneOf(&'static [&'static str]),
}

use Scope::{Both, Consumer, Producer};
use Values::{AtLeast, Flag, OneOf, Text};

const fn listed(
    name: &'static str,
    scope: Scope,
    values: Values,
    default: &'static str,
    importance: &'static str,
    about: &'static str,
) -> Listed {
    Listed { name, scope, values, default, importance, about }
}

#[rustfmt::skip]
const GLOBAL: &[Listed] = &[
    listed("client.id", Both, Text, "rdkafka", "low", "What brokers call this client in logs, metrics and quotas."),
    listed("metadata.broker.list", Both, Text, "", "high", "Brokers to begin with, as host or host:port with commas between them; -b says the same."),
    listed("message.max.bytes", Producer, AtLeast(0), "1048576", "medium", "The largest request, and so the largest message, of a producer."),
    listed("receive.message.max.bytes", Both, AtLeast(0), "100000000", "medium", "The largest response that is accepted."),
    listed("max.in.flight.requests.per.connection", Producer, AtLeast(1), "5", "low", "How many requests of a producer may wait for a broker's answer. More than 5 want enable.idempotence=false."),
    listed("metadata.max.age.ms", Both, AtLeast(0), "300000", "low", "What is known of brokers and topics is asked for again after this time."),
    listed("metadata.recovery.strategy", Both, OneOf(&["none", "rebootstrap"]), "rebootstrap", "low", "What is done when no broker that is known answers: the first ones are asked again, or nothing."),
    listed("metadata.recovery.rebootstrap.trigger.ms", Both, AtLeast(0), "300000", "low", "How long brokers may be silent before that is done."),
    listed("socket.timeout.ms", Both, AtLeast(0), "30000", "low", "How long a broker may take to answer a request."),
    listed("socket.send.buffer.bytes", Both, AtLeast(-1), "131072", "low", "The system's send buffer of a connection; -1 leaves it to the system."),
    listed("socket.receive.buffer.bytes", Both, AtLeast(-1), "-1", "low", "The system's receive buffer of a connection; -1 leaves it to the system."),
    listed("socket.connection.setup.timeout.ms", Both, AtLeast(0), "10000", "medium", "How long connecting may take, TLS and SASL included."),
    listed("connections.max.idle.ms", Both, AtLeast(0), "540000", "medium", "A connection that was not used for so long is closed."),
    listed("reconnect.backoff.ms", Both, AtLeast(0), "50", "medium", "The pause before a broker is connected to again."),
    listed("reconnect.backoff.max.ms", Both, AtLeast(0), "1000", "medium", "What that pause grows to while connecting fails."),
    listed("allow.auto.create.topics", Consumer, Flag, "false", "low", "Whether asking for a topic that is not there makes it, where the broker does that."),
    listed("security.protocol", Both, OneOf(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]), "plaintext", "high", "What lies between Kafka's protocol and the socket."),
    listed("ssl.key.location", Both, Text, "", "low", "A PEM file with this client's private key, which is not encrypted."),
    listed("ssl.key.pem", Both, Text, "", "low", "The same as text."),
    listed("ssl.certificate.location", Both, Text, "", "low", "A PEM file with this client's certificate chain."),
    listed("ssl.certificate.pem", Both, Text, "", "low", "The same as text."),
    listed("ssl.ca.location", Both, Text, "", "low", "A PEM file with those who may have signed brokers' certificates; else those that the system trusts."),
    listed("ssl.ca.pem", Both, Text, "", "low", "The same as text."),
    listed("enable.ssl.certificate.verification", Both, Flag, "true", "low", "Whether a broker's certificate must be signed by one of those."),
    listed("ssl.endpoint.identification.algorithm", Both, OneOf(&["none", "https"]), "https", "low", "Whether a broker's certificate must be for the host that was connected to."),
    listed("https.ca.location", Both, Text, "", "low", "A PEM file with those who may have signed the token endpoint's certificate; else those that the system trusts."),
    listed("sasl.mechanisms", Both, OneOf(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]), "", "high", "How the user authenticates."),
    listed("sasl.username", Both, Text, "", "high", "The user, of PLAIN and SCRAM."),
    listed("sasl.password", Both, Text, "", "high", "The password, of PLAIN and SCRAM."),
    listed("sasl.oauthbearer.method", Both, OneOf(&["oidc"]), "oidc", "low", "Where tokens come from: an OpenID provider's token endpoint."),
    listed("sasl.oauthbearer.client.id", Both, Text, "", "low", "This client's id at the token endpoint."),
    listed("sasl.oauthbearer.client.secret", Both, Text, "", "low", "This client's secret at the token endpoint."),
    listed("sasl.oauthbearer.scope", Both, Text, "", "low", "What a token is to be good for, if the endpoint wants to know."),
    listed("sasl.oauthbearer.token.endpoint.url", Both, Text, "", "low", "The token endpoint."),
    listed("group.id", Consumer, Text, "", "high", "The group; -G says the same."),
    listed("group.instance.id", Consumer, Text, "", "medium", "The name of a member that comes back as the same one."),
    listed("partition.assignment.strategy", Consumer, Text, "range,cooperative-sticky", "medium", "Assignors in order of preference: range, roundrobin, sticky, cooperative-sticky."),
    listed("group.protocol", Consumer, OneOf(&["classic", "consumer"]), "classic", "high", "How members of the group agree."),
    listed("group.remote.assignor", Consumer, Text, "", "medium", "The coordinator's assignor, of the protocol consumer; else the coordinator chooses."),
    listed("session.timeout.ms", Consumer, AtLeast(0), "45000", "high", "A member that the coordinator did not hear of for so long is dead."),
    listed("heartbeat.interval.ms", Consumer, AtLeast(0), "3000", "low", "How often the coordinator is told that this member lives."),
    listed("max.poll.interval.ms", Consumer, AtLeast(0), "300000", "high", "A member that takes no messages for so long leaves its group."),
    listed("enable.auto.commit", Consumer, Flag, "true", "high", "Whether a group's offsets are committed."),
    listed("enable.auto.offset.store", Consumer, OneOf(&["true"]), "true", "high", "Offsets of all that was read are committed: none can be held back."),
    listed("auto.commit.interval.ms", Consumer, AtLeast(0), "5000", "medium", "How often they are."),
    listed("fetch.wait.max.ms", Consumer, AtLeast(0), "500", "low", "How long a broker waits for fetch.min.bytes."),
    listed("fetch.message.max.bytes", Consumer, AtLeast(0), "1048576", "medium", "The most that one answer holds of one partition."),
    listed("fetch.max.bytes", Consumer, AtLeast(0), "52428800", "medium", "The most that one answer holds."),
    listed("fetch.min.bytes", Consumer, AtLeast(0), "1", "low", "The least that is worth an answer."),
    listed("isolation.level", Consumer, OneOf(&["read_uncommitted", "read_committed"]), "read_committed", "high", "Whether messages of transactions that are open or aborted are seen."),
    listed("check.crcs", Consumer, Flag, "true", "medium", "Whether checksums are verified."),
    listed("client.rack", Both, Text, "", "low", "Where this client is, so that it can read from a replica nearby."),
    listed("transactional.id", Producer, Text, "", "high", "The name under which transactions outlive this producer. All that -P sends is one transaction."),
    listed("transaction.timeout.ms", Producer, AtLeast(0), "60000", "medium", "How long a transaction may be open before the coordinator aborts it."),
    listed("enable.idempotence", Producer, Flag, "true", "high", "Whether each message is written once and in order, whatever is tried again. By default on, where acks and retries allow it."),
    listed("queue.buffering.max.ms", Producer, AtLeast(0), "5", "high", "How long a batch waits for more messages."),
    listed("message.send.max.retries", Producer, AtLeast(0), "2147483647", "high", "How often a batch is sent again; message.timeout.ms is the better bound."),
    listed("retry.backoff.ms", Both, AtLeast(0), "100", "medium", "The pause before a request is tried again."),
    listed("retry.backoff.max.ms", Both, AtLeast(0), "1000", "medium", "What that pause grows to."),
    listed("compression.codec", Producer, OneOf(&["none", "gzip", "snappy", "lz4", "zstd"]), "none", "medium", "How batches are compressed; -z says the same."),
    listed("batch.num.messages", Producer, AtLeast(1), "2147483647", "medium", "A batch is sent at the latest when it has so many messages."),
    listed("batch.size", Producer, AtLeast(0), "1000000", "medium", "A batch is sent at the latest when it has so many bytes."),
    listed("client.dns.lookup", Both, OneOf(&["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]), "use_all_dns_ips", "low", "Every address of a name is tried, with either."),
    listed("enable.metrics.push", Both, Flag, "true", "low", "Whether a broker that asks for metrics of this client gets them."),
];

#[rustfmt::skip]
const TOPIC: &[Listed] = &[
    listed("request.required.acks", Producer, OneOf(&["-1", "0", "1", "all"]), "-1", "high", "Who must have a message: all replicas that are in sync (-1, all), the leader (1), or nobody (0)."),
    listed("request.timeout.ms", Producer, AtLeast(0), "30000", "medium", "As socket.timeout.ms."),
    listed("message.timeout.ms", Producer, AtLeast(0), "120000", "high", "How long a message may take, tries and pauses included."),
    listed("partitioner", Producer, OneOf(&["random", "consistent", "consistent_random", "murmur2", "murmur2_random", "fnv1a", "fnv1a_random"]), "consistent_random", "high", "How partitions are chosen for messages where -p names none."),
    listed("compression.level", Producer, AtLeast(-1), "-1", "medium", "How much effort goes into compression; -1 is the codec's default. gzip has 1 to 9, zstd up to 22."),
    listed("auto.offset.reset", Consumer, OneOf(&["smallest", "earliest", "beginning", "largest", "latest", "end", "error"]), "latest", "high", "Where consuming begins if there is no committed offset."),
];

/// Each behind the one that it stands for.
const ALIASES: &[(&str, &str)] = &[
    ("bootstrap.servers", "metadata.broker.list"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("sasl.mechanism", "sasl.mechanisms"),
    ("sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.id"),
    ("sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.client.secret"),
    ("max.partition.fetch.bytes", "fetch.message.max.bytes"),
    ("linger.ms", "queue.buffering.max.ms"),
    ("retries", "message.send.max.retries"),
    ("compression.type", "compression.codec"),
    ("acks", "request.required.acks"),
    ("delivery.timeout.ms", "message.timeout.ms"),
];

/// What `-X list` prints.
pub(super) fn list() -> String {
    let mut text = String::new();
    for (title, properties) in [("Global", GLOBAL), ("Topic", TOPIC)] {
        write_table(&mut text, title, properties).expect("a string takes all");
    }
    text += "## Properties without effect\n\nThey are taken: they tune librdkafka's inside, or are about what this client does anyway.\n\n";
    for name in WITHOUT_EFFECT {
        text.push_str(name);
        text.push('\n');
    }
    text + "\n### C/P legend: C = Consumer, P = Producer, * = both\n"
}

fn write_table(out: &mut String, title: &str, properties: &[Listed]) -> std::fmt::Result {
    writeln!(out, "## {title} configuration properties\n")?;
    let heading = ["Property", "C/P", "Range", "Default", "Importance", "Description"];
    let [name, scope, range, default, importance, about] = heading;
    writeln!(out, "{name:<40} | {scope:>3} | {range:<15} | {default:>13} | {importance:<10} | {about:<25}")?;
    let line = |width: usize| "-".repeat(width);
    writeln!(out, "{}|{}|{}|{}:|{}| {}", line(41), line(5), line(17), line(14), line(12), line(26))?;
    for property in properties {
        property.write(out, property.name, "")?;
        for (alias, _) in ALIASES.iter().filter(|(_, name)| *name == property.name) {
            property.write(out, alias, &format!("Alias for `{}`: ", property.name))?;
        }
    }
    out.push_str("\n\n");
    Ok(())
}

impl Listed {
    fn write(&self, out: &mut String, name: &str, prefix: &str) -> std::fmt::Result {
        let scope = match self.scope {
            Consumer => " C ",
            Producer => " P ",
            Both => " * ",
        };
        let (kind, range) = self.values.shown();
        let Listed { default, importance, about, .. } = self;
        writeln!(
            out,
            "{name:<40} | {scope} | {range:<15} | {default:>13} | {importance:<10} | {prefix}{about} <br>*Type: {kind}*"
        )
    }
}

impl Values {
    /// The type in librdkafka's words, and which values there are.
    fn shown(self) -> (&'static str, String) {
        match self {
            Text => ("string", String::new()),
            Flag => ("boolean", "true, false".to_owned()),
            AtLeast(least) => ("integer", format!("{least} ..")),
            OneOf(names) => ("enum value", names.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use ottla_client::config::{ClientConfig, ConsumerConfig, ProducerConfig};

    use super::super::settings::Settings;
    use super::*;
    use crate::remote::{Property, is_without_effect};

    /// All that is configured where these are said besides a broker.
    fn configured(said: &[(&str, &str)]) -> (ClientConfig, ProducerConfig, ConsumerConfig) {
        let mut settings = Settings::default();
        for (name, value) in [("bootstrap.servers", "a:1")].iter().chain(said) {
            settings.set(name, value).unwrap_or_else(|error| panic!("{name}={value}: {error}"));
        }
        let all = settings.properties();
        let has_effect = |property: &&Property| !is_without_effect(&property.name);
        let pairs = || all.iter().filter(has_effect).map(Property::pair);
        let (client, producer) = ProducerConfig::from_properties(pairs()).expect("they go together");
        let (also_client, consumer) = ConsumerConfig::from_properties(pairs()).expect("they go together");
        assert_eq!(client, also_client);
        (client, producer, consumer)
    }

    #[test]
    fn each_default_is_what_counts_where_nothing_is_said() {
        for property in GLOBAL.iter().chain(TOPIC) {
            // Where nothing is said of idempotence it depends on others.
            if property.default.is_empty() || property.name == "enable.idempotence" {
                continue;
            }
            let name = property.name;
            assert_eq!(configured(&[(name, property.default)]), configured(&[]), "{name}");
        }
        assert!(configured(&[]).1.is_idempotent());
    }

    #[test]
    fn all_that_is_listed_is_taken_and_nothing_beyond_it() {
        let is_taken = |name: &str, value: &str| Settings::default().set(name, value).is_ok();
        let aliased = |alias: &str| ALIASES.iter().find(|(name, _)| *name == alias).map(|(_, name)| *name);
        for (alias, _) in ALIASES {
            let named = GLOBAL.iter().chain(TOPIC).any(|property| Some(property.name) == aliased(alias));
            assert!(named, "{alias}");
        }
        for property in GLOBAL.iter().chain(TOPIC) {
            let (taken, refused): (Vec<String>, Vec<String>) = match property.values {
                Text => (vec!["text".into()], vec![]),
                Flag => (vec!["true".into(), "false".into()], vec!["maybe".into()]),
                AtLeast(least) => (vec![least.to_string()], vec![(least - 1).to_string(), "few".into()]),
                OneOf(names) => {
                    (names.iter().map(|name| (*name).to_owned()).collect(), vec!["none of them".into()])
                }
            };
            let aliases = ALIASES.iter().filter(|(_, name)| *name == property.name).map(|(alias, _)| *alias);
            for name in aliases.chain([property.name]) {
                for value in &taken {
                    assert!(is_taken(name, value), "{name}={value}");
                }
                for value in &refused {
                    assert!(!is_taken(name, value), "{name}={value}");
                }
            }
        }
    }

    #[test]
    fn the_list_is_laid_out_as_librdkafkas() {
        let text = list();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..5],
            [
                "## Global configuration properties",
                "",
                "Property                                 | C/P | Range           |       Default | Importance | Description              ",
                "-----------------------------------------|-----|-----------------|--------------:|------------| --------------------------",
                "client.id                                |  *  |                 |       rdkafka | low        | What brokers call this client in logs, metrics and quotas. <br>*Type: string*",
            ]
        );
        for expected in [
            "linger.ms                                |  P  | 0 ..            |             5 | high       | Alias for `queue.buffering.max.ms`: How long a batch waits for more messages. <br>*Type: integer*",
            "## Topic configuration properties",
            "queue.buffering.max.messages",
            "### C/P legend: C = Consumer, P = Producer, * = both",
        ] {
            assert!(lines.contains(&expected), "{expected}");
        }
    }
}
