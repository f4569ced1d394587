//! Listeners with SASL: every mechanism, users made by the admin client, sessions that are renewed.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ottla_client::admin::{Admin, ScramAlteration, ScramMechanism};
use ottla_client::config::{Credentials, SaslMechanism, SecurityConfig, SecurityProtocol};
use ottla_client::sasl::{Token, TokenError};
use ottla_client::{Client, Error};

use super::config;
use super::securing::{at, connect, tls};

const SASL_SSL: u16 = 3;
const SASL_PLAINTEXT: u16 = 4;
/// What `tests/kafka/listeners` tells the broker of alice, and what the other listener lets a session last.
const PASSWORD: &str = "alice's password";
const SESSION: Duration = Duration::from_secs(3);

fn sasl(mechanism: SaslMechanism, user: &str, password: &str) -> SecurityConfig {
    tls()
        .security_protocol(SecurityProtocol::SaslSsl)
        .sasl_mechanism(mechanism)
        .sasl_jaas_config(Credentials::new(user, password))
}

fn in_the_open(security: SecurityConfig) -> SecurityConfig {
    security.security_protocol(SecurityProtocol::SaslPlaintext)
}

#[track_caller]
fn assert_refused(outcome: Result<(), Error>, reason: &str) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Authentication { .. }) && error.to_string().contains(reason), "{error}");
}

#[tokio::test]
async fn plain_lets_in_who_knows_the_password() {
    connect(at(SASL_SSL, sasl(SaslMechanism::Plain, "alice", PASSWORD))).await.unwrap();
    connect(at(SASL_PLAINTEXT, in_the_open(sasl(SaslMechanism::Plain, "alice", PASSWORD)))).await.unwrap();
    let outcome = connect(at(SASL_SSL, sasl(SaslMechanism::Plain, "alice", "another"))).await;
    assert_refused(outcome, "Invalid username or password");
}

#[tokio::test]
async fn users_that_the_admin_makes_are_let_in_by_scram() {
    let client = Client::connect(config()).await.unwrap();
    let admin = Admin::new(client.clone());
    for (hash, mechanism, user, password) in [
        (ScramMechanism::Sha256, SaslMechanism::ScramSha256, "bob", "bob's password"),
        (ScramMechanism::Sha512, SaslMechanism::ScramSha512, "carol", "carol's, and = too"),
        (ScramMechanism::Sha512, SaslMechanism::ScramSha512, "d,a=ve", "пароль"),
    ] {
        let made = ScramAlteration::upsert(user, hash, password).unwrap();
        for (_, outcome) in admin.alter_user_scram_credentials(&[made]).await.unwrap() {
            outcome.unwrap();
        }
        // The broker learns of a user a moment after the controller answered.
        let known = async {
            while let Err(error) = connect(at(SASL_SSL, sasl(mechanism, user, password))).await {
                assert!(matches!(error, Error::Authentication { .. }), "{user}: {error}");
            }
        };
        tokio::time::timeout(Duration::from_secs(20), known).await.expect("the user becomes known");
        let outcome = connect(at(SASL_SSL, sasl(mechanism, user, "another"))).await;
        assert_refused(outcome, "invalid credentials");
    }
    client.close().await;
}

/// A token that nobody signed, which Apache Kafka takes unless it is told otherwise.
fn unsigned(lifetime: Duration) -> String {
    #[allow(clippy::disallowed_methods, reason = "the broker compares it with its clock")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let claims =
        format!("{{\"sub\":\"erin\",\"iat\":{},\"exp\":{}}}", now.as_secs(), (now + lifetime).as_secs());
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
}

#[tokio::test]
async fn a_token_lets_in_and_one_that_has_expired_is_refused() {
    let source = || async { Ok::<_, TokenError>(Token::new(unsigned(Duration::from_secs(60)))) };
    let security = sasl(SaslMechanism::OAuthBearer, "", "").token_source(source);
    connect(at(SASL_SSL, security)).await.unwrap();
    let source = || async { Ok::<_, TokenError>(Token::new("no.token.")) };
    let outcome = connect(at(SASL_SSL, sasl(SaslMechanism::OAuthBearer, "", "").token_source(source))).await;
    assert_refused(outcome, "invalid_token");
}

#[tokio::test]
async fn a_session_outlives_what_the_broker_lets_it_last_by_being_renewed() {
    let security = in_the_open(sasl(SaslMechanism::Plain, "alice", PASSWORD));
    // A connection that the broker closes would be made again after this pause, and the test be late.
    let config = at(SASL_PLAINTEXT, security).reconnect_backoff(Duration::from_secs(60));
    let client = Client::connect(config).await.unwrap();
    #[allow(clippy::disallowed_methods, reason = "the session ends in real time")]
    let start = Instant::now();
    while start.elapsed() < 3 * SESSION {
        let asked = tokio::time::timeout(SESSION, client.refresh()).await;
        asked.expect("the connection lasts").unwrap();
    }
    client.close().await;
}

#[tokio::test]
async fn sasl_where_there_is_none_and_none_where_there_is_are_told_as_that() {
    let security = in_the_open(sasl(SaslMechanism::Plain, "alice", PASSWORD));
    assert_refused(connect(at(0, security)).await, "its listener has no SASL");
    let error = connect(at(SASL_PLAINTEXT, SecurityConfig::default())).await.unwrap_err();
    assert!(error.to_string().contains("as it does where SASL is wanted"), "{error}");
}
