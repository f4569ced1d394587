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
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Token, TokenError, TokenSource};
use crate::config::Secret;
use crate::transport::Tls;
use crate::{Error, Result, clock};

/// A token is used for this part of the time for which it is good.
const USED_FOR: f64 = 0.8;
/// More than any endpoint answers.
const ANSWER_MAX: usize = 1024 * 1024;

/// A client that is known to a token endpoint. A token is kept for most of the time for which it is good.
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
    /// A PEM file with those who vouch for the endpoint; none for those whom the system trusts.
    pub ca_location: Option<PathBuf>,
    kept: Mutex<Option<(Token, Instant)>>,
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
            let tls = Tls::trusting("https.ca.location", self.ca_location.as_deref())?;
            let stream = tls.secure(&place.host, tcp).await;
            exchange(stream.map_err(|error| format!("{}: {error}", self.endpoint))?, request).await
        } else {
            exchange(tcp, request).await
        }
        .map_err(|error| format!("{}: {error}", self.endpoint))?;
        read(status, &body).map_err(|reason| format!("{}: {reason}", self.endpoint).into())
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
            if let Some((token, until)) = &*kept
                && clock::now() < *until
            {
                return Ok(token.clone());
            }
            let (token, good_for) = self.ask().await?;
            *kept = good_for.map(|good_for| (token.clone(), clock::now() + good_for.mul_f64(USED_FOR)));
            Ok(token)
        })
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
        return Ok((Token::new(token), json["expires_in"].as_u64().map(Duration::from_secs)));
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
