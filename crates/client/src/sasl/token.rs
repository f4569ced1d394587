//! Tokens, and where they come from.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use crate::config::Secret;

/// Why there is no token.
pub type TokenError = Box<dyn StdError + Send + Sync>;

/// A token for OAUTHBEARER.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Token {
    /// As it was issued, usually a JWT.
    pub value: Secret,
    /// What is told besides, by name (KIP-342).
    pub extensions: Vec<(String, String)>,
}

impl Token {
    /// A token without extensions.
    pub fn new(value: impl Into<Secret>) -> Token {
        Token { value: value.into(), extensions: Vec::new() }
    }

    /// With one more extension.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Token {
        self.extensions.push((name.into(), value.into()));
        self
    }
}

/// Where tokens come from. It is asked whenever a connection is made, and again before a session ends that a broker limits
/// (KIP-368): so it should keep a token for as long as that is good.
///
/// That there is none is taken to pass, and what wanted it is tried again; an [`Error`](crate::Error) that is fatal, as
/// [`Error::Authentication`](crate::Error::Authentication), is taken to stay.
///
/// Every function that gives a future of a token is one:
///
/// ```
/// use ottla_client::config::SecurityConfig;
/// use ottla_client::sasl::{Token, TokenError};
///
/// async fn token() -> Result<Token, TokenError> {
///     Ok(Token::new("eyJhbGciOi..."))
/// }
///
/// let security = SecurityConfig::default().token_source(token);
/// ```
pub trait TokenSource: Send + Sync {
    /// A token that is good now.
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>>;
}

impl<F, T> TokenSource for F
where
    F: Fn() -> T + Send + Sync,
    T: Future<Output = Result<Token, TokenError>> + Send + 'static,
{
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(self())
    }
}

/// A source as options carry it: two are equal if they are the same.
#[derive(Clone)]
pub(crate) struct SharedTokenSource(Arc<dyn TokenSource>);

impl SharedTokenSource {
    pub(crate) fn new(source: impl TokenSource + 'static) -> SharedTokenSource {
        SharedTokenSource(Arc::new(source))
    }

    /// Where a program's source panics there is no token, and whoever connects or renews goes on.
    pub(super) async fn token(&self) -> Result<Token, TokenError> {
        let panicked = |_| TokenError::from("the source of tokens panicked");
        // Nothing of ours is seen half done: the future is not polled again, and the source is the program's.
        let mut token = catch_unwind(AssertUnwindSafe(|| self.0.token())).map_err(panicked)?;
        let caught =
            poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| token.as_mut().poll(context))) {
                Ok(polled) => polled.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            });
        caught.await.map_err(panicked)?
    }
}

impl PartialEq for SharedTokenSource {
    fn eq(&self, other: &SharedTokenSource) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for SharedTokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}
