//! The console producer and consumer.

use super::Comparison;

#[test]
fn lines_become_records_and_lines_again_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a");
    let produce = |it: &mut Comparison, line: &str, input: &str| {
        it.compare_masked("kafka-console-producer", line, input, &[]);
    };
    produce(&mut it, "{at} --topic {who}-a", "one\ntwo\n\nfour");
    produce(&mut it, "{at} --topic {who}-a --property parse.key=true", "k1\tv1\nk2\tv2\n");
    let headers = "{at} --topic {who}-a --reader-property parse.key=true --reader-property parse.headers=true \
                   --reader-property null.marker=NULL --sync --compression-codec";
    produce(&mut it, headers, "h1:v1,h2:NULL\tk\tv\nNULL\tNULL\tNULL\n");
    produce(&mut it, "{at} --topic {who}-a --reader-property parse.key=true", "nokey\n");
    produce(&mut it, "{at} --topic {who}-a --compression-codec zstd --producer-property linger.ms=5", "z\n");
    produce(&mut it, "{at} --topic {who}-a --timeout 5 --request-required-acks 1", "a\n");
    produce(&mut it, "{at}", "");
    produce(&mut it, "--topic {who}-a", "");
    produce(&mut it, "--bootstrap-server nohost --topic {who}-a", "");
    produce(&mut it, "{at} --topic {who}-a --nonsense", "");
    produce(&mut it, "{at} --topic {who}-a --property a=b --reader-property a=b", "");
    let all = "{at} --topic {who}-a --from-beginning --max-messages 9";
    let times = ["CreateTime:[0-9]{13}"];
    for more in [
        "",
        "--property print.key=true",
        "--formatter-property print.key=true --formatter-property print.headers=true \
         --formatter-property print.partition=true --formatter-property print.offset=true \
         --formatter-property print.timestamp=true --formatter-property print.epoch=true \
         --formatter-property print.delivery=true",
        "--formatter-property print.value=false --formatter-property print.offset=true",
        "--formatter-property print.key=true --formatter-property key.separator=: \
         --formatter-property null.literal=none --formatter-property headers.separator=;",
        "--value-deserializer org.apache.kafka.common.serialization.BytesDeserializer",
        "--formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter",
        "--consumer-property client.id=x",
        "--enable-systest-events",
    ] {
        it.compare_masked("kafka-console-consumer", &format!("{all} {more}"), "", &times);
    }
    for line in [
        "{at} --topic {who}-a --partition 0 --offset 3 --max-messages 2",
        "{at} --topic {who}-a --partition 0 --offset earliest --max-messages 1",
        "{at} --topic {who}-a --partition 0 --from-beginning --max-messages 2",
        "{at} --topic {who}-a --partition 0 --timeout-ms 1000",
        "{at} --topic {who}-a --group {who}-g --from-beginning --max-messages 3",
        "{at} --topic {who}-a --group {who}-g --max-messages 3",
        "{at} --include {who}-.* --from-beginning --max-messages 2",
        "{at} --topic {who}-a --include x",
        "{at}",
        "{at} --topic {who}-a --offset 3",
        "{at} --topic {who}-a --partition 0 --offset -3",
        "{at} --topic {who}-a --partition 0 --group g",
        "{at} --topic {who}-a --group g --consumer-property group.id=h",
        "{at} --topic {who}-a --from-beginning --command-property auto.offset.reset=latest",
        "{at} --topic {who}-a --nonsense",
        "{at} --topic {who}-a --formatter com.example.None",
    ] {
        it.compare("kafka-console-consumer", line);
    }
    it.done();
}
