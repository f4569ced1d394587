//! Who a client is to a broker: SASL.
//!
//! What each mechanism says is decided here, without a socket; `connection` carries it to the broker and back. For OAUTHBEARER a
//! program brings a [`TokenSource`], or names a token endpoint in [`crate::config::OAuthConfig`].

#[cfg(feature = "oidc")]
mod client_credentials;
mod oauth_bearer;
pub(crate) mod scram;
mod token;

use bytes::Bytes;

use crate::config::{Credentials, SaslMechanism, SecurityConfig};
use crate::{Error, Result};
#[cfg(feature = "oidc")]
pub use client_credentials::ClientCredentials;
use scram::{ClientFinal, ClientFirst};
pub(crate) use token::SharedTokenSource;
pub use token::{Token, TokenError, TokenSource};

/// How a client proves who it is.
#[derive(Debug)]
pub(crate) struct Sasl {
    mechanism: SaslMechanism,
    proof: Proof,
}

#[derive(Debug)]
enum Proof {
    Password(Credentials),
    Token(SharedTokenSource),
}

/// One time that a client proves it. A mechanism's messages, one after the other.
pub(crate) enum Exchange {
    /// All is said.
    Said(Bytes),
    /// Errors come as a message that wants an answer (RFC 7628, 3.2.3).
    OAuthBearer(Bytes),
    /// Boxed: the other messages are small.
    ScramFirst(Box<ClientFirst>),
    ScramFinal(Box<ClientFinal>),
}

/// Why there is nothing to say.
#[derive(Debug)]
pub(crate) enum NotBegun {
    /// There is no token now; later there may be one.
    NoToken(String),
    /// Nor will there be.
    Impossible(String),
}

impl From<String> for NotBegun {
    fn from(reason: String) -> NotBegun {
        NotBegun::Impossible(reason)
    }
}

impl NotBegun {
    /// What a source's error means: only one of ours that is fatal says that asking again is in vain.
    fn without_token(error: &TokenError) -> NotBegun {
        if error.downcast_ref::<Error>().is_some_and(Error::is_fatal) {
            return NotBegun::Impossible(format!("there is no token: {error}"));
        }
        NotBegun::NoToken(error.to_string())
    }
}

/// What follows a broker's message.
pub(crate) enum Step {
    /// Say this.
    Say(Exchange),
    /// Both are content.
    Done,
}

impl Sasl {
    /// None if the configuration wants no SASL.
    pub(crate) fn new(config: &SecurityConfig) -> Result<Option<Sasl>> {
        if !config.security_protocol.has_sasl() {
            return Ok(None);
        }
        config.check()?;
        let mechanism = config.sasl_mechanism.expect("it was checked that there is one");
        let proof = match mechanism {
            SaslMechanism::OAuthBearer => Proof::Token(config.oauth.source()?),
            SaslMechanism::Plain | SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512 => {
                Proof::Password(config.credentials().expect("it was checked that there are some"))
            }
        };
        Ok(Some(Sasl { mechanism, proof }))
    }

    /// The mechanism's name on the wire.
    pub(crate) fn mechanism(&self) -> &'static str {
        self.mechanism.name()
    }

    /// Begins. Waits for a token where one is wanted; what is wrong is told in words.
    ///
    /// Cancel-safe.
    pub(crate) async fn begin(&self) -> Result<Exchange, NotBegun> {
        let credentials = match &self.proof {
            Proof::Password(credentials) => credentials,
            Proof::Token(source) => {
                let token = source.token().await.map_err(|error| NotBegun::without_token(&error))?;
                return Ok(Exchange::OAuthBearer(oauth_bearer::initial(&token)?));
            }
        };
        let hash = match self.mechanism {
            SaslMechanism::ScramSha256 => scram::Hash::Sha256,
            SaslMechanism::ScramSha512 => scram::Hash::Sha512,
            SaslMechanism::Plain | SaslMechanism::OAuthBearer => {
                return Ok(Exchange::Said(plain(credentials)?));
            }
        };
        let first = ClientFirst::new(hash, credentials, scram::nonce()?);
        Ok(Exchange::ScramFirst(Box::new(first)))
    }
}

impl Exchange {
    /// What is to be said now.
    pub(crate) fn message(&self) -> Bytes {
        match self {
            Exchange::Said(message) | Exchange::OAuthBearer(message) => message.clone(),
            Exchange::ScramFirst(first) => first.message().into(),
            Exchange::ScramFinal(last) => last.message().to_owned().into(),
        }
    }

    /// What follows from a broker's answer to that.
    ///
    /// Cancel-safe.
    pub(crate) async fn answered(self, answer: Bytes) -> Result<Step, String> {
        match self {
            Exchange::Said(_) => Ok(Step::Done),
            Exchange::OAuthBearer(_) if answer.is_empty() => Ok(Step::Done),
            Exchange::OAuthBearer(_) => Ok(Step::Say(Exchange::Said(oauth_bearer::UNDERSTOOD))),
            Exchange::ScramFirst(first) => {
                // So many hashes take milliseconds, which the threads of the runtime are not to be kept for.
                let hashing = tokio::task::spawn_blocking(move || first.answered(&answer));
                let last = hashing.await.map_err(|error| error.to_string())??;
                Ok(Step::Say(Exchange::ScramFinal(Box::new(last))))
            }
            Exchange::ScramFinal(last) => last.verify(&answer).map(|()| Step::Done),
        }
    }
}

/// RFC 4616, where a NUL separates.
fn plain(credentials: &Credentials) -> Result<Bytes, String> {
    let (user, password) = (&credentials.username, credentials.password.reveal());
    if user.contains('\0') || password.contains('\0') {
        return Err("PLAIN can tell no name and no password with a NUL in it".into());
    }
    Ok(format!("\0{user}\0{password}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plain_says_user_and_password_and_is_done() {
        let exchange = Exchange::Said(plain(&Credentials::new("alice", "secret")).unwrap());
        assert_eq!(exchange.message(), "\0alice\0secret");
        assert!(matches!(exchange.answered(Bytes::new()).await, Ok(Step::Done)));
        assert!(plain(&Credentials::new("alice", "se\0cret")).is_err());
    }

    #[tokio::test]
    async fn an_error_of_oauthbearer_is_understood_before_it_is_told() {
        let exchange = Exchange::OAuthBearer(Bytes::new());
        let step = exchange.answered(Bytes::from_static(b"{\"status\":\"invalid_token\"}")).await;
        let Ok(Step::Say(exchange)) = step else { panic!("it is to be answered") };
        assert_eq!(exchange.message(), "\x01");
    }
}
