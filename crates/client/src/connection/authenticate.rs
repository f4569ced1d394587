//! Telling a broker who we are: SASL within requests (KIP-43, KIP-152), and again before a session ends (KIP-368).

use std::sync::Arc;
use std::time::Duration;

use ottla_wire::messages::{SaslAuthenticateRequest, SaslHandshakeRequest, SaslHandshakeResponse};
use ottla_wire::{ErrorCode, Request};
use tokio::time::Instant;

use super::{Versions, api_of};
use crate::error::ResponseError;
use crate::sasl::{NotBegun, Sasl, Step};
use crate::{Error, Result, clock, random};

/// A session is renewed when at least this part of it is over, and at most that, as Java's clients do: not all at once.
const RENEWED_AFTER: (f64, f64) = (0.85, 0.95);

/// Makes requests one at a time on a connection where nothing else is said meanwhile.
pub(super) trait Ask {
    fn broker(&self) -> &Arc<str>;

    fn ask<Q: Request + Sync>(
        &mut self,
        request: &Q,
        version: i16,
    ) -> impl Future<Output = Result<Q::Response>> + Send;
}

/// Who a connection's user is, for as long as the broker lets it be.
pub(super) struct Session {
    sasl: Arc<Sasl>,
    renew_at: Option<Instant>,
}

impl Session {
    /// Authenticates anew.
    pub(super) async fn begin(
        sasl: &Arc<Sasl>,
        versions: &Versions,
        asking: &mut impl Ask,
    ) -> Result<Session> {
        let lifetime = authenticate(sasl, versions, asking).await?;
        let renew_at = lifetime.map(|lifetime| {
            let (least, most) = RENEWED_AFTER;
            clock::now() + lifetime.mul_f64(least + (most - least) * random::fraction())
        });
        Ok(Session { sasl: sasl.clone(), renew_at })
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.renew_at.is_some_and(|at| at <= now)
    }

    /// Begins again, on the same connection.
    pub(super) async fn renew(&mut self, versions: &Versions, asking: &mut impl Ask) -> Result<()> {
        *self = Session::begin(&self.sasl, versions, asking).await?;
        Ok(())
    }
}

/// Says what the mechanism says until broker and client are content. Gives how long the session may last, if that is limited.
async fn authenticate(sasl: &Sasl, versions: &Versions, asking: &mut impl Ask) -> Result<Option<Duration>> {
    let broker = asking.broker().clone();
    let refused = |reason: String| Error::Authentication { broker: broker.clone(), reason: reason.into() };
    agree_on_mechanism(sasl, versions, asking).await?;
    let version = versions.choose::<SaslAuthenticateRequest>(&broker, &(0..=i16::MAX))?;
    let mut exchange = sasl.begin().await.map_err(|why| match why {
        NotBegun::NoToken(reason) => Error::NoToken { broker: broker.clone(), reason: reason.into() },
        NotBegun::Impossible(reason) => refused(reason),
    })?;
    loop {
        let request = SaslAuthenticateRequest { auth_bytes: exchange.message() };
        let response = asking.ask(&request, version).await?;
        check(response.error_code, response.error_message.as_deref(), sasl, &broker)?;
        match exchange.answered(response.auth_bytes).await.map_err(refused)? {
            Step::Say(next) => exchange = next,
            Step::Done => {
                let lifetime = u64::try_from(response.session_lifetime_ms).unwrap_or(0);
                return Ok((lifetime > 0).then(|| Duration::from_millis(lifetime)));
            }
        }
    }
}

async fn agree_on_mechanism(sasl: &Sasl, versions: &Versions, asking: &mut impl Ask) -> Result<()> {
    let broker = asking.broker().clone();
    // In version 0 what follows is not within requests, as with Kafka before 1.0.
    let version = versions.choose::<SaslHandshakeRequest>(&broker, &(1..=i16::MAX))?;
    let request = SaslHandshakeRequest { mechanism: sasl.mechanism().into() };
    let response = asking.ask(&request, version).await?;
    match ErrorCode::from_code(response.error_code) {
        Some(ErrorCode::None) => Ok(()),
        Some(ErrorCode::UnsupportedSaslMechanism) => {
            Err(Error::Authentication { broker, reason: offer(sasl, &response).into() })
        }
        Some(ErrorCode::IllegalSaslState) => {
            let reason =
                "its listener has no SASL: set security.protocol to PLAINTEXT or SSL, or take another port";
            Err(Error::Authentication { broker, reason: reason.into() })
        }
        _ => {
            let error = ResponseError::new(api_of::<SaslHandshakeRequest>(), response.error_code);
            Err(error.with_broker(broker).into())
        }
    }
}

fn offer(sasl: &Sasl, response: &SaslHandshakeResponse) -> String {
    let offered: Vec<&str> = response.mechanisms.iter().map(|name| &**name).collect();
    format!("it does not take {}, but {}", sasl.mechanism(), offered.join(", "))
}

fn check(code: i16, message: Option<&str>, sasl: &Sasl, broker: &Arc<str>) -> Result<()> {
    if code == ErrorCode::None.code() {
        return Ok(());
    }
    if code == ErrorCode::SaslAuthenticationFailed.code() {
        let reason = match message {
            Some(message) if !message.is_empty() => message.into(),
            _ => format!("it does not say why; the mechanism is {}", sasl.mechanism()).into(),
        };
        return Err(Error::Authentication { broker: broker.clone(), reason });
    }
    let error = ResponseError::new(api_of::<SaslAuthenticateRequest>(), code);
    Err(error.with_message(message).with_broker(broker.clone()).into())
}
