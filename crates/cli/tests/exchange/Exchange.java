import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes the records on its input to partition 0 of a topic, or prints those that are there: a line each, as record.rs has it. */
public class Exchange {
    public static void main(String[] args) throws Exception {
        String address = args[1], topic = args[2], argument = args[3];
        if (args[0].equals("write")) write(address, topic, argument);
        else read(address, topic, Integer.parseInt(argument));
    }

    static void write(String address, String topic, String codec) throws Exception {
        Map<String, Object> options = Map.of("bootstrap.servers", address, "compression.type", codec, "linger.ms", 50);
        var bytes = new ByteArraySerializer();
        try (var producer = new KafkaProducer<>(options, bytes, bytes)) {
            List<Future<?>> sent = new ArrayList<>();
            var input = new BufferedReader(new InputStreamReader(System.in));
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                String[] parts = line.split("\t", -1);
                var record = new ProducerRecord<>(topic, 0, Long.parseLong(parts[0]), bytes(parts[1]), bytes(parts[2]));
                for (String header : parts[3].split(",")) {
                    if (header.isEmpty()) continue;
                    String[] named = header.split("=", -1);
                    record.headers().add(new String(bytes(named[0]), "UTF-8"), bytes(named[1]));
                }
                sent.add(producer.send(record));
            }
            for (var written : sent) written.get();
        }
    }

    static void read(String address, String topic, int count) throws Exception {
        var bytes = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(Map.<String, Object>of("bootstrap.servers", address), bytes, bytes)) {
            var partition = List.of(new TopicPartition(topic, 0));
            consumer.assign(partition);
            consumer.seekToBeginning(partition);
            for (int read = 0; read < count; ) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    print(record);
                    read++;
                }
            }
        }
    }

    static void print(ConsumerRecord<byte[], byte[]> record) throws Exception {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers()) headers.add(text(header.key().getBytes("UTF-8")) + "=" + text(header.value()));
        System.out.println(String.join("\t", Long.toString(record.timestamp()), text(record.key()), text(record.value()), String.join(",", headers)));
    }

    static byte[] bytes(String text) {
        return text.equals("-") ? null : HexFormat.of().parseHex(text);
    }

    static String text(byte[] bytes) {
        return bytes == null ? "-" : HexFormat.of().formatHex(bytes);
    }
}
