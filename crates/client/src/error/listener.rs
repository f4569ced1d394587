//! Listeners that are of another kind than `security.protocol` says.

use std::io;

/// What a listener seems to be, by how it treats us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtherListener {
    /// It wants to know who we are before all else. Brokers say that only to themselves.
    #[error("the broker closed the connection before it answered anything, as it does where SASL is wanted")]
    WantsSasl,
    /// It takes the handshake of TLS for a request that is far too large.
    #[error("the connection ended within the TLS handshake, as it does where a listener has no TLS")]
    WithoutTls,
    /// It belongs to a web server.
    #[error("it speaks HTTP, not Kafka's protocol")]
    Http,
}

/// How an answer in HTTP begins, taken for the size of one in Kafka's protocol.
const HTTP: i64 = i32::from_be_bytes(*b"HTTP") as i64;

impl OtherListener {
    /// What a socket's error tells of its listener, if it tells something.
    pub(crate) fn of(error: &io::Error) -> Option<OtherListener> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// Of whom an answer of such a size is.
    pub(crate) fn of_size(size: i64) -> Option<OtherListener> {
        (size == HTTP).then_some(OtherListener::Http)
    }

    /// Whether a broker that stops may look the same.
    pub(super) fn may_pass(self) -> bool {
        match self {
            OtherListener::WantsSasl | OtherListener::WithoutTls => true,
            OtherListener::Http => false,
        }
    }

    pub(super) fn advice(self) -> &'static str {
        match self {
            OtherListener::WantsSasl => {
                "if it wants SASL set security.protocol to SASL_SSL, or SASL_PLAINTEXT where it has no TLS, and sasl.mechanism and sasl.jaas.config"
            }
            OtherListener::WithoutTls => {
                "if it has no TLS set security.protocol to PLAINTEXT or SASL_PLAINTEXT, or take another port"
            }
            OtherListener::Http => "take another port: one on which a broker listens for Kafka's clients",
        }
    }
}
