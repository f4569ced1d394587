//! One connection: what is agreed on, what is refused, how it ends and begins again.

use std::time::{Duration, Instant};

use ottla_client::error::TlsProblem;
use ottla_client::wire::ApiKey;
use ottla_client::wire::messages::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeClusterRequest, DescribeClusterResponse,
    ListGroupsRequest, ListGroupsResponse, MetadataRequest,
};
use ottla_client::{Call, Client, Destination, Error, ErrorCode};

use super::broker::{Answer, Broker, answer, ranges};
use super::{client, config};

/// A request that any broker answers.
async fn ask(client: &Client) -> Result<ListGroupsResponse, Error> {
    let call = Call::to(Destination::Any);
    client.request(&call, &ListGroupsRequest::default()).await.map(|reply| reply.response)
}

async fn polite() -> Broker {
    let broker = Broker::start().await;
    broker.on::<ListGroupsRequest>(|_, _| answer(ListGroupsResponse::default()));
    broker
}

/// Whatever a broker that does not know our ApiVersions answers to it, the two understand each other.
async fn check_negotiation(told: Vec<i16>, refused: fn(i16) -> Answer) {
    let broker = polite().await;
    broker.on::<ApiVersionsRequest>(move |_, received| {
        if received.version > 0 && received.version > told.last().copied().unwrap_or(0) {
            return refused(received.version);
        }
        let api_keys = ranges(&[(ApiKey::ListGroups, 0, 1)]);
        answer(ApiVersionsResponse { api_keys, ..Default::default() })
    });
    let reply =
        client(&[broker.address]).request(&Call::to(Destination::Any), &ListGroupsRequest::default()).await;
    assert_eq!(reply.unwrap().version, 1);
}

/// In the version 0 whatever was asked in, with the range of ApiVersions if the broker tells one.
fn unsupported(range: Option<(i16, i16)>) -> Answer {
    let mut response =
        ApiVersionsResponse { error_code: ErrorCode::UnsupportedVersion.code(), ..Default::default() };
    response.api_keys.extend(ranges(&[]).into_iter().filter_map(|mut key| {
        (key.min_version, key.max_version) = range?;
        (key.api_key == ApiKey::ApiVersions.code()).then_some(key)
    }));
    Answer::Body(Box::new(move |_| ottla_client::wire::to_bytes(&response, 0).to_vec()))
}

#[tokio::test]
async fn a_broker_that_tells_which_api_versions_it_knows_is_asked_in_the_newest_of_them() {
    check_negotiation(vec![0, 1, 2], |_| unsupported(Some((0, 2)))).await;
}

#[tokio::test]
async fn a_broker_that_only_refuses_is_asked_in_the_oldest_version() {
    check_negotiation(vec![], |_| unsupported(None)).await;
    // As Kafka 0.11 does: nothing but the code.
    check_negotiation(vec![], |_| Answer::Body(Box::new(|_| vec![0, 35]))).await;
}

#[tokio::test]
async fn the_broker_learns_who_we_are() {
    let broker = polite().await;
    ask(&client(&[broker.address])).await.unwrap();
    let hello = &broker.received::<ApiVersionsRequest>()[0];
    let request: ApiVersionsRequest = hello.read();
    assert_eq!(
        (hello.client_id.as_deref(), &*request.client_software_name),
        (Some("tester"), "ottla-client")
    );
}

#[tokio::test]
async fn without_a_version_in_common_both_ranges_are_told() {
    let broker = polite().await;
    broker.serves(&[(ApiKey::ListGroups, 90, 91)]);
    let error = ask(&client(&[broker.address])).await.unwrap_err();
    assert!(matches!(error, Error::UnsupportedVersion { api: ApiKey::ListGroups, .. }), "{error}");
    assert!(error.to_string().contains("90..=91"), "{error}");
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_and_the_next_request_goes_over_a_new_connection() {
    let correlated = |mut body: Vec<u8>| {
        let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        frame.append(&mut body);
        frame
    };
    let too_large: fn(&Error) -> bool = |error| matches!(error, Error::ResponseTooLarge { .. });
    let tls: fn(&Error) -> bool = |error| matches!(error, Error::Tls { problem: TlsProblem::Wanted, .. });
    let ended: fn(&Error) -> bool = |error| matches!(error, Error::Disconnected { .. });
    let cut: fn(&Error) -> bool = |error| matches!(error, Error::OtherListener { .. });
    for (name, bytes, is_expected) in [
        ("a size beyond what is accepted", vec![0x07, 0xff, 0xff, 0xff], too_large),
        ("a size beyond all measure", vec![0x7f, 0xff, 0xff, 0xff], ended),
        ("a size below zero", vec![0xff; 4], ended),
        ("what a TLS listener says", vec![0x15, 3, 3, 0, 2, 2, 80], tls),
        ("another request's number", correlated(vec![0, 0, 9, 9, 0, 0]), ended),
        ("no header", correlated(vec![0]), ended),
        ("half a frame", vec![0, 0, 0, 9, 1], cut),
    ] {
        let broker = Broker::start().await;
        let mut bytes = Some(bytes);
        let ends = name == "half a frame";
        broker.on::<ListGroupsRequest>(move |_, received| match bytes.take() {
            Some(bytes) => Answer::Raw(bytes),
            None if ends && received.connection == 0 => Answer::Close,
            None => answer(ListGroupsResponse::default()),
        });
        let client = client(&[broker.address]);
        let first = async { ask(&client).await.unwrap_err() };
        let error = if ends { tokio::join!(first, ask(&client)).0 } else { first.await };
        assert!(is_expected(&error), "{name}: {error}");
        ask(&client).await.unwrap_or_else(|error| panic!("after {name}: {error}"));
        assert_eq!(broker.connections().0, 2, "{name}");
    }
}

#[tokio::test]
async fn a_listener_of_another_kind_is_told_from_one_that_is_not_there() {
    let check = async |broker: Broker, reason: &str, advice: &str| {
        let error = Client::connect(config(&[broker.address])).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.advice().unwrap().contains(advice), "{error}: {:?}", error.advice());
    };
    let broker = Broker::start().await;
    broker.on::<ApiVersionsRequest>(|_, _| Answer::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()));
    check(broker, "it speaks HTTP", "take another port").await;
    let broker = Broker::start().await;
    broker.on::<MetadataRequest>(|_, _| Answer::Close);
    check(broker, "as it does where SASL is wanted", "security.protocol to SASL_SSL").await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_an_error_and_harms_no_other_request() {
    let broker = Broker::start().await;
    let mut is_first = true;
    broker.on::<ListGroupsRequest>(move |_, _| match std::mem::take(&mut is_first) {
        true => Answer::Body(Box::new(|_| vec![0xff; 3])),
        false => answer(ListGroupsResponse::default()),
    });
    let client = client(&[broker.address]);
    let error = ask(&client).await.unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    ask(&client).await.unwrap();
    assert_eq!(broker.connections().0, 1);
}

#[tokio::test]
async fn requests_are_sent_before_earlier_ones_are_answered_and_answers_find_their_requests() {
    let broker = Broker::start().await;
    broker.on::<ListGroupsRequest>(|request, _| {
        let state = request.states_filter[0].parse().unwrap();
        let late = Duration::from_millis(20);
        Answer::Late(late, Box::new(answer(ListGroupsResponse { error_code: state, ..Default::default() })))
    });
    let client = client(&[broker.address]);
    let call = Call::to(Destination::Any);
    let asked = (0..20).map(|number: i16| {
        let request =
            ListGroupsRequest { states_filter: vec![number.to_string().into()], ..Default::default() };
        let (client, call) = (client.clone(), call.clone());
        tokio::spawn(
            async move { (number, client.request(&call, &request).await.unwrap().response.error_code) },
        )
    });
    for asked in asked.collect::<Vec<_>>() {
        let (number, answered) = asked.await.unwrap();
        assert_eq!(number, answered);
    }
    assert_eq!(broker.connections().0, 1);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_ends_the_connection_and_names_the_broker() {
    let broker = polite().await;
    broker.on::<DescribeClusterRequest>(|_, _| Answer::Nothing);
    let client = client(&[broker.address]);
    let call = Call::to(Destination::Any).timeout(Duration::from_millis(50));
    let error = client.request(&call, &DescribeClusterRequest::default()).await.unwrap_err();
    assert!(matches!(error, Error::RequestTimeout { api: ApiKey::DescribeCluster, .. }), "{error}");
    assert!(error.to_string().contains(&broker.address.to_string()), "{error}");
    ask(&client).await.unwrap();
    assert_eq!(broker.connections().0, 2);
}

#[tokio::test]
async fn a_throttled_client_is_silent_for_as_long_as_the_broker_asks() {
    const PAUSE: Duration = Duration::from_millis(200);
    // Brokers before Kafka 2.0 wait themselves before they answer.
    for (produce_max, waits) in [(11, true), (5, false)] {
        let broker = Broker::start().await;
        broker.serves(&[(ApiKey::Produce, 3, produce_max)]);
        broker.on::<ListGroupsRequest>(|_, _| {
            let throttle_time_ms = i32::try_from(PAUSE.as_millis()).unwrap();
            answer(ListGroupsResponse { throttle_time_ms, ..Default::default() })
        });
        let client = client(&[broker.address]);
        ask(&client).await.unwrap();
        #[allow(clippy::disallowed_methods, reason = "real time passes between a client and a broker")]
        let start = Instant::now();
        ask(&client).await.unwrap();
        assert_eq!(start.elapsed() >= PAUSE - Duration::from_millis(10), waits, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed_and_made_again_when_it_is_needed() {
    let broker = polite().await;
    let client =
        Client::new(config(&[broker.address]).connections_max_idle(Duration::from_millis(30))).unwrap();
    ask(&client).await.unwrap();
    broker.wait_until("the connection is closed", |broker| broker.connections() == (1, 0)).await;
    ask(&client).await.unwrap();
    assert_eq!(broker.connections().0, 2);
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_any_more_is_thrown_away() {
    let broker = polite().await;
    broker.on::<DescribeClusterRequest>(|_, _| {
        Answer::Late(Duration::from_millis(50), Box::new(answer(DescribeClusterResponse::default())))
    });
    let client = client(&[broker.address]);
    ask(&client).await.unwrap();
    let call = Call::to(Destination::Any);
    let request = DescribeClusterRequest::default();
    let given_up = tokio::time::timeout(Duration::from_millis(10), client.request(&call, &request)).await;
    assert!(given_up.is_err());
    ask(&client).await.unwrap();
    assert_eq!(broker.connections().0, 1);
}

#[tokio::test]
async fn connections_are_closed_when_the_last_clone_is_dropped_or_the_client_is_closed() {
    for is_closed in [false, true] {
        let broker = polite().await;
        let client = client(&[broker.address]);
        ask(&client).await.unwrap();
        let clone = client.clone();
        if is_closed {
            client.close().await;
            let error = ask(&clone).await.unwrap_err();
            assert!(matches!(error, Error::Closed(_)), "{error}");
        }
        drop((client, clone));
        broker.wait_until("the connection is closed", |broker| broker.connections() == (1, 0)).await;
    }
}
