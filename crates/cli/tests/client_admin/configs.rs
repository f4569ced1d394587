//! Options.

use std::collections::BTreeMap;

use ottla_client::ErrorCode;
use ottla_client::admin::{
    AlterConfig, ConfigEntry, ConfigOperation, ConfigResource, ConfigSource, DescribeConfigs,
};

use super::{Visit, eventually, only, served};

async fn entry(visit: &Visit, resource: &ConfigResource, name: &str) -> ConfigEntry {
    let what = DescribeConfigs { synonyms: true, names: Some(vec![name.to_owned()]), ..Default::default() };
    let described = visit.admin.describe_configs(std::slice::from_ref(resource), &what).await.unwrap();
    let mut entries = only(described).unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topics_option_is_set_appended_to_and_given_its_default_again() {
    let visit = Visit::new().await;
    let topic = ConfigResource::topic(&visit.topic(1).await);
    let alter = async |change: AlterConfig, validate_only| {
        let changes = BTreeMap::from([(topic.clone(), vec![change])]);
        only(visit.admin.alter_configs(&changes, validate_only).await.unwrap())
    };

    let policy = entry(&visit, &topic, "cleanup.policy").await;
    assert_eq!((policy.value.as_deref(), policy.source), (Some("delete"), ConfigSource::Default));

    alter(AlterConfig::set("cleanup.policy", "compact"), true).await.unwrap();
    assert_eq!(entry(&visit, &topic, "cleanup.policy").await.value.as_deref(), Some("delete"));

    alter(AlterConfig::set("cleanup.policy", "compact"), false).await.unwrap();
    let append = ConfigOperation::Append("delete".to_owned());
    alter(AlterConfig { name: "cleanup.policy".to_owned(), operation: append }, false).await.unwrap();
    let value = async || entry(&visit, &topic, "cleanup.policy").await.value.expect("it has one");
    eventually("both are set", async || value().await == "compact,delete");
    let policy = entry(&visit, &topic, "cleanup.policy").await;
    assert_eq!(policy.source, ConfigSource::DynamicTopic);
    assert!(!policy.synonyms.is_empty());

    alter(AlterConfig::delete("cleanup.policy"), false).await.unwrap();
    eventually("it is the default again", async || value().await == "delete");

    let error = alter(AlterConfig::set("retention.ms", "soon"), false).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidConfig));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_tells_all_its_options_with_what_they_are_for() {
    let visit = Visit::new().await;
    let broker = visit.admin.describe_cluster(false).await.unwrap().brokers[0].id;
    let what = DescribeConfigs { documentation: true, ..Default::default() };
    let described = visit.admin.describe_configs(&[ConfigResource::Broker(Some(broker))], &what).await;
    let entries = only(described.unwrap()).unwrap();
    assert!(entries.len() > 50, "{} options", entries.len());
    let retention = entries.iter().find(|entry| entry.name == "log.retention.hours").expect("it is one");
    assert!(retention.documentation.as_deref().is_some_and(|text| !text.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_a_topic_that_is_not_there_are_an_error_beside_those_of_one_that_is() {
    let visit = Visit::new().await;
    let there = ConfigResource::topic(&visit.topic(1).await);
    let not_there = ConfigResource::topic("nobody-has-this-topic");
    let both = [there.clone(), not_there.clone()];
    let described = visit.admin.describe_configs(&both, &DescribeConfigs::default()).await.unwrap();
    assert!(described[&there].is_ok());
    let error = described[&not_there].as_ref().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::UnknownTopicOrPartition));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_options_of_its_own_is_listed() {
    let visit = Visit::new().await;
    let topic = ConfigResource::topic(&visit.topic(1).await);
    if let Some(listed) = served(visit.admin.list_config_resources().await) {
        assert!(listed.contains(&topic), "{listed:?}");
    }
}
