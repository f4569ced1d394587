//! What is configured: described with its sources, in effect at once, and there after a restart.

use ottla_wire::{
    ErrorCode,
    messages::{
        DescribeConfigsRequest, IncrementalAlterConfigsRequest,
        describe_configs_request::DescribeConfigsResource,
        describe_configs_response::DescribeConfigsResourceResult,
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
    },
};

use crate::{
    node::{Client, Node},
    records::{produce, value_of},
};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const BROKER_LOGGER: i8 = 8;
const SET: i8 = 0;
const DELETE: i8 = 1;

/// Where values come from, by Kafka's numbers.
const TOPICS_OWN: i8 = 1;
const THIS_BROKERS: i8 = 2;
const ALL_BROKERS: i8 = 3;
const FILE: i8 = 4;
const DEFAULT: i8 = 5;

async fn alter(client: &mut Client, kind: i8, name: &str, key: &str, operation: i8, value: &str) -> i16 {
    let config = AlterableConfig { name: key.into(), config_operation: operation, value: Some(value.into()) };
    let resource =
        AlterConfigsResource { resource_type: kind, resource_name: name.into(), configs: vec![config] };
    let request = IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
    client.call(1, &request).await.responses[0].error_code
}

async fn describe(client: &mut Client, kind: i8, name: &str, key: &str) -> DescribeConfigsResourceResult {
    let resource = DescribeConfigsResource {
        resource_type: kind,
        resource_name: name.into(),
        configuration_keys: Some(vec![key.into()]),
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: true,
        include_documentation: true,
    };
    let mut result = client.call(4, &request).await.results.remove(0);
    assert_eq!(result.error_code, 0, "{:?}", result.error_message);
    result.configs.remove(0)
}

async fn value_and_source(client: &mut Client, kind: i8, name: &str, key: &str) -> (String, i8) {
    let described = describe(client, kind, name, key).await;
    (described.value.expect("a value").to_string(), described.config_source)
}

#[tokio::test]
async fn a_value_comes_from_the_nearest_that_sets_it_also_after_a_restart() {
    let node = Node::start_with(&["message.max.bytes=5000"]).await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    let mut expected = vec![("5000".to_owned(), FILE)];
    for (kind, name, key, value, source) in [
        (BROKER, "", "message.max.bytes", "4000", ALL_BROKERS),
        (BROKER, "1", "message.max.bytes", "3000", THIS_BROKERS),
        (TOPIC, "t", "max.message.bytes", "2000", TOPICS_OWN),
    ] {
        assert_eq!(alter(&mut client, kind, name, key, SET, value).await, 0);
        expected.push((value.to_owned(), source));
        assert_eq!(
            value_and_source(&mut client, TOPIC, "t", "max.message.bytes").await,
            expected[expected.len() - 1]
        );
    }
    let described = describe(&mut client, TOPIC, "t", "max.message.bytes").await;
    let synonyms: Vec<i8> = described.synonyms.iter().map(|synonym| synonym.source).collect();
    assert_eq!(synonyms, [TOPICS_OWN, THIS_BROKERS, ALL_BROKERS, FILE, DEFAULT]);
    assert!(described.documentation.is_some_and(|text| !text.is_empty()));

    let node = node.restart().await;
    let mut client = node.client().await;
    for (kind, name, key) in [
        (TOPIC, "t", "max.message.bytes"),
        (BROKER, "1", "message.max.bytes"),
        (BROKER, "", "message.max.bytes"),
    ] {
        let expected = expected.pop().expect("one for each");
        assert_eq!(value_and_source(&mut client, TOPIC, "t", "max.message.bytes").await, expected);
        assert_eq!(alter(&mut client, kind, name, key, DELETE, "").await, 0);
    }
    node.stop().await;
}

#[tokio::test]
async fn what_is_altered_is_in_effect_at_once() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    let large = value_of(3000);
    for (kind, name, key) in [
        (TOPIC, "t", "max.message.bytes"),
        (BROKER, "1", "message.max.bytes"),
        (BROKER, "", "message.max.bytes"),
    ] {
        assert_eq!(produce(&mut client, "t", 0, &large).await, 0, "before {key} of {name:?}");
        assert_eq!(alter(&mut client, kind, name, key, SET, "1000").await, 0);
        let refused = produce(&mut client, "t", 0, &large).await;
        assert_eq!(refused, ErrorCode::MessageTooLarge.code(), "after {key} of {name:?}");
        assert_eq!(alter(&mut client, kind, name, key, DELETE, "").await, 0);
    }
    node.stop().await;
}

#[tokio::test]
async fn log_levels_are_told_and_do_not_change() {
    let node = Node::start().await;
    let mut client = node.client().await;
    let level = describe(&mut client, BROKER_LOGGER, "1", "root").await;
    assert!(level.read_only && level.value.is_some());
    let refused = alter(&mut client, BROKER_LOGGER, "1", "root", SET, "DEBUG").await;
    assert_eq!(refused, ErrorCode::InvalidRequest.code());
    node.stop().await;
}
