//! Whom requests go to: brokers that are down, that move, and that tell of others.

use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::error::Attempt;
use ottla_client::wire::messages::{
    ApiVersionsRequest, ApiVersionsResponse, FindCoordinatorRequest, FindCoordinatorResponse,
    ListGroupsRequest, ListGroupsResponse, MetadataRequest, find_coordinator_response,
};
use ottla_client::{
    Call, Client, ConnectionEvent, ConnectionEvents, Coordinator, Destination, Error, ErrorCode,
    TopicPartition,
};

use super::broker::{Answer, Broker, answer, cluster, ranges, topic};
use super::{client, config, nobody};

#[tokio::test]
async fn a_client_learns_the_cluster_from_whichever_address_answers() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    let client = Client::connect(config(&[nobody().await, broker.address, nobody().await])).await.unwrap();
    let cluster = client.cluster();
    assert_eq!((cluster.id(), cluster.controller()), (Some("scripted"), Some(0)));
    assert_eq!(cluster.broker(0).unwrap().port, broker.address.port());
}

#[tokio::test]
async fn if_no_broker_answers_every_address_is_named_with_the_reason() {
    let addresses = [nobody().await, nobody().await];
    let error = Client::connect(config(&addresses)).await.unwrap_err();
    let Error::NoBroker(no_broker) = &error else { panic!("{error}") };
    assert_eq!(no_broker.attempts.len(), 2);
    for address in addresses {
        assert!(error.to_string().contains(&format!("{address}: Connection refused")), "{error}");
    }
    assert!(error.is_retriable() && error.advice().unwrap().contains("bootstrap.servers"));
}

#[tokio::test]
async fn an_advertised_address_that_cannot_be_reached_is_named_as_that() {
    let (broker, nobody) = (Broker::start().await, nobody().await);
    broker.on::<MetadataRequest>(move |_, _| answer(cluster(&[nobody], vec![topic("a", 1, 0)])));
    let client = client(&[broker.address]);
    let call = Call::to(Destination::Leader(TopicPartition::new("a", 0)));
    let error = client.request(&call, &ListGroupsRequest::default()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&format!("{nobody} (advertised by broker 0)")), "{error}");
    assert!(error.advice().unwrap().contains("advertised.listeners"));
}

async fn connected(events: &mut ConnectionEvents, to: SocketAddr) {
    assert_eq!(events.next().await, Some(ConnectionEvent::Connected(to.to_string().into())));
}

async fn not_connected(events: &mut ConnectionEvents) -> Attempt {
    match events.next().await {
        Some(ConnectionEvent::NotConnected(attempt)) => attempt,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_watches_hears_of_each_address_that_can_or_cannot_be_connected_to() {
    let (broker, nobody) = (Broker::start().await, nobody().await);
    broker.on::<MetadataRequest>(move |_, _| answer(cluster(&[nobody], vec![topic("a", 1, 0)])));
    let client = client(&[broker.address]);
    let mut events = client.connection_events();
    let call = Call::to(Destination::Leader(TopicPartition::new("a", 0)));
    client.request(&call, &ListGroupsRequest::default()).await.unwrap_err();
    connected(&mut events, broker.address).await;
    let attempt = not_connected(&mut events).await;
    assert_eq!((&*attempt.address, attempt.advertised_by), (&*nobody.to_string(), Some(0)));
    assert!(attempt.reason.starts_with("Connection refused"), "{attempt}");
    client.close().await;
    drop(client);
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn who_watches_hears_soon_of_one_that_does_not_answer_and_when_it_does() {
    let late = Broker::start().await;
    late.on::<ApiVersionsRequest>(|_, _| {
        let served = ApiVersionsResponse { api_keys: ranges(&[]), ..Default::default() };
        Answer::Late(Duration::from_millis(1200), Box::new(answer(served)))
    });
    late.leads(&[]);
    let client = client(&[late.address]);
    let mut events = client.connection_events();
    let connecting = client.refresh();
    let watching = async {
        let attempt = not_connected(&mut events).await;
        assert_eq!((&*attempt.address, &*attempt.reason), (&*late.address.to_string(), "no answer for 1s"));
        connected(&mut events, late.address).await;
    };
    tokio::join!(connecting, watching).0.unwrap();
}

#[tokio::test]
async fn who_watches_hears_nothing_of_what_fails_for_good() {
    let web = Broker::start().await;
    web.on::<ApiVersionsRequest>(|_, _| Answer::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()));
    let client = client(&[web.address]);
    let mut events = client.connection_events();
    client.refresh().await.unwrap_err();
    drop(client);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_request_to_a_leader_goes_to_the_broker_that_leads() {
    let brokers = [Broker::start().await, Broker::start().await];
    let addresses = [brokers[0].address, brokers[1].address];
    for broker in &brokers {
        broker.on::<MetadataRequest>(move |_, _| {
            answer(cluster(&addresses, vec![topic("a", 1, 1), topic("b", 1, -1)]))
        });
        broker.on::<ListGroupsRequest>(|_, _| answer(ListGroupsResponse::default()));
    }
    let client = client(&addresses[..1]);
    let to_leader = |topic| Call::to(Destination::Leader(TopicPartition::new(topic, 0)));
    let reply = client.request(&to_leader("a"), &ListGroupsRequest::default()).await.unwrap();
    assert_eq!(reply.broker_id, Some(1));
    assert_eq!(brokers[1].received::<ListGroupsRequest>().len(), 1);
    let error = client.request(&to_leader("b"), &ListGroupsRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::LeaderNotAvailable), "{error}");
    let error = client.request(&to_leader("c"), &ListGroupsRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::UnknownTopicOrPartition), "{error}");
    assert_eq!(error.topic_partition(), Some(&TopicPartition::new("c", 0)));
}

#[tokio::test]
async fn those_who_ask_for_the_same_at_once_share_one_request() {
    let broker = Broker::start().await;
    let address = broker.address;
    broker.on::<MetadataRequest>(move |_, _| {
        Answer::Late(Duration::from_millis(50), Box::new(answer(cluster(&[address], vec![topic("a", 1, 0)]))))
    });
    let client = client(&[broker.address]);
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.topic("a").await.unwrap().partitions.len() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), 1);
    }
    assert_eq!(broker.received::<MetadataRequest>().len(), 1);
}

#[tokio::test]
async fn a_topic_that_appears_later_is_waited_for() {
    let broker = Broker::start().await;
    let address = broker.address;
    let mut asked = 0;
    broker.on::<MetadataRequest>(move |_, _| {
        asked += 1;
        let mut found = topic("late", 3, 0);
        if asked < 4 {
            found.error_code = ErrorCode::UnknownTopicOrPartition.code();
        }
        answer(cluster(&[address], vec![found]))
    });
    assert_eq!(client(&[broker.address]).topic("late").await.unwrap().partitions.len(), 3);
}

#[tokio::test]
async fn a_topic_that_never_appears_is_told_when_the_time_is_over() {
    let broker = Broker::start().await;
    let address = broker.address;
    broker.on::<MetadataRequest>(move |request, _| {
        assert!(!request.allow_auto_topic_creation);
        let mut missing = topic("none", 0, 0);
        missing.error_code = ErrorCode::UnknownTopicOrPartition.code();
        answer(cluster(&[address], vec![missing]))
    });
    let config = config(&[broker.address]).default_api_timeout(Duration::from_millis(60));
    let error = Client::new(config).unwrap().topic("none").await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(error.code(), Some(ErrorCode::UnknownTopicOrPartition), "{error}");
}

#[tokio::test]
async fn if_all_known_brokers_are_gone_the_first_addresses_are_asked_again() {
    let (first, second) = (Broker::start().await, Broker::start().await);
    let (seed, moved) = (first.address, second.address);
    first.on::<MetadataRequest>(move |_, _| answer(cluster(&[moved], vec![])));
    second.on::<MetadataRequest>(move |_, _| answer(cluster(&[moved], vec![])));
    let client = Client::connect(config(&[seed])).await.unwrap();
    client.refresh().await.unwrap();
    second.stop().await;
    first.on::<MetadataRequest>(move |_, _| answer(cluster(&[seed], vec![])));
    let cluster = client.refresh().await.unwrap();
    assert_eq!(cluster.broker(0).unwrap().port, seed.port());
}

#[tokio::test]
async fn a_coordinator_is_looked_up_once_and_both_forms_of_the_answer_are_read() {
    for max in [3, 6] {
        let broker = Broker::start().await;
        let port = i32::from(broker.address.port());
        broker.serves(&[(ottla_client::ApiKey::FindCoordinator, 0, max)]);
        broker.leads(&[]);
        broker.on::<FindCoordinatorRequest>(move |_, received| {
            let mut found =
                FindCoordinatorResponse { node_id: 7, host: "127.0.0.1".into(), port, ..Default::default() };
            if received.version >= 4 {
                let one = find_coordinator_response::Coordinator {
                    node_id: 7,
                    host: "127.0.0.1".into(),
                    port,
                    ..Default::default()
                };
                found = FindCoordinatorResponse { coordinators: vec![one], ..Default::default() };
            }
            answer(found)
        });
        broker.on::<ListGroupsRequest>(|_, _| answer(ListGroupsResponse::default()));
        let client = client(&[broker.address]);
        let call = Call::to(Coordinator::of_group("g").into());
        for _ in 0..2 {
            let reply = client.request(&call, &ListGroupsRequest::default()).await.unwrap();
            assert_eq!(reply.broker_id, Some(7));
        }
        assert_eq!(broker.received::<FindCoordinatorRequest>().len(), 1);
    }
}

#[tokio::test]
async fn why_a_coordinator_is_not_told_is_told() {
    let broker = Broker::start().await;
    broker.leads(&[]);
    broker.on::<FindCoordinatorRequest>(|_, _| {
        let one = find_coordinator_response::Coordinator {
            error_code: ErrorCode::GroupAuthorizationFailed.code(),
            ..Default::default()
        };
        answer(FindCoordinatorResponse { coordinators: vec![one], ..Default::default() })
    });
    let call = Call::to(Coordinator::of_group("g").into());
    let error = client(&[broker.address]).request(&call, &ListGroupsRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::GroupAuthorizationFailed));
    assert!(error.to_string().contains("group g"), "{error}");
}
