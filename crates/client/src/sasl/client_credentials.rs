//! Tokens out of an OpenID provider's token endpoint, for a client's own credentials (RFC 6749, 4.4).

use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, OnceCell};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::{Token, TokenError, TokenSource};
use crate::config::Secret;
use crate::transport::Tls;
use crate::{Error, Result, clock};

/// After this part of the time for which a token is good another is asked for.
const FRESH_FOR: f64 = 0.8;
/// Where there is no other it is used for this part of the time: brokers whose clocks are ahead still take it.
const USED_FOR: f64 = 0.97;
/// While there is a token that can be used, an endpoint is not waited for longer, so that there is time left to connect.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// Nor is it asked again for so long when it gave none.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// No token is kept for longer, whatever the endpoint says: what is far too long is no point in time any more.
const GOOD_FOR_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// More than any endpoint answers.
const ANSWER_MAX: usize = 1024 * 1024;

/// A client that is known to a token endpoint. A token is kept for most of the time for which it is good, and nearly all of it
/// while the endpoint gives no other.
///
/// Properties make one: `sasl.oauthbearer.token.endpoint.url` and those beside it, see [`crate::config::OAuthConfig`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// Where tokens are asked for: `https://issuer.example/token`.
    pub endpoint: String,
    /// The client's id.
    pub id: String,
    /// The client's secret.
    pub secret: Secret,
    /// What tokens are to be good for, if the endpoint wants to know.
    pub scope: Option<String>,
    /// A PEM file with those who vouch for the endpoint; none for those whom the system trusts. Read once, for the first token.
    pub ca_location: Option<PathBuf>,
    kept: Mutex<Option<Kept>>,
    tls: OnceCell<Tls>,
}

#[derive(Debug)]
struct Kept {
    token: Token,
    /// From then on another is asked for.
    fresh_until: Instant,
    /// From then on brokers may refuse it.
    good_until: Instant,
}

/// Where the endpoint is.
struct Place {
    uri: Uri,
    host: String,
    port: u16,
    has_tls: bool,
}

impl ClientCredentials {
    /// A client without a scope.
    pub fn new(
        endpoint: impl Into<String>,
        id: impl Into<String>,
        secret: impl Into<Secret>,
    ) -> ClientCredentials {
        ClientCredentials {
            endpoint: endpoint.into(),
            id: id.into(),
            secret: secret.into(),
            scope: None,
            ca_location: None,
            kept: Mutex::default(),
            tls: OnceCell::new(),
        }
    }

    /// Whether the endpoint is one.
    pub(crate) fn check(&self) -> Result<()> {
        self.place().map(drop).map_err(|reason| {
            Error::Config(format!("sasl.oauthbearer.token.endpoint.url: {}: {reason}", self.endpoint))
        })
    }

    fn place(&self) -> Result<Place, String> {
        let uri: Uri = self.endpoint.parse().map_err(|error| format!("{error}"))?;
        let (default_port, has_tls) = match uri.scheme_str() {
            Some("https") => (443, true),
            Some("http") => (80, false),
            _ => return Err("it begins neither with https:// nor with http://".into()),
        };
        let host = uri.host().ok_or("it has no host")?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(default_port);
        Ok(Place { uri, host, port, has_tls })
    }

    async fn ask(&self) -> Result<(Token, Option<Duration>), TokenError> {
        let place = self.place()?;
        let request = self.request(&place)?;
        let tcp = TcpStream::connect((&*place.host, place.port)).await;
        let tcp = tcp.map_err(|error| format!("{}: {error}", self.endpoint))?;
        let (status, body) = if place.has_tls {
            let stream = self.tls().await?.secure(&place.host, tcp).await;
            exchange(stream.map_err(|error| format!("{}: {error}", self.endpoint))?, request).await
        } else {
            exchange(tcp, request).await
        }
        .map_err(|error| format!("{}: {error}", self.endpoint))?;
        read(status, &body).map_err(|reason| self.refusal(status, reason))
    }

    /// Asks, for no longer than while there is time to go on with a token that is kept.
    async fn ask_in_time(&self) -> Result<(Token, Option<Duration>), TokenError> {
        let late = || format!("{}: no answer within {ANSWERED_WITHIN:?}", self.endpoint);
        timeout(ANSWERED_WITHIN, self.ask()).await.unwrap_or_else(|_elapsed| Err(late().into()))
    }

    /// An endpoint that does not know the client, or gives it nothing, says so with these (RFC 6749, 5.2). All else may be a
    /// proxy before it, or pass.
    fn refusal(&self, status: StatusCode, reason: String) -> TokenError {
        if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Error::Authentication { broker: (&*self.endpoint).into(), reason: reason.into() }.into();
        }
        format!("{}: {reason}", self.endpoint).into()
    }

    /// Reads files, which the threads of the runtime are not to be kept for.
    async fn tls(&self) -> Result<&Tls, TokenError> {
        let reading = || async {
            let location = self.ca_location.clone();
            let read = spawn_blocking(move || Tls::trusting("https.ca.location", location.as_deref()));
            Ok(read.await??)
        };
        self.tls.get_or_try_init(reading).await
    }

    fn request(&self, place: &Place) -> Result<Request<Full<Bytes>>, TokenError> {
        let user = format!("{}:{}", encoded(&self.id), encoded(self.secret.reveal()));
        let mut body = "grant_type=client_credentials".to_owned();
        if let Some(scope) = &self.scope {
            body.push_str("&scope=");
            body.push_str(&encoded(scope));
        }
        let path = place.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = place.uri.authority().map_or("", |authority| authority.as_str());
        let request = Request::post(path)
            .header(HOST, host)
            .header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(user)))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        Ok(request.body(Full::from(body))?)
    }
}

impl TokenSource for ClientCredentials {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(async {
            // Those who want one at the same time share one request.
            let mut kept = self.kept.lock().await;
            let asked_at = clock::now();
            let answered = match &mut *kept {
                Some(kept) if asked_at < kept.fresh_until => return Ok(kept.token.clone()),
                Some(kept) if asked_at < kept.good_until => match self.ask_in_time().await {
                    Err(error) => return Ok(kept.instead_of(&error, clock::now())),
                    answered => answered,
                },
                Some(_) | None => self.ask().await,
            };
            let (token, good_for) = answered?;
            *kept = good_for.map(|good_for| Kept::new(token.clone(), asked_at, good_for));
            Ok(token)
        })
    }
}

impl Kept {
    fn new(token: Token, asked_at: Instant, good_for: Duration) -> Kept {
        let after = |part| asked_at + good_for.mul_f64(part);
        Kept { token, fresh_until: after(FRESH_FOR), good_until: after(USED_FOR) }
    }

    /// The token, where there is no other.
    fn instead_of(&mut self, error: &TokenError, now: Instant) -> Token {
        tracing::warn!(target: "ottla_client::connection", %error, "no new token: the one that is kept is used on");
        self.fresh_until = self.good_until.min(now + ASKED_AGAIN_AFTER);
        self.token.clone()
    }
}

/// One request on a connection of its own.
async fn exchange<S, B>(stream: S, request: Request<B>) -> Result<(StatusCode, Bytes), TokenError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let asking = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await?;
        Ok((status, body.to_bytes()))
    };
    // The connection ends when nobody can ask any more.
    let (answered, _ended) = tokio::join!(asking, connection);
    answered
}

/// A token, and for how long it is good.
fn read(status: StatusCode, body: &[u8]) -> Result<(Token, Option<Duration>), String> {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(token) = json["access_token"].as_str()
        && status.is_success()
    {
        let good_for = json["expires_in"].as_u64().map(Duration::from_secs);
        return Ok((Token::new(token), good_for.map(|good_for| good_for.min(GOOD_FOR_MAX))));
    }
    let told = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    let words = [status.to_string(), told("error"), told("error_description")];
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    Err(format!("no token: {}", words.join(", ")))
}

/// As forms have it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_token_or_says_why_not() {
        let ok = |body: &str| read(StatusCode::OK, body.as_bytes());
        let (token, good_for) =
            ok(r#"{"access_token":"abc","token_type":"Bearer","expires_in":300}"#).unwrap();
        assert_eq!((token, good_for), (Token::new("abc"), Some(Duration::from_secs(300))));
        assert_eq!(ok(r#"{"access_token":"abc"}"#).unwrap().1, None);
        let (token, good_for) = ok(r#"{"access_token":"abc","expires_in":18446744073709551615}"#).unwrap();
        let kept = Kept::new(token, clock::now(), good_for.unwrap());
        assert!(kept.good_until > clock::now());
        for (status, body, expected) in [
            (
                StatusCode::UNAUTHORIZED,
                r#"{"error":"invalid_client","error_description":"who?"}"#,
                "no token: 401 Unauthorized, invalid_client, who?",
            ),
            (StatusCode::UNAUTHORIZED, r#"{"access_token":"abc"}"#, "no token: 401 Unauthorized"),
            (StatusCode::OK, "<html>", "no token: 200 OK"),
            (StatusCode::OK, "", "no token: 200 OK"),
        ] {
            assert_eq!(read(status, body.as_bytes()).unwrap_err(), expected);
        }
    }

    /// Of a port at which nobody listens.
    async fn out_of_reach() -> ClientCredentials {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        ClientCredentials::new(format!("http://127.0.0.1:{port}/token"), "id", "secret")
    }

    #[tokio::test]
    async fn a_token_is_used_until_it_is_not_good_any_more_while_there_is_no_other() {
        let source = out_of_reach().await;
        let now = clock::now();
        let good_until = now + Duration::from_secs(3600);
        *source.kept.lock().await = Some(Kept { token: Token::new("abc"), fresh_until: now, good_until });
        assert_eq!(source.token().await.unwrap(), Token::new("abc"));
        let fresh_until = source.kept.lock().await.as_ref().unwrap().fresh_until;
        assert!(fresh_until > now && fresh_until < good_until, "it is asked again, but not at once");

        *source.kept.lock().await =
            Some(Kept { token: Token::new("abc"), fresh_until: now, good_until: now });
        let error = source.token().await.unwrap_err();
        assert!(error.to_string().starts_with(&source.endpoint), "{error}");
        assert!(error.downcast_ref::<Error>().is_none(), "it may pass");
    }

    #[test]
    fn only_what_the_endpoint_itself_says_of_the_client_stays() {
        let source = ClientCredentials::new("https://issuer.example/token", "id", "secret");
        for (code, stays) in [(400, true), (401, true), (403, true), (404, false), (429, false), (503, false)]
        {
            let error = source.refusal(StatusCode::from_u16(code).unwrap(), "no token".into());
            assert!(error.to_string().contains("https://issuer.example/token"), "{error}");
            assert_eq!(error.downcast_ref::<Error>().is_some_and(Error::is_fatal), stays, "{code}");
        }
    }

    #[test]
    fn an_endpoint_is_a_url() {
        for (endpoint, expected) in [
            ("https://issuer.example/token", Some(("issuer.example", 443, true))),
            ("http://[::1]:8080/realms/a/token?b=c", Some(("::1", 8080, false))),
            ("ftp://issuer.example", None),
            ("issuer.example", None),
            ("", None),
        ] {
            let place = ClientCredentials::new(endpoint, "", "").place().ok();
            let found = place.as_ref().map(|place| (&*place.host, place.port, place.has_tls));
            assert_eq!(found, expected, "{endpoint}");
        }
    }

    #[test]
    fn what_is_not_plain_is_encoded() {
        assert_eq!(encoded("a b&c=d+é~"), "a%20b%26c%3Dd%2B%C3%A9~");
    }
}
