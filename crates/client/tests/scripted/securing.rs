//! TLS: who is trusted, who is told who we are, and what is said where the two do not agree.

use ottla_client::config::{ClientConfig, Secret, SecurityConfig, SecurityProtocol};
use ottla_client::error::TlsProblem;
use ottla_client::wire::messages::{ListGroupsRequest, ListGroupsResponse};
use ottla_client::{Call, Client, Destination, Error};
use tokio_rustls::TlsAcceptor;

use super::broker::{Broker, answer};
use super::certificates::{Authority, Identity};

async fn broker(tls: Option<TlsAcceptor>) -> Broker {
    let broker = Broker::start_with(tls).await;
    broker.on::<ListGroupsRequest>(|_, _| answer(ListGroupsResponse::default()));
    broker
}

fn trusting(authority: &Authority) -> SecurityConfig {
    SecurityConfig::default()
        .security_protocol(SecurityProtocol::Ssl)
        .ssl_truststore_certificates(authority.pem())
}

fn known_as(security: SecurityConfig, identity: &Identity) -> SecurityConfig {
    security
        .ssl_keystore_certificate_chain(identity.certificate.clone())
        .ssl_keystore_key(Secret::from(identity.key.clone()))
}

async fn ask(broker: &Broker, security: SecurityConfig) -> Result<(), Error> {
    let client = Client::new(super::config(&[broker.address]).security(security))?;
    let call = Call::to(Destination::Any);
    client.request(&call, &ListGroupsRequest::default()).await.map(drop)
}

/// What is told, by which problem; and that there is advice.
async fn check_refused(broker: &Broker, security: SecurityConfig, is_expected: fn(&TlsProblem) -> bool) {
    let error = ask(broker, security).await.unwrap_err();
    let Error::Tls { problem, broker: address } = &error else { panic!("{error:?}") };
    assert!(is_expected(problem), "{error}");
    assert!(address.contains(&broker.address.to_string()), "{error}");
    assert!(error.is_fatal() && !error.is_retriable() && error.advice().is_some(), "{error}");
}

#[tokio::test]
async fn requests_are_answered_within_tls_by_a_broker_whose_certificate_is_trusted() {
    let authority = Authority::new("ours");
    let broker = broker(Some(authority.signs("127.0.0.1").acceptor(None))).await;
    ask(&broker, trusting(&authority)).await.unwrap();
}

#[tokio::test]
async fn certificates_come_out_of_files_too() {
    let (authority, folder) = (Authority::new("ours"), tempfile::tempdir().unwrap());
    let us = authority.signs("client");
    let broker = broker(Some(authority.signs("127.0.0.1").acceptor(Some(&authority)))).await;
    let (trusted, ours) = (folder.path().join("trusted.pem"), folder.path().join("ours.pem"));
    std::fs::write(&trusted, authority.pem()).unwrap();
    std::fs::write(&ours, format!("{}{}", us.certificate, us.key)).unwrap();
    let properties = [
        ("bootstrap.servers".to_owned(), broker.address.to_string()),
        ("security.protocol".to_owned(), "SSL".to_owned()),
        ("ssl.truststore.location".to_owned(), trusted.display().to_string()),
        ("ssl.keystore.location".to_owned(), ours.display().to_string()),
    ];
    let config = ClientConfig::from_properties(properties).unwrap();
    ask(&broker, config.security).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_for_another_host_or_has_expired_is_told_as_that() {
    let (authority, other) = (Authority::new("ours"), Authority::new("another"));
    for (name, identity, is_expected) in [
        (
            "another's",
            other.signs("127.0.0.1"),
            (|problem| matches!(problem, TlsProblem::Untrusted(_))) as fn(&TlsProblem) -> bool,
        ),
        ("another host's", authority.signs("elsewhere"), |problem| {
            matches!(problem, TlsProblem::WrongHost(_))
        }),
        ("an old one", authority.signed_long_ago("127.0.0.1"), |problem| {
            matches!(problem, TlsProblem::NotValidNow(_))
        }),
    ] {
        println!("{name}");
        let broker = broker(Some(identity.acceptor(None))).await;
        check_refused(&broker, trusting(&authority), is_expected).await;
    }
}

#[tokio::test]
async fn the_host_of_a_certificate_does_not_matter_where_identification_is_switched_off() {
    let (authority, other) = (Authority::new("ours"), Authority::new("another"));
    let unnamed = |authority| trusting(authority).ssl_endpoint_identification(false);
    let broker = broker(Some(authority.signs("elsewhere").acceptor(None))).await;
    ask(&broker, unnamed(&authority)).await.unwrap();
    check_refused(&broker, unnamed(&other), |problem| matches!(problem, TlsProblem::Untrusted(_))).await;
}

#[tokio::test]
async fn nobody_need_vouch_for_a_certificate_where_verification_is_switched_off() {
    let (authority, other) = (Authority::new("ours"), Authority::new("another"));
    let anybody = trusting(&authority).ssl_certificate_verification(false);
    for identity in [other.signs("127.0.0.1"), authority.signs("elsewhere"), other.signed_long_ago("x")] {
        let broker = broker(Some(identity.acceptor(None))).await;
        ask(&broker, anybody.clone()).await.unwrap();
    }
}

#[tokio::test]
async fn a_broker_that_wants_to_know_who_we_are_is_shown_our_certificate() {
    let (authority, other) = (Authority::new("ours"), Authority::new("another"));
    let broker = broker(Some(authority.signs("127.0.0.1").acceptor(Some(&authority)))).await;
    ask(&broker, known_as(trusting(&authority), &authority.signs("client"))).await.unwrap();
    let is_ours: fn(&TlsProblem) -> bool = |problem| matches!(problem, TlsProblem::OurCertificate(_));
    check_refused(&broker, trusting(&authority), is_ours).await;
    check_refused(&broker, known_as(trusting(&authority), &other.signs("client")), is_ours).await;
}

#[tokio::test]
async fn tls_with_a_listener_that_has_none_is_told_as_that() {
    // A broker takes the handshake for a request that is too large, and closes the connection.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let closing = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let client = Client::new(super::config(&[address]).security(trusting(&Authority::new("ours")))).unwrap();
    let call = Call::to(Destination::Any);
    let error = client.request(&call, &ListGroupsRequest::default()).await.unwrap_err();
    assert!(error.to_string().contains("a listener has no TLS"), "{error}");
    closing.abort();
}

#[tokio::test]
async fn a_listener_that_answers_tls_with_something_else_is_told_as_that() {
    use tokio::io::AsyncWriteExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _gone = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let client = Client::new(super::config(&[address]).security(trusting(&Authority::new("ours")))).unwrap();
    let call = Call::to(Destination::Any);
    let error = client.request(&call, &ListGroupsRequest::default()).await.unwrap_err();
    assert!(matches!(error, Error::Tls { problem: TlsProblem::NotSpoken, .. }), "{error}");
    answering.abort();
}

#[tokio::test]
async fn stores_that_cannot_be_read_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let store = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let tls = || SecurityConfig::default().security_protocol(SecurityProtocol::Ssl);
    let authority = Authority::new("ours");
    let us = authority.signs("client");
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (security, expected) in [
        (
            tls().ssl_truststore_location(store("trust.jks", &[0xfe, 0xed, 0xfe, 0xed, 0, 0])),
            "it is a Java keystore: convert it with keytool -list -rfc",
        ),
        (
            tls().ssl_truststore_location(store("trust.p12", &[0x30, 0x82])),
            "it is not PEM: convert it with keytool -list -rfc",
        ),
        (
            trusting(&authority).ssl_keystore_location(store("key.jks", &[0xfe, 0xed, 0xfe, 0xed, 0, 0])),
            "then openssl pkcs12 -nodes -in",
        ),
        (tls().ssl_truststore_location(folder.path().join("nowhere.pem")), "No such file"),
        (tls().ssl_truststore_certificates("nothing".to_owned()), "there is no certificate in it"),
        (
            trusting(&authority).ssl_keystore_location(store("chain.pem", us.certificate.as_bytes())),
            "no private key can be read from it",
        ),
        (
            trusting(&authority)
                .ssl_keystore_certificate_chain(us.certificate.clone())
                .ssl_keystore_key(Secret::from(encrypted)),
            "the private key is encrypted",
        ),
        (
            trusting(&authority).ssl_keystore_certificate_chain(us.certificate.clone()),
            "ssl.keystore.key: ssl.keystore.certificate.chain wants it",
        ),
    ] {
        let config = ClientConfig::new("a:9092").security(security);
        let error = Client::new(config).map(drop).unwrap_err();
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_in_one_line_is_read_as_java_reads_it() {
    let authority = Authority::new("ours");
    let broker = broker(Some(authority.signs("127.0.0.1").acceptor(None))).await;
    let line = authority.pem().replace('\n', " ");
    let security = SecurityConfig::default().security_protocol(SecurityProtocol::Ssl);
    ask(&broker, security.ssl_truststore_certificates(line)).await.unwrap();
}
