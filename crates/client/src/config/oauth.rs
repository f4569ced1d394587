//! Where the tokens of OAUTHBEARER come from.

use std::path::PathBuf;

use super::Secret;
use super::declare::{Options, options};
use super::parse::{optional, path, secret, string};
#[cfg(feature = "oidc")]
use crate::sasl::ClientCredentials;
use crate::sasl::{SharedTokenSource, TokenSource};
use crate::{Error, Result};

options! {
    /// Options of OAUTHBEARER.
    pub struct OAuthConfig {
        /// The endpoint that gives tokens for client credentials (RFC 6749, 4.4): `https://...`.
        token_endpoint_url: Option<String> = None, "sasl.oauthbearer.token.endpoint.url", optional(string);
        /// This client's id at the endpoint.
        client_id: Option<String> = None, "sasl.oauthbearer.client.credentials.client.id", optional(string);
        /// This client's secret at the endpoint.
        client_secret: Option<Secret> = None, "sasl.oauthbearer.client.credentials.client.secret", optional(secret);
        /// What the token is to be good for, if the endpoint wants to know.
        scope: Option<String> = None, "sasl.oauthbearer.scope", optional(string);
        /// A PEM file with the certificates of those whom the endpoint's certificate may be signed by. By default those that
        /// the system trusts. (librdkafka's option.)
        ca_location: Option<PathBuf> = None, "https.ca.location", optional(path);
        ..token_source: TokenSourceOption = "A source of one's own: see [`super::SecurityConfig::token_source`].";
    }
}

/// A source of tokens, if there is one. It has no name in property files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenSourceOption(Option<SharedTokenSource>);

impl TokenSourceOption {
    /// A source.
    pub fn of(source: impl TokenSource + 'static) -> TokenSourceOption {
        TokenSourceOption(Some(SharedTokenSource::new(source)))
    }
}

impl Options for TokenSourceOption {
    fn keys() -> Vec<&'static str> {
        Vec::new()
    }

    fn set(&mut self, _key: &str, _text: &str) -> Result<bool, String> {
        Ok(false)
    }
}

impl OAuthConfig {
    /// Whether there is a source.
    pub(super) fn check(&self) -> Result<()> {
        self.source().map(drop)
    }

    /// The program's own source, else the endpoint.
    pub(crate) fn source(&self) -> Result<SharedTokenSource> {
        match (&self.token_source.0, &self.token_endpoint_url) {
            (Some(source), _) => Ok(source.clone()),
            (None, Some(endpoint)) => self.endpoint(endpoint),
            (None, None) => {
                let text = "sasl.oauthbearer.token.endpoint.url: OAUTHBEARER wants it, or a source of tokens";
                Err(Error::Config(text.into()))
            }
        }
    }

    #[cfg(feature = "oidc")]
    fn endpoint(&self, url: &str) -> Result<SharedTokenSource> {
        let (Some(id), Some(secret)) = (&self.client_id, &self.client_secret) else {
            let text = "sasl.oauthbearer.client.credentials.client.id and .client.secret: the token endpoint wants both";
            return Err(Error::Config(text.into()));
        };
        let mut source = ClientCredentials::new(url, id.clone(), secret.clone());
        source.scope = self.scope.clone();
        source.ca_location = self.ca_location.clone();
        source.check()?;
        Ok(SharedTokenSource::new(source))
    }

    #[cfg(not(feature = "oidc"))]
    fn endpoint(&self, _url: &str) -> Result<SharedTokenSource> {
        let text = "sasl.oauthbearer.token.endpoint.url: ottla-client was built without its feature oidc";
        Err(Error::Config(text.into()))
    }
}
