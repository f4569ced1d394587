//! Where the tokens of OAUTHBEARER come from.

use super::Secret;
use super::declare::{Options, options};
use super::parse::{optional, secret, string};
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

    pub(crate) fn source(&self) -> Result<SharedTokenSource> {
        self.token_source
            .0
            .clone()
            .ok_or_else(|| Error::Config("OAUTHBEARER: give a source of tokens".into()))
    }
}
