//! SASL: what is said, in which order, again before a session ends, and what is told where a broker refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ottla_client::config::{ClientConfig, Credentials, SaslMechanism, SecurityConfig, SecurityProtocol};
use ottla_client::sasl::{Token, TokenError, TokenSource};
use ottla_client::wire::messages::{
    ListGroupsRequest, ListGroupsResponse, SaslAuthenticateRequest, SaslAuthenticateResponse,
    SaslHandshakeRequest, SaslHandshakeResponse,
};
use ottla_client::{Call, Client, Destination, Error, ErrorCode};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::broker::{Answer, Broker, answer};
use super::certificates::Authority;

/// A broker that takes whatever is said.
async fn broker() -> Broker {
    let broker = Broker::start().await;
    broker.on::<ListGroupsRequest>(|_, _| answer(ListGroupsResponse::default()));
    broker.on::<SaslHandshakeRequest>(|_, _| answer(SaslHandshakeResponse::default()));
    broker.on::<SaslAuthenticateRequest>(|_, _| answer(SaslAuthenticateResponse::default()));
    broker
}

fn sasl(mechanism: SaslMechanism) -> SecurityConfig {
    SecurityConfig::default()
        .security_protocol(SecurityProtocol::SaslPlaintext)
        .sasl_mechanism(mechanism)
        .sasl_jaas_config(Credentials::new("alice", "hunter2"))
}

fn client(broker: &Broker, security: SecurityConfig) -> Client {
    Client::new(super::config(&[broker.address]).security(security)).unwrap()
}

async fn ask(client: &Client) -> Result<(), Error> {
    let call = Call::to(Destination::Any);
    client.request(&call, &ListGroupsRequest::default()).await.map(drop)
}

fn refused(message: &str) -> Answer {
    answer(SaslAuthenticateResponse {
        error_code: ErrorCode::SaslAuthenticationFailed.code(),
        error_message: Some(message.into()),
        ..Default::default()
    })
}

fn said(broker: &Broker) -> Vec<bytes::Bytes> {
    let received = broker.received::<SaslAuthenticateRequest>();
    received.iter().map(|received| received.read::<SaslAuthenticateRequest>().auth_bytes).collect()
}

/// Authentication fails, for good and with a reason, and nothing that is secret is told.
async fn check_refused(broker: &Broker, security: SecurityConfig, reason: &str) {
    let client = client(broker, security);
    let error = ask(&client).await.unwrap_err();
    assert!(matches!(error, Error::Authentication { .. }), "{error:?}");
    assert!(error.is_fatal() && !error.is_retriable() && error.advice().is_some(), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
    let shown = format!("{error} {error:?} {client:?} {:?}", client.config());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn who_we_are_is_told_before_anything_is_asked() {
    let broker = broker().await;
    ask(&client(&broker, sasl(SaslMechanism::Plain))).await.unwrap();
    let handshake = broker.received::<SaslHandshakeRequest>();
    assert_eq!(&*handshake[0].read::<SaslHandshakeRequest>().mechanism, "PLAIN");
    assert_eq!(handshake[0].version, 1);
    assert_eq!(said(&broker), ["\0alice\0hunter2"]);
}

#[tokio::test]
async fn a_wrong_password_is_told_in_the_brokers_words() {
    let broker = broker().await;
    broker
        .on::<SaslAuthenticateRequest>(|_, _| refused("Authentication failed: Invalid username or password"));
    check_refused(&broker, sasl(SaslMechanism::Plain), "Invalid username or password").await;
    assert!(broker.received::<ListGroupsRequest>().is_empty());
}

#[tokio::test]
async fn a_mechanism_that_is_not_offered_is_told_with_those_that_are() {
    let broker = broker().await;
    broker.on::<SaslHandshakeRequest>(|_, _| {
        answer(SaslHandshakeResponse {
            error_code: ErrorCode::UnsupportedSaslMechanism.code(),
            mechanisms: vec!["SCRAM-SHA-512".into(), "OAUTHBEARER".into()],
        })
    });
    let reason = "it does not take PLAIN, but SCRAM-SHA-512, OAUTHBEARER";
    check_refused(&broker, sasl(SaslMechanism::Plain), reason).await;
    assert!(said(&broker).is_empty());
}

#[tokio::test]
async fn a_listener_without_sasl_is_told_as_that() {
    let broker = broker().await;
    broker.on::<SaslHandshakeRequest>(|_, _| {
        answer(SaslHandshakeResponse { error_code: ErrorCode::IllegalSaslState.code(), ..Default::default() })
    });
    check_refused(&broker, sasl(SaslMechanism::Plain), "its listener has no SASL").await;
}

#[tokio::test]
async fn a_broker_that_answers_scram_with_nonsense_is_refused_and_learns_no_password() {
    for (auth_bytes, reason) in
        [("", "lacks r="), ("r=x,s=AAAA,i=4096", "another client's nonce"), ("e=no-such-user", "lacks r=")]
    {
        let broker = broker().await;
        broker.on::<SaslAuthenticateRequest>(move |_, _| {
            answer(SaslAuthenticateResponse { auth_bytes: auth_bytes.into(), ..Default::default() })
        });
        check_refused(&broker, sasl(SaslMechanism::ScramSha256), reason).await;
        let said = said(&broker);
        assert!(said.len() == 1 && said[0].starts_with(b"n,,n=alice,r="), "{said:?}");
    }
}

#[tokio::test]
async fn a_token_is_told_with_its_extensions_and_why_one_is_refused() {
    let source = async || -> Result<Token, TokenError> { Ok(Token::new("abc").extension("cluster", "c1")) };
    let security = sasl(SaslMechanism::OAuthBearer).token_source(source);
    let broker = broker().await;
    ask(&client(&broker, security.clone())).await.unwrap();
    assert_eq!(said(&broker), ["n,,\x01auth=Bearer abc\x01cluster=c1\x01\x01"]);

    broker.on::<SaslAuthenticateRequest>(|request, _| match &*request.auth_bytes {
        b"\x01" => refused("{\"status\":\"invalid_token\"}"),
        _ => answer(SaslAuthenticateResponse {
            auth_bytes: "{\"status\":\"invalid_token\"}".into(),
            ..Default::default()
        }),
    });
    check_refused(&broker, security, "invalid_token").await;
}

#[tokio::test]
async fn without_a_token_the_sources_error_is_told_and_another_try_may_help() {
    let is_away = Arc::new(AtomicBool::new(true));
    let broker = broker().await;
    let client = client(&broker, sasl(SaslMechanism::OAuthBearer).token_source(source(&is_away)));
    let error = ask(&client).await.unwrap_err();
    check_no_token(&error, "the issuer is away");
    is_away.store(false, Ordering::Relaxed);
    ask(&client).await.unwrap();
}

#[tokio::test]
async fn a_session_for_which_there_is_no_token_ends_and_another_begins_once_there_is() {
    let is_away = Arc::new(AtomicBool::new(false));
    let broker = forgetful().await;
    let client = client(&broker, sasl(SaslMechanism::OAuthBearer).token_source(source(&is_away)));
    ask(&client).await.unwrap();
    is_away.store(true, Ordering::Relaxed);
    ask_until(&client, |answered| {
        answered.as_ref().is_err_and(|error| {
            check_no_token(error, "the issuer is away");
            true
        })
    })
    .await;
    is_away.store(false, Ordering::Relaxed);
    ask(&client).await.unwrap();
}

#[tokio::test]
async fn a_source_that_panics_gives_no_token_and_ends_nothing() {
    let panics = Arc::new(AtomicBool::new(true));
    let source = {
        let panics = panics.clone();
        move || {
            let panics = panics.clone();
            async move {
                assert!(!panics.load(Ordering::Relaxed), "as a test wants it");
                Ok::<Token, TokenError>(Token::new("abc"))
            }
        }
    };
    let broker = forgetful().await;
    let client = client(&broker, sasl(SaslMechanism::OAuthBearer).token_source(source));
    check_no_token(&ask(&client).await.unwrap_err(), "the source of tokens panicked");
    panics.store(false, Ordering::Relaxed);
    ask(&client).await.unwrap();
    panics.store(true, Ordering::Relaxed);
    ask_until(&client, |answered| {
        answered.as_ref().is_err_and(|error| error.to_string().contains("the source of tokens panicked"))
    })
    .await;
}

#[tokio::test]
async fn what_a_source_says_will_stay_is_told_as_refused() {
    let wrong = || Error::Authentication { broker: "issuer".into(), reason: "who?".into() };
    let source = move || async move { Err::<Token, TokenError>(wrong().into()) };
    let security = sasl(SaslMechanism::OAuthBearer).token_source(source);
    check_refused(&broker().await, security, "there is no token: issuer refused to authenticate us: who?")
        .await;
}

/// A source of tokens that gives none while the issuer is away.
fn source(is_away: &Arc<AtomicBool>) -> impl TokenSource + 'static {
    let is_away = is_away.clone();
    move || {
        let is_away = is_away.load(Ordering::Relaxed);
        async move {
            if is_away {
                Err::<Token, TokenError>("the issuer is away".into())
            } else {
                Ok(Token::new("abc"))
            }
        }
    }
}

#[track_caller]
fn check_no_token(error: &Error, reason: &str) {
    assert!(matches!(error, Error::NoToken { .. }), "{error:?}");
    assert!(error.is_retriable() && !error.is_fatal() && error.advice().is_some(), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
}

/// A broker whose sessions are short.
async fn forgetful() -> Broker {
    let broker = broker().await;
    broker.on::<SaslAuthenticateRequest>(|_, _| {
        answer(SaslAuthenticateResponse { session_lifetime_ms: 50, ..Default::default() })
    });
    broker
}

/// Asks until something is the case.
async fn ask_until(client: &Client, mut is_true: impl FnMut(&Result<(), Error>) -> bool) {
    #[allow(clippy::disallowed_methods, reason = "sessions end in real time")]
    let start = Instant::now();
    loop {
        let answered = ask(client).await;
        if is_true(&answered) {
            return;
        }
        answered.unwrap();
        assert!(start.elapsed() < super::DEADLINE, "in vain");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_session_is_renewed_before_it_ends_on_the_same_connection_and_nobody_notices() {
    let broker = forgetful().await;
    let client = client(&broker, sasl(SaslMechanism::Plain));
    ask_until(&client, |_| broker.received::<SaslAuthenticateRequest>().len() == 3).await;
    assert_eq!(broker.connections().0, 1);
    assert_eq!(broker.received::<SaslHandshakeRequest>().len(), 3);
}

#[tokio::test]
async fn requests_that_come_while_a_session_is_renewed_wait_for_it() {
    let broker = forgetful().await;
    let client = client(&broker, sasl(SaslMechanism::Plain));
    let ask = || ask_until(&client, |_| broker.received::<SaslHandshakeRequest>().len() >= 4);
    tokio::join!(ask(), ask(), ask(), ask());
    let order = broker.order();
    for (at, api) in order.iter().enumerate() {
        if *api == ottla_client::ApiKey::SaslHandshake {
            assert_eq!(order[at + 1], ottla_client::ApiKey::SaslAuthenticate, "{order:?}");
        }
    }
}

#[tokio::test]
async fn a_session_that_cannot_be_renewed_is_told_to_who_asked() {
    let broker = forgetful().await;
    let client = client(&broker, sasl(SaslMechanism::Plain));
    ask(&client).await.unwrap();
    broker.on::<SaslAuthenticateRequest>(|_, _| refused("alice was dismissed"));
    let is_refused = |answered: &Result<(), Error>| {
        answered.as_ref().is_err_and(|error| error.to_string().contains("alice was dismissed"))
    };
    ask_until(&client, is_refused).await;
    assert_eq!(broker.connections().0, 1);
}

#[tokio::test]
async fn a_broker_from_before_sasl_within_requests_is_told_as_too_old() {
    let broker = broker().await;
    broker.serves(&[(ottla_client::ApiKey::SaslHandshake, 0, 0)]);
    let error = ask(&client(&broker, sasl(SaslMechanism::Plain))).await.unwrap_err();
    assert!(error.to_string().contains("SaslHandshake in the versions 0..=0"), "{error}");
}

/// A token endpoint that answers so, and what it was asked.
async fn endpoint(tls: Option<TlsAcceptor>, body: &'static str) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, asked) = mpsc::channel(10);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut socket: Box<dyn Both> = match &tls {
                Some(tls) => Box::new(tls.accept(socket).await.unwrap()),
                None => Box::new(socket),
            };
            let mut request = String::new();
            while !request.contains("grant_type=client_credentials") {
                let mut part = [0; 1024];
                let count = socket.read(&mut part).await.unwrap();
                request.push_str(std::str::from_utf8(&part[..count]).unwrap());
            }
            let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            socket.write_all(response.as_bytes()).await.unwrap();
            tell.send(request).await.unwrap();
        }
    });
    (port, asked)
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

fn at_endpoint(broker: &Broker, url: &str, more: &[(&str, &str)]) -> Client {
    let address = broker.address.to_string();
    let properties = [
        ("bootstrap.servers", &*address),
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.oauthbearer.token.endpoint.url", url),
        ("sasl.oauthbearer.client.credentials.client.id", "billing"),
        ("sasl.oauthbearer.client.credentials.client.secret", "hunter2"),
        ("sasl.oauthbearer.scope", "kafka read"),
        ("enable.metrics.push", "false"),
    ];
    Client::new(ClientConfig::from_properties(properties.iter().chain(more).copied()).unwrap()).unwrap()
}

#[tokio::test]
async fn an_endpoint_gives_a_token_for_client_credentials_which_is_kept_while_it_is_good() {
    let broker = broker().await;
    let (port, mut asked) = endpoint(None, r#"{"access_token":"abc","expires_in":60}"#).await;
    let client = at_endpoint(&broker, &format!("http://127.0.0.1:{port}/token"), &[]);
    ask(&client).await.unwrap();
    // The connection to the broker itself, beside that to the seed.
    broker.leads(&[]);
    client.refresh().await.unwrap();
    client.request(&Call::to(Destination::Broker(0)), &ListGroupsRequest::default()).await.unwrap();
    assert_eq!(said(&broker), ["n,,\x01auth=Bearer abc\x01\x01"; 2]);
    let request = asked.recv().await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("post /token http/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: basic ymlsbgluzzpodw50zxiy\r\n"), "{request}");
    assert!(request.ends_with("grant_type=client_credentials&scope=kafka%20read"), "{request}");
    assert!(asked.try_recv().is_err());
}

#[tokio::test]
async fn an_endpoint_is_asked_within_tls_and_must_be_trusted_by_a_file_that_is_read_once() {
    let (authority, folder) = (Authority::new("ours"), tempfile::tempdir().unwrap());
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, authority.pem()).unwrap();
    let tls = authority.signs("127.0.0.1").acceptor(None);
    let (port, _asked) = endpoint(Some(tls), r#"{"access_token":"abc"}"#).await;
    let url = format!("https://127.0.0.1:{port}/token");
    let broker = broker().await;
    let location = [("https.ca.location", trusted.to_str().unwrap())];
    let client = at_endpoint(&broker, &url, &location);
    ask(&client).await.unwrap();
    std::fs::remove_file(&trusted).unwrap();
    // The connection to the broker itself wants another token, since none is kept.
    broker.leads(&[]);
    client.refresh().await.unwrap();
    client.request(&Call::to(Destination::Broker(0)), &ListGroupsRequest::default()).await.unwrap();
    assert_eq!(said(&broker).len(), 2);
}

#[tokio::test]
async fn an_endpoint_that_gives_no_token_is_told_with_its_words() {
    let broker = broker().await;
    let (port, _asked) = endpoint(None, r#"{"error":"invalid_client"}"#).await;
    let client = at_endpoint(&broker, &format!("http://127.0.0.1:{port}/token"), &[]);
    let error = ask(&client).await.unwrap_err();
    assert!(error.to_string().contains("no token: 200 OK, invalid_client"), "{error}");
    assert!(!format!("{error} {:?}", client.config()).contains("hunter2"));
}
