//! Health, and where and how metrics are told.

use std::net::TcpListener;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{
    exposition::Exposition,
    http::{address, get},
    node::Node,
};

const ANY_PORT: &str = "ottla.metrics.listener=127.0.0.1:0";

#[tokio::test]
async fn a_broker_that_serves_says_so_and_one_that_has_stopped_does_not_listen() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let address = address(&node);
    for (path, status, text) in
        [("/healthz", 200, "ok"), ("/readyz", 200, "ready"), ("/", 200, "/metrics"), ("/metric", 404, "")]
    {
        let answer = get(address, path, "").await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.text().contains(text), "{path}: {}", answer.text());
    }
    node.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_collectors_that_keep_their_connections() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let _idle = TcpStream::connect(address(&node)).await.expect("it listens");
    node.stop().await;
}

#[tokio::test]
async fn nothing_is_served_where_no_address_is_given() {
    let node = Node::start_with(&["ottla.metrics.listener="]).await;
    assert_eq!(node.metrics_address(), None);
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_names_the_option_and_leaves_no_trace() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listener = format!("ottla.metrics.listener={}", taken.local_addr().expect("an address"));
    let temporary = TempDir::new().expect("a temporary directory");
    let dir = temporary.path().join("data");
    let log_dirs = format!("log.dirs={}", dir.display());
    let assignments = ["listeners=PLAINTEXT://127.0.0.1:0", &listener, &log_dirs];
    let assignments = assignments.map(|text| ottla_config::parse_set(text).expect("an assignment"));
    let (config, _) = ottla_config::StartConfig::new(assignments).expect("a valid configuration");
    let error = ottla_broker::start(config).await.err().expect("the port is taken").to_string();
    assert!(error.contains("ottla.metrics.listener") && error.contains("127.0.0.1:"), "{error}");
    assert!(!dir.exists());
}

#[tokio::test]
async fn metrics_are_text_and_packed_for_those_who_unpack() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let plain = get(address(&node), "/metrics", "").await;
    assert!(plain.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{}", plain.head);
    let packed = get(address(&node), "/metrics", "Accept-Encoding: gzip\r\n").await;
    assert!(packed.head.contains("content-encoding: gzip"), "{}", packed.head);
    let [plain, packed] = [plain, packed].map(|answer| Exposition::parse(&answer.text()));
    assert!(plain.families.keys().eq(packed.families.keys()));
}

#[tokio::test]
async fn single_families_are_told_by_the_names_of_their_samples() {
    let node = Node::start_with(&[ANY_PORT]).await;
    let check = async |query: &str, expected: &[&str]| {
        let answer = get(address(&node), &format!("/metrics?{query}"), "").await;
        let text = answer.text();
        let families: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        assert_eq!(families, expected, "{query}");
    };
    check("name[]=kafka_brokers&name%5B%5D=process_open_fds", &["kafka_brokers", "process_open_fds"]).await;
    check("name[]=ottla_journal_flush_seconds_count", &["ottla_journal_flush_seconds"]).await;
    check("name[]=kafka_broker", &[]).await;
}
