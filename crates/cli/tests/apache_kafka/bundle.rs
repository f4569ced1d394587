//! `ottla debug bundle` of Apache Kafka, with secrets wherever something is read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::kafka::{ALICES_PASSWORD, Kafka};
use crate::support::{json_lines, run, unpacked};

/// What all that is secret here begins with.
const SECRET: &str = "hush-";

/// Topics, groups, users and rights, and what has secrets among them.
const PREPARATIONS: [&str; 9] = [
    "ottla topic create orders -p 2 --config retention.ms=86400000",
    "echo hush-record | ottla produce orders -k hush-key -H trace=hush-header",
    "ottla group seek billing --to start --topic orders --execute",
    "echo hush-carol | ottla user create carol --password-file -",
    "ottla acl create --allow User:carol --role consumer --topic orders --group billing",
    "ottla quota set --user carol consumer_byte_rate=1MB",
    "ottla config set --broker 1 sasl.jaas.config=hush-option || true",
    "env -u OTTLA_BROKERS ottla token create --command-config alice.properties -o json > token.json",
    "ottla ctx add prod -b 127.0.0.1:SASL -X security.protocol=SASL_PLAINTEXT -X sasl.mechanism=PLAIN \
     -X sasl.username=alice -X sasl.password=hush-alice",
];

/// What logs may tell.
const LOGGED: &str = "
[2026-01-01 00:00:00,000] INFO KafkaConfig values:
\tsasl.jaas.config = org.apache.kafka.common.security.scram.ScramLoginModule required username=\"a\" password=\"hush-1\";
\tssl.keystore.password = hush-2
\tdelegation.token.max.lifetime.ms = 604800000
GET https://me:hush-3@registry.example/subjects?access_token=hush-4
{\"level\":\"INFO\",\"config\":\"{\\\"password\\\":\\\"hush-5 of two words\\\"}\",\"Authorization\":\"Bearer hush-6\"}
-----BEGIN PRIVATE KEY-----
hush-7
-----END PRIVATE KEY-----
kafka-configs.sh --alter --add-config 'SCRAM-SHA-256=[iterations=8192,password=hush-8]' --client-secret hush-9
the last line
";

/// Lines of a broker's options, beside those that it was started with.
const OPTIONS: &str = "
ssl.keystore.key=-----BEGIN PRIVATE KEY----- hush-1 -----END PRIVATE KEY-----
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  username=\"broker\" \\
  password=\"hush-2 and more\";
ssl.truststore.password hush-3
my.proxy=http://me:hush-4@proxy.example:3128
compression.type=zstd
";

/// All that there is of a broker that is no Ottla.
const FILES: &str = "
client.ndjson cluster/api-versions-1.ndjson cluster/features.ndjson cluster/health.ndjson cluster/info.ndjson
cluster/log-dirs.ndjson cluster/quorum.ndjson cluster/reassignments.ndjson configs/broker-1.ndjson configs/brokers.ndjson
configs/entities.ndjson configs/loggers-1.ndjson data-dir/disk.json data-dir/files.ndjson data-dir/small-files.txt
errors.ndjson groups/list.ndjson log-tail.txt manifest.json security/acls.ndjson security/quotas.ndjson
security/users.ndjson server-config.txt samples/1/groups.ndjson samples/1/topics.ndjson samples/2/groups.ndjson
samples/2/topics.ndjson topics/list.ndjson transactions/list.ndjson version.json";

fn ok(kafka: &Kafka, line: &str) -> String {
    let ended = run(&mut kafka.shell(line));
    assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    ended.stdout
}

fn prepare(kafka: &Kafka) {
    assert!(ALICES_PASSWORD.starts_with(SECRET));
    let [_, _, (sasl, _), _] = kafka.ports();
    for line in PREPARATIONS {
        ok(kafka, &line.replace("SASL ", &format!("{sasl} ")));
    }
    let (folder, node) = (kafka.folder(), kafka.node_folder());
    let append = |from: &str, more: &str, to: &str| {
        let text = fs::read_to_string(node.join(from)).unwrap();
        fs::write(Path::new(&folder).join(to), text + more).unwrap();
    };
    append("server.log", LOGGED, "broker.log");
    append("server.properties", OPTIONS, "broker.properties");
}

#[test]
fn a_bundle_has_all_that_helps_and_no_secret() {
    let kafka = Kafka::start();
    prepare(&kafka);
    let data = kafka.node_folder().join("data");
    let line = format!(
        "OTTLA_COMMAND_CONFIG=alice.properties ottla debug bundle --ctx prod --file b.tar.gz --interval 10ms -o json \
         -X sasl.oauthbearer.client.secret=hush-oauth -X ssl.key.pem=hush-pem \
         --config broker.properties --log-file broker.log --data-dir {}",
        data.display()
    );
    let told: Value = serde_json::from_str(&ok(&kafka, &line)).unwrap();
    let files = unpacked(&Path::new(&kafka.folder()).join("b.tar.gz"));
    check_names(&files);
    check_secrets(&files, &ok(&kafka, "cat token.json"));
    assert_eq!((&told["incompleteCount"], &*files["errors.ndjson"]), (&0.into(), ""));
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".ndjson")) {
        json_lines(text);
        assert!(!text.is_empty() || MAY_BE_EMPTY.contains(&name.as_str()), "{name}");
    }
    for (name, expected) in [
        ("samples/1/topics.ndjson", "\"retention.ms\""),
        ("samples/2/groups.ndjson", "\"totalLag\":1"),
        ("security/users.ndjson", "\"carol\""),
        ("security/acls.ndjson", "User:carol"),
        ("security/quotas.ndjson", "carol"),
        (
            "client.ndjson",
            "{\"name\":\"sasl.password\",\"value\":\"[redacted]\",\"origin\":\"context prod\"}",
        ),
        ("log-tail.txt", "delegation.token.max.lifetime.ms = 604800000"),
        ("log-tail.txt", "\nthe last line\n"),
        ("server-config.txt", "\nmy.proxy=http://[redacted]@proxy.example:3128\ncompression.type=zstd\n"),
        ("data-dir/small-files.txt", "== orders-0/partition.metadata =="),
        ("data-dir/files.ndjson", "\"orders-0/00000000000000000000.log\""),
    ] {
        assert!(files[name].contains(expected), "{name}: {}", files[name]);
    }
}

const MAY_BE_EMPTY: [&str; 3] = ["errors.ndjson", "cluster/reassignments.ndjson", "transactions/list.ndjson"];

fn check_names(files: &BTreeMap<String, String>) {
    let mut expected: Vec<&str> = FILES.split_whitespace().collect();
    expected.sort_unstable();
    // What the machine tells depends on it.
    let found: Vec<&str> =
        files.keys().map(String::as_str).filter(|name| !name.starts_with("machine/")).collect();
    assert_eq!(found, expected);
    assert!(files.contains_key("machine/memory.txt"), "{:?}", files.keys());
}

fn check_secrets(files: &BTreeMap<String, String>, token: &str) {
    let token: Value = serde_json::from_str(token).unwrap();
    let hmac = token.pointer("/hmac").or_else(|| token.pointer("/0/hmac")).and_then(Value::as_str).unwrap();
    for (name, text) in files {
        for secret in [SECRET, hmac] {
            let leak = text.find(secret).map(|at| &text[at.saturating_sub(80)..text.len().min(at + 80)]);
            assert_eq!(leak, None, "{secret} in {name}");
        }
    }
}
