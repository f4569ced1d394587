use super::*;

fn attempt(address: &str, advertised_by: Option<i32>, reason: &str) -> Attempt {
    Attempt { address: address.into(), advertised_by, reason: reason.into(), advice: None }
}

#[track_caller]
fn check(error: impl Into<Error>, text: &str, retriable: bool, fatal: bool) {
    let error = error.into();
    assert_eq!(error.to_string(), text);
    assert_eq!((error.is_retriable(), error.is_fatal()), (retriable, fatal), "{text}");
}

#[test]
fn no_broker_answered_names_every_address_and_why() {
    let attempts =
        vec![attempt("a:9092", None, "connection refused"), attempt("b:9092", Some(2), "no such host")];
    check(
        NoBroker { attempts },
        "no broker answered: a:9092: connection refused; b:9092 (advertised by broker 2): no such host",
        true,
        false,
    );
}

#[test]
fn an_advertised_address_that_cannot_be_reached_is_named_as_that() {
    let error = Error::Unreachable { attempt: attempt("kafka-0:9092", Some(0), "no such host") };
    assert!(error.advice().unwrap().contains("advertised.listeners"), "{error}");
    check(error, "cannot connect to kafka-0:9092 (advertised by broker 0): no such host", true, false);
}

#[test]
fn what_is_advised_depends_on_why_an_address_cannot_be_used() {
    for (seems, expected) in [
        (OtherListener::WantsSasl, "security.protocol to SASL_SSL"),
        (OtherListener::WithoutTls, "security.protocol to PLAINTEXT"),
        (OtherListener::Http, "another port"),
    ] {
        let error = Error::OtherListener { broker: "a:9092".into(), seems };
        let advice = error.advice().unwrap();
        assert!(advice.contains(expected), "{advice}");
        let mut attempt = attempt("a:9092", None, &seems.to_string());
        attempt.advice = Some(advice);
        assert_eq!(Error::from(NoBroker { attempts: vec![attempt] }).advice(), Some(advice));
    }
}

#[test]
fn who_may_not_produce_idempotently_may_not_write_to_any_topic() {
    let code = ErrorCode::ClusterAuthorizationFailed.code();
    let advice = |api| Error::from(ResponseError::new(api, code)).advice().unwrap();
    assert!(advice(ApiKey::InitProducerId).contains("WRITE on the topic"));
    assert!(advice(ApiKey::CreateTopics).contains("access to the cluster"));
}

#[test]
fn an_answer_says_what_was_asked_about_what_and_who_said_so() {
    let response = ResponseError::new(ApiKey::Produce, ErrorCode::MessageTooLarge.code())
        .about(Resource::TopicPartition(TopicPartition::new("orders", 3)))
        .with_broker("broker 1 at a:9092")
        .with_message(Some("too much"));
    let error = Error::from(response.clone());
    assert_eq!(error.code(), Some(ErrorCode::MessageTooLarge));
    assert_eq!(error.topic_partition(), Some(&TopicPartition::new("orders", 3)));
    assert_eq!(error.broker(), Some("broker 1 at a:9092"));
    assert!(error.advice().unwrap().contains("max.message.bytes"));
    let text = "Produce: MESSAGE_TOO_LARGE for partition orders-3, from broker 1 at a:9092: too much";
    check(response, text, false, false);
}

#[test]
fn a_code_of_a_later_kafka_is_kept_in_words() {
    check(
        ResponseError::new(ApiKey::Fetch, 9_999),
        "Fetch: UNKNOWN_SERVER_ERROR: error code 9999 is not known",
        false,
        false,
    );
}

#[test]
fn being_fenced_is_fatal_and_a_moved_leader_is_not() {
    for (code, retriable, fatal) in [
        (ErrorCode::ProducerFenced, false, true),
        (ErrorCode::FencedInstanceId, false, true),
        (ErrorCode::NotLeaderOrFollower, true, false),
        (ErrorCode::CoordinatorLoadInProgress, true, false),
        (ErrorCode::OffsetOutOfRange, false, false),
    ] {
        let error = Error::from(ResponseError::new(ApiKey::Produce, code.code()));
        assert_eq!((error.is_retriable(), error.is_fatal()), (retriable, fatal), "{code}");
    }
}

#[test]
fn a_deadline_tells_why_the_last_try_failed() {
    let last = Error::from(ResponseError::new(ApiKey::Metadata, 5));
    let error = Error::Timeout {
        what: "finding the leader of orders-0".into(),
        after: Duration::from_secs(60),
        last: Some(Arc::new(last)),
    };
    assert_eq!(error.code(), Some(ErrorCode::LeaderNotAvailable));
    check(
        error,
        "finding the leader of orders-0 was not done within 60s; at last: Metadata: LEADER_NOT_AVAILABLE",
        true,
        false,
    );
}
