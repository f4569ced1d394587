//! Listeners with TLS.

use std::path::PathBuf;

use ottla_client::config::{ClientConfig, SecurityConfig, SecurityProtocol};
use ottla_client::error::TlsProblem;
use ottla_client::{Client, Error};

use super::{bootstrap, config, variable};

/// How far the ports of the secured listeners are from the first.
const SSL: u16 = 2;

fn certificates() -> PathBuf {
    variable("KAFKA_CERTIFICATES", "the folder that tests/kafka/listeners filled").into()
}

/// One of the other listeners.
pub(crate) fn at(distance: u16, security: SecurityConfig) -> ClientConfig {
    let bootstrap = bootstrap();
    let (host, port) = bootstrap.rsplit_once(':').expect("host and port");
    let port: u16 = port.parse().expect("a port");
    config().bootstrap_servers(vec![format!("{host}:{}", port + distance)]).security(security)
}

pub(crate) fn tls() -> SecurityConfig {
    SecurityConfig::default()
        .security_protocol(SecurityProtocol::Ssl)
        .ssl_truststore_location(certificates().join("authority.pem"))
}

fn known(security: SecurityConfig) -> SecurityConfig {
    security.ssl_keystore_location(certificates().join("client.pem"))
}

/// Asks for the brokers, which is refused where a connection is.
pub(crate) async fn connect(config: ClientConfig) -> Result<(), Error> {
    let client = Client::connect(config).await?;
    assert_eq!(client.cluster().brokers().count(), 1);
    client.close().await;
    Ok(())
}

#[tokio::test]
async fn a_client_with_a_certificate_is_let_in_and_one_without_is_told_that_it_needs_one() {
    connect(at(SSL, known(tls()))).await.unwrap();
    let error = connect(at(SSL, tls())).await.unwrap_err();
    assert!(matches!(error, Error::Tls { problem: TlsProblem::OurCertificate(_), .. }), "{error}");
}

#[tokio::test]
async fn a_broker_whose_certificate_is_not_trusted_is_told_as_that() {
    // Our own is no authority.
    let security = known(tls()).ssl_truststore_location(certificates().join("client.crt"));
    let error = connect(at(SSL, security)).await.unwrap_err();
    assert!(matches!(error, Error::Tls { problem: TlsProblem::Untrusted(_), .. }), "{error}");
}

#[tokio::test]
async fn tls_where_there_is_none_and_none_where_there_is_are_told_as_that() {
    let error = connect(at(0, known(tls()))).await.unwrap_err();
    assert!(error.to_string().contains("a listener has no TLS"), "{error}");
    let error = connect(at(SSL, SecurityConfig::default())).await.unwrap_err();
    assert!(matches!(error, Error::Tls { problem: TlsProblem::Wanted, .. }), "{error}");
}
