//! That what is told is what happened.

use crate::{
    act::{commit, fetch, produce},
    http::{address, get, scrape},
    node::Node,
};

const ANY_PORT: &str = "ottla.metrics.listener=127.0.0.1:0";
const OUT_OF_RANGE: i16 = 1;
const UNKNOWN_TOPIC: i16 = 3;
const TOO_LARGE: i16 = 10;

#[tokio::test]
async fn what_goes_in_and_out_is_counted_by_topic_and_in_total() {
    let node = Node::start_with(&[ANY_PORT, "message.max.bytes=1000"]).await;
    let mut client = node.client().await;
    client.create_topic("a", 2).await;
    client.create_topic("b", 1).await;
    let (first, _) = produce(&mut client, ("a", 0), 3, 0, 10).await;
    let (second, _) = produce(&mut client, ("a", 1), 1, 0, 10).await;
    let (third, _) = produce(&mut client, ("b", 0), 1, 0, 10).await;
    let (large, error) = produce(&mut client, ("b", 0), 1, 0, 2000).await;
    assert_eq!(error, TOO_LARGE);
    assert_eq!(produce(&mut client, ("b", 7), 1, 0, 10).await.1, UNKNOWN_TOPIC);
    assert_eq!(fetch(&mut client, ("a", 0), 0).await, (first, 0));
    assert_eq!(fetch(&mut client, ("a", 0), 0).await, (first, 0));
    assert_eq!(fetch(&mut client, ("b", 0), 9).await, (0, OUT_OF_RANGE));

    let told = scrape(&node).await;
    let check = |name: &str, [a, b]: [usize; 2]| {
        let name = format!("kafka_server_brokertopicmetrics_{name}_total");
        told.check(&name, &[("topic", "a")], a as f64);
        told.check(&name, &[("topic", "b")], b as f64);
        told.check(&name, &[], (a + b) as f64);
    };
    check("bytesin", [first + second, third]);
    check("messagesin", [4, 1]);
    check("bytesrejected", [0, large]);
    check("bytesout", [2 * first, 0]);
    check("totalproducerequests", [2, 2]);
    check("failedproducerequests", [0, 0]);
    check("totalfetchrequests", [2, 1]);
    check("failedfetchrequests", [0, 0]);

    client.delete_topic("a").await;
    let told = scrape(&node).await;
    assert_eq!(told.value("kafka_server_brokertopicmetrics_bytesin_total", &[("topic", "a")]), None);
    let total = (first + second + third) as f64;
    told.check("kafka_server_brokertopicmetrics_bytesin_total", &[], total);
}

#[tokio::test]
async fn requests_are_counted_with_their_versions_times_and_errors() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    for _ in 0..3 {
        produce(&mut client, ("t", 0), 1, 0, 10).await;
    }
    produce(&mut client, ("t", 1), 1, 0, 10).await;
    fetch(&mut client, ("t", 0), 99).await;
    let told = scrape(&node).await;
    let produced = ("request", "Produce");
    told.check("kafka_network_requestmetrics_requests_total", &[produced, ("version", "11")], 4.0);
    told.check("kafka_network_requestmetrics_totaltimems_count", &[produced], 4.0);
    told.check("ottla_request_latency_seconds_count", &[produced], 4.0);
    let error = |request, error| [("request", request), ("error", error)];
    let errors = "kafka_network_requestmetrics_errors_total";
    told.check(errors, &error("Produce", "UNKNOWN_TOPIC_OR_PARTITION"), 1.0);
    told.check(errors, &error("Fetch", "OFFSET_OUT_OF_RANGE"), 1.0);
    assert_eq!(told.value(errors, &error("CreateTopics", "NONE")), None);
    let median = told.value("kafka_network_requestmetrics_totaltimems", &[produced, ("quantile", "0.50")]);
    let most = told.value("kafka_network_requestmetrics_totaltimems", &[produced, ("quantile", "0.999")]);
    let sum = told.value("kafka_network_requestmetrics_totaltimems_sum", &[produced]);
    let (median, most, sum) = (median.expect("told"), most.expect("told"), sum.expect("told"));
    assert!(0.0 < median && median <= most && most <= sum * 1.2, "{median} {most} {sum}");

    told.check("kafka_server_socket_server_metrics_connection_count", &[("listener", "PLAINTEXT")], 1.0);
    told.check("ottla_journal_flush_batches_sum", &[], 3.0);
    let flushes = told.value("ottla_journal_flush_seconds_count", &[]).expect("told");
    assert!((1.0..=3.0).contains(&flushes), "{flushes}");
    assert!(told.value("ottla_journal_written_bytes_total", &[]).expect("told") >= 3.0 * 70.0);
}

#[tokio::test]
async fn partitions_are_told_as_they_are() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let mut client = node.client().await;
    client.create_topic("t", 2).await;
    let (size, _) = produce(&mut client, ("t", 1), 5, 0, 10).await;
    let told = scrape(&node).await;
    let place = [("topic", "t"), ("partition", "1")];
    for (name, expected) in [
        ("kafka_topic_partition_current_offset", 5.0),
        ("kafka_topic_partition_oldest_offset", 0.0),
        ("kafka_topic_partition_leader", 1.0),
        ("kafka_topic_partition_leader_is_preferred", 1.0),
        ("kafka_topic_partition_replicas", 1.0),
        ("kafka_topic_partition_in_sync_replica", 1.0),
        ("kafka_topic_partition_under_replicated_partition", 0.0),
        ("kafka_cluster_partition_atminisr", 1.0),
        ("kafka_cluster_partition_underminisr", 0.0),
        ("kafka_log_log_size", size as f64),
        ("kafka_log_log_logendoffset", 5.0),
        ("kafka_log_log_numlogsegments", 1.0),
    ] {
        told.check(name, &place, expected);
    }
    for (name, expected) in [
        ("kafka_brokers", 1.0),
        ("kafka_server_replicamanager_partitioncount", 2.0),
        ("kafka_server_replicamanager_leadercount", 2.0),
        ("kafka_server_replicamanager_atminisrpartitioncount", 2.0),
        ("kafka_server_replicamanager_underreplicatedpartitions", 0.0),
        ("kafka_controller_kafkacontroller_globaltopiccount", 1.0),
        ("kafka_controller_kafkacontroller_globalpartitioncount", 2.0),
        ("kafka_controller_kafkacontroller_offlinepartitionscount", 0.0),
        ("kafka_controller_kafkacontroller_activecontrollercount", 1.0),
    ] {
        told.check(name, &[], expected);
    }
    told.check("kafka_topic_partitions", &[("topic", "t")], 2.0);
    let broker = node.address().to_string();
    told.check("kafka_broker_info", &[("id", "1"), ("address", &broker)], 1.0);
}

#[tokio::test]
async fn the_lag_of_a_group_is_told_in_records_and_in_time() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let mut client = node.group_client().await;
    client.create_topic("t", 3).await;
    client.create_topic("other", 1).await;
    // In 1970: the age of what comes later must not be told, nor that of what was consumed.
    produce(&mut client, ("t", 0), 4, 0, 10).await;
    produce(&mut client, ("t", 0), 6, 1_000_000_000_000, 10).await;
    produce(&mut client, ("t", 1), 2, 0, 10).await;
    commit(&mut client, "g", ("t", 0), 4).await;
    commit(&mut client, "g", ("t", 1), 2).await;

    let told = scrape(&node).await;
    let check = |partition: &str, offset: f64, lag: f64| {
        let place = [("consumergroup", "g"), ("topic", "t"), ("partition", partition)];
        told.check("kafka_consumergroup_current_offset", &place, offset);
        told.check("kafka_consumergroup_lag", &place, lag);
        told.value("kafka_consumergroup_lag_seconds", &place)
    };
    let age = check("0", 4.0, 6.0).expect("there is something to consume");
    assert!((7e8..1.7e9).contains(&age), "{age}");
    assert_eq!(check("1", 2.0, 0.0), Some(0.0));
    assert_eq!(check("2", -1.0, -1.0), None);
    let topic = [("consumergroup", "g"), ("topic", "t")];
    told.check("kafka_consumergroup_current_offset_sum", &topic, 6.0);
    told.check("kafka_consumergroup_lag_sum", &topic, 6.0);
    let other = [("consumergroup", "g"), ("topic", "other")];
    assert_eq!(told.value("kafka_consumergroup_lag_sum", &other), None);
    told.check("kafka_consumergroup_members", &[("consumergroup", "g")], 0.0);
    told.check("kafka_coordinator_group_groupmetadatamanager_numgroups", &[], 1.0);
    told.check("kafka_coordinator_group_groupmetadatamanager_numgroupsempty", &[], 1.0);
    told.check("ottla_group_offset_commits_total", &[], 2.0);
}

#[tokio::test]
async fn without_series_of_partitions_the_sums_remain() {
    let node = Node::start_with(&[ANY_PORT, "ottla.metrics.partitions=false"]).await;
    let mut client = node.group_client().await;
    client.create_topic("t", 2).await;
    produce(&mut client, ("t", 0), 4, 0, 10).await;
    commit(&mut client, "g", ("t", 0), 1).await;
    let told = scrape(&node).await;
    let of_partitions =
        told.families.values().flat_map(|family| &family.samples).find(|s| s.1.contains_key("partition"));
    assert_eq!(of_partitions, None);
    told.check("kafka_topic_partitions", &[("topic", "t")], 2.0);
    told.check("kafka_consumergroup_lag_sum", &[("consumergroup", "g"), ("topic", "t")], 3.0);
    told.check("kafka_server_brokertopicmetrics_messagesin_total", &[("topic", "t")], 4.0);
}

#[tokio::test]
async fn names_of_groups_may_hold_anything() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let mut client = node.group_client().await;
    client.create_topic("t", 1).await;
    let group = "a \"quoted\\group\",x=\"\n{}é";
    commit(&mut client, group, ("t", 0), 1).await;
    let told = scrape(&node).await;
    told.check("kafka_consumergroup_members", &[("consumergroup", group)], 0.0);
}

#[tokio::test]
async fn two_thousand_partitions_are_told_in_a_moment() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let mut client = node.client().await;
    client.create_topic("t", 2000).await;
    #[allow(clippy::disallowed_methods, reason = "it is about time")]
    let started = std::time::Instant::now();
    let answer = get(address(&node), "/metrics", "Accept-Encoding: gzip\r\n").await;
    let elapsed = started.elapsed();
    let text = answer.text();
    let series = text.lines().filter(|line| line.contains("partition=\"")).count();
    assert_eq!(series, 14 * 2000);
    assert!(elapsed.as_millis() < 500, "{elapsed:?}");
}
