//! TLS: whom we trust, who we are, and the handshake.

use std::io;
#[cfg(feature = "oidc")]
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ConfigBuilder, RootCertStore, WantsVerifier};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::lenient::Lenient;
use super::pem::Pem;
use crate::config::SecurityConfig;
use crate::error::OtherListener;
use crate::{Error, Result};

/// Secures sockets.
pub(crate) struct Tls {
    connector: TlsConnector,
}

impl Tls {
    /// For brokers.
    pub(super) fn new(config: &SecurityConfig) -> Result<Tls> {
        let provider = Arc::new(ring::default_provider());
        let builder = versions(&provider);
        let builder = if !config.ssl_certificate_verification {
            let lenient = Lenient::believes_anybody(&provider);
            builder.dangerous().with_custom_certificate_verifier(Arc::new(lenient))
        } else if config.ssl_endpoint_identification {
            builder.with_root_certificates(trusted(config)?)
        } else {
            let roots = Arc::new(trusted(config)?);
            let chain = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
            let lenient = Lenient::believes_any_name(chain.expect("there are roots"), &provider);
            builder.dangerous().with_custom_certificate_verifier(Arc::new(lenient))
        };
        let client = match identity(config)? {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => builder
                .with_client_auth_cert(certificates.certificates()?, key.private_key()?)
                .map_err(|error| Error::Config(format!("{key}: {error}")))?,
        };
        Ok(Tls { connector: TlsConnector::from(Arc::new(client)) })
    }

    /// For others, whom those in a file vouch for that an option names, or else those whom the system trusts.
    #[cfg(feature = "oidc")]
    pub(crate) fn trusting(option: &'static str, path: Option<&Path>) -> Result<Tls> {
        let roots = match path {
            Some(path) => roots(&Pem::file(option, path)?)?,
            None => systems_roots(option)?,
        };
        let builder = versions(&Arc::new(ring::default_provider())).with_root_certificates(roots);
        Ok(Tls { connector: TlsConnector::from(Arc::new(builder.with_no_client_auth())) })
    }

    /// Shakes hands with a broker that was connected to by this host's name or address.
    pub(crate) async fn secure(&self, host: &str, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("no certificate is for {host:?}: {error}"))
        })?;
        self.connector.connect(name, tcp).await.map_err(|error| {
            let kind = error.kind();
            if !matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) {
                return error;
            }
            io::Error::new(kind, OtherListener::WithoutTls)
        })
    }
}

/// Neither keys nor certificates.
impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn versions(provider: &Arc<CryptoProvider>) -> ConfigBuilder<rustls::ClientConfig, WantsVerifier> {
    rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for the protocol's versions")
}

/// Whose signatures on the certificates of brokers are trusted.
fn trusted(config: &SecurityConfig) -> Result<RootCertStore> {
    let (option, told) = ("ssl.truststore.certificates", &config.ssl_truststore_certificates);
    match (&config.ssl_truststore_location, told) {
        (Some(_), Some(_)) => Err(twice("ssl.truststore.location", option)),
        (Some(path), None) => roots(&Pem::file("ssl.truststore.location", path)?),
        (None, Some(text)) => roots(&Pem::text(option, text)),
        (None, None) => systems_roots("ssl.truststore.location"),
    }
}

/// Whose signatures are trusted.
fn roots(pem: &Pem) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in pem.certificates()? {
        roots.add(certificate).map_err(|error| Error::Config(format!("{pem}: {error}")))?;
    }
    Ok(roots)
}

fn systems_roots(option: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(target: "ottla_client::connection", %error, "a certificate of the system cannot be read");
    }
    // Some systems ship certificates that are too old to be understood.
    let (_added, _ignored) = roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(Error::Config(format!(
            "{option}: the system trusts no certificate: name a PEM file with those to trust"
        )));
    }
    Ok(roots)
}

/// Where our certificates are and where our key is, if we have them.
fn identity(config: &SecurityConfig) -> Result<Option<(Pem, Pem)>> {
    let (chain_option, key_option) = ("ssl.keystore.certificate.chain", "ssl.keystore.key");
    let certificates = match (&config.ssl_keystore_location, &config.ssl_keystore_certificate_chain) {
        (Some(_), Some(_)) => return Err(twice("ssl.keystore.location", chain_option)),
        (Some(path), None) => Some(Pem::file("ssl.keystore.location", path)?),
        (None, Some(text)) => Some(Pem::text(chain_option, text)),
        (None, None) => None,
    };
    let key = match (&config.ssl_key_location, &config.ssl_keystore_key) {
        (Some(_), Some(_)) => return Err(twice("ssl.key.location", key_option)),
        (Some(path), None) => Some(Pem::file("ssl.key.location", path)?),
        (None, Some(text)) => Some(Pem::text(key_option, text.reveal())),
        // A file may have both.
        (None, None) if config.ssl_keystore_location.is_some() => certificates.clone(),
        (None, None) => None,
    };
    match (certificates, key) {
        (None, None) => Ok(None),
        (Some(certificates), Some(key)) => Ok(Some((certificates, key))),
        (Some(_), None) => Err(Error::Config(format!("{key_option}: {chain_option} wants it"))),
        (None, Some(key)) => {
            Err(Error::Config(format!("{key}: it wants {chain_option} or ssl.keystore.location")))
        }
    }
}

fn twice(one: &str, other: &str) -> Error {
    Error::Config(format!("{one} and {other}: set one of them"))
}
