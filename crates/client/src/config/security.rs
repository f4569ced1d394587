//! How connections are secured.

use std::path::PathBuf;

use super::Secret;
use super::declare::options;
use super::oauth::{OAuthConfig, TokenSourceOption};
use super::parse::{Parsed, boolean, named, optional, path, secret, string};
use crate::sasl::TokenSource;
use crate::{Error, Result};

/// What lies between the protocol and the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// Nothing.
    Plaintext,
    /// TLS.
    Ssl,
    /// SASL: the user is told, and everything is sent in the open.
    SaslPlaintext,
    /// SASL within TLS.
    SaslSsl,
}

impl SecurityProtocol {
    /// Whether connections are encrypted.
    pub fn has_tls(self) -> bool {
        matches!(self, SecurityProtocol::Ssl | SecurityProtocol::SaslSsl)
    }

    /// Whether the user authenticates by SASL.
    pub fn has_sasl(self) -> bool {
        matches!(self, SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl)
    }
}

/// How a user proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslMechanism {
    /// The password itself.
    Plain,
    /// A proof that the password is known, by SHA-256 (RFC 7677).
    ScramSha256,
    /// A proof that the password is known, by SHA-512.
    ScramSha512,
    /// A token that somebody else issued.
    OAuthBearer,
}

impl SaslMechanism {
    /// The name as brokers know it.
    pub fn name(self) -> &'static str {
        match self {
            SaslMechanism::Plain => "PLAIN",
            SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
            SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
            SaslMechanism::OAuthBearer => "OAUTHBEARER",
        }
    }
}

/// A user and its password.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: Secret,
    /// Whether these are the id and the HMAC of a delegation token (KIP-48), which SCRAM takes.
    pub is_delegation_token: bool,
}

impl Credentials {
    /// Those of a user.
    pub fn new(username: impl Into<String>, password: impl Into<Secret>) -> Credentials {
        Credentials { username: username.into(), password: password.into(), is_delegation_token: false }
    }

    /// The same, of a delegation token.
    #[must_use]
    pub fn delegation_token(mut self) -> Credentials {
        self.is_delegation_token = true;
        self
    }
}

options! {
    /// Options of TLS and SASL. Certificates and keys are PEM; Java's own keystores are not read.
    pub struct SecurityConfig {
        /// What lies between the protocol and the socket.
        security_protocol: SecurityProtocol = SecurityProtocol::Plaintext, "security.protocol", named;
        /// How the user proves who it is.
        sasl_mechanism: Option<SaslMechanism> = None, "sasl.mechanism", |text| named(text).map(Some);
        /// User and password as a line of JAAS: `... required username="u" password="p";`
        sasl_jaas_config: Option<Credentials> = None, "sasl.jaas.config", |text| jaas(text).map(Some);
        /// The user's name, if it is not in `sasl.jaas.config`.
        sasl_username: Option<String> = None, "sasl.username", optional(string);
        /// The user's password, if it is not in `sasl.jaas.config`.
        sasl_password: Option<Secret> = None, "sasl.password", optional(secret);
        /// A file with the certificates of those whom brokers' certificates may be signed by. By default those that the system
        /// trusts.
        ssl_truststore_location: Option<PathBuf> = None, "ssl.truststore.location", optional(path);
        /// The same as text.
        ssl_truststore_certificates: Option<String> = None, "ssl.truststore.certificates", optional(string);
        /// A file with this client's certificate chain, and with its private key if that is nowhere else.
        ssl_keystore_location: Option<PathBuf> = None, "ssl.keystore.location", optional(path);
        /// A file with the private key. (librdkafka's option: Java has it in the file with the certificates.)
        ssl_key_location: Option<PathBuf> = None, "ssl.key.location", optional(path);
        /// This client's certificate chain as text.
        ssl_keystore_certificate_chain: Option<String> = None, "ssl.keystore.certificate.chain", optional(string);
        /// The private key as text.
        ssl_keystore_key: Option<Secret> = None, "ssl.keystore.key", optional(secret);
        /// Whether the certificate of a broker must be signed by one of those; if not, anybody between can read and change what is
        /// sent. (librdkafka's option.)
        ssl_certificate_verification: bool = true, "enable.ssl.certificate.verification", boolean;
        /// Whether the certificate of a broker must be for the host that was connected to.
        ssl_endpoint_identification: bool = true, "ssl.endpoint.identification.algorithm", identification;
        ..oauth: OAuthConfig = "Where the tokens of OAUTHBEARER come from.";
    }
}

impl SecurityConfig {
    /// The user and its password, from whichever option has them.
    pub fn credentials(&self) -> Option<Credentials> {
        let separate = || {
            let (username, password) = (self.sasl_username.clone()?, self.sasl_password.clone()?);
            Some(Credentials::new(username, password))
        };
        self.sasl_jaas_config.clone().or_else(separate)
    }

    /// With the tokens of OAUTHBEARER from a source of one's own.
    #[must_use]
    pub fn token_source(mut self, source: impl TokenSource + 'static) -> SecurityConfig {
        self.oauth.token_source = TokenSourceOption::of(source);
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !self.security_protocol.has_sasl() {
            return Ok(());
        }
        let Some(mechanism) = self.sasl_mechanism else {
            return Err(Error::Config(
                "sasl.mechanism: name one: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER".into(),
            ));
        };
        if mechanism == SaslMechanism::OAuthBearer {
            return self.oauth.check();
        }
        if self.credentials().is_none() {
            let text =
                "sasl.username and sasl.password, or sasl.jaas.config: SASL wants a user and a password";
            return Err(Error::Config(text.into()));
        }
        Ok(())
    }
}

/// Kafka's way to switch it off is an empty text; librdkafka's is `none`.
fn identification(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Ok(true),
        "" | "none" => Ok(false),
        _ => Err(format!("{text:?} is neither https nor empty")),
    }
}

/// What is wrong with it is told without its text, which has the password.
fn jaas(text: &str) -> Parsed<Credentials> {
    let value =
        |name: &str| jaas_value(text, name).ok_or_else(|| format!("there is no {name}=\"...\" in it"));
    let credentials = Credentials::new(value("username")?, value("password")?);
    let is_token = jaas_value(text, "tokenauth").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    Ok(if is_token { credentials.delegation_token() } else { credentials })
}

/// The text between quotes after `name=`, where a backslash takes the next character as it is.
fn jaas_value(text: &str, name: &str) -> Option<String> {
    let found = text.match_indices(name).find(|(at, _)| {
        let before = text[..*at].chars().next_back();
        let after = text[at + name.len()..].trim_start();
        before.is_none_or(char::is_whitespace) && after.starts_with('=')
    });
    let rest = text[found?.0 + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut value = String::new();
    let mut characters = rest[1..].chars();
    loop {
        match characters.next()? {
            '\\' => value.push(characters.next()?),
            end if end == quote => return Some(value),
            other => value.push(other),
        }
    }
}
