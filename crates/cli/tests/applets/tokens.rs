//! Delegation tokens, which those have who authenticate.

use super::Comparison;

const OPTIONS: [&str; 6] = [
    "listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms=PLAIN",
    "sasl.mechanism.inter.broker.protocol=PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
     required username=\"broker\" password=\"secret\" user_broker=\"secret\" user_gamma=\"secret\" user_delta=\"secret\";",
    "delegation.token.secret.key=of-this-test",
    "super.users=User:broker;User:ANONYMOUS",
];

const CONFIG: &str = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n\
    sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{who}\" password=\"secret\";\n";

/// HMACs, ids, and times.
const MASKS: [&str; 3] = ["[A-Za-z0-9+/]{86}==", "[A-Za-z0-9_-]{22}", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{5}"];

#[test]
fn tokens_are_made_shown_and_ended_alike() {
    let mut it = Comparison::with(&OPTIONS);
    let config = it.files("client.properties", CONFIG);
    let name = "kafka-delegation-tokens";
    for line in [
        "--describe",
        "--create --max-life-time-period -1",
        "--describe --owner-principal User:nobody",
        "--create --max-life-time-period 100000 --renewer-principal User:a --renewer-principal User:b",
        "--create --max-life-time-period 100000 --owner-principal User:a",
        "--create --max-life-time-period 100000 --renewer-principal nobody",
        "--renew --renew-time-period -1 --hmac AAAA",
        "--expire --expiry-time-period -1 --hmac AAAA",
        "--renew --renew-time-period -1",
        "--expire --expiry-time-period x --hmac AAAA",
        "--create",
        "--create --max-life-time-period 1 --hmac AAAA",
        "--create --describe",
        "--describe --hmac AAAA",
        "--renew --hmac AAAA --renew-time-period 1 --owner-principal User:a",
        "--expire --hmac AAAA --expiry-time-period 1 --max-life-time-period 1",
    ] {
        it.compare_masked(name, &format!("{{at}} --command-config {config} {line}"), "", &MASKS);
    }
    it.compare(name, "{at} --describe");
    it.compare(name, "");
    it.done();
}
