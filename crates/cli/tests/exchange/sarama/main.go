// Writes the records on its input to partition 0 of a topic, or prints those that are there: a line each, as record.rs has it.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

var codecs = map[string]sarama.CompressionCodec{
	"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
	"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

func main() {
	address, topic, argument := os.Args[2], os.Args[3], os.Args[4]
	config := sarama.NewConfig()
	config.Version = sarama.V2_8_0_0
	if os.Args[1] == "write" {
		check(write(config, address, topic, argument))
		return
	}
	count, err := strconv.Atoi(argument)
	check(err)
	check(read(config, address, topic, count))
}

func write(config *sarama.Config, address, topic, codec string) error {
	config.Producer.Compression = codecs[codec]
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	producer, err := sarama.NewSyncProducer([]string{address}, config)
	if err != nil {
		return err
	}
	defer producer.Close()
	var messages []*sarama.ProducerMessage
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		messages = append(messages, message(topic, strings.Split(input.Text(), "\t")))
	}
	if err := input.Err(); err != nil {
		return err
	}
	return producer.SendMessages(messages)
}

func message(topic string, parts []string) *sarama.ProducerMessage {
	milliseconds, err := strconv.ParseInt(parts[0], 10, 64)
	check(err)
	message := &sarama.ProducerMessage{Topic: topic, Timestamp: time.UnixMilli(milliseconds)}
	if key := bytes(parts[1]); key != nil {
		message.Key = sarama.ByteEncoder(key)
	}
	if value := bytes(parts[2]); value != nil {
		message.Value = sarama.ByteEncoder(value)
	}
	for _, header := range strings.Split(parts[3], ",") {
		if name, value, found := strings.Cut(header, "="); found {
			message.Headers = append(message.Headers, sarama.RecordHeader{Key: bytes(name), Value: bytes(value)})
		}
	}
	return message
}

func read(config *sarama.Config, address, topic string, count int) error {
	consumer, err := sarama.NewConsumer([]string{address}, config)
	if err != nil {
		return err
	}
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	defer partition.Close()
	for ; count > 0; count-- {
		message := <-partition.Messages()
		var headers []string
		for _, header := range message.Headers {
			headers = append(headers, text(header.Key)+"="+text(header.Value))
		}
		fmt.Printf("%d\t%s\t%s\t%s\n", message.Timestamp.UnixMilli(), text(message.Key), text(message.Value), strings.Join(headers, ","))
	}
	return nil
}

// Nil for null.
func bytes(text string) []byte {
	if text == "-" {
		return nil
	}
	bytes, err := hex.DecodeString(text)
	check(err)
	return bytes
}

func text(bytes []byte) string {
	if bytes == nil {
		return "-"
	}
	return hex.EncodeToString(bytes)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
