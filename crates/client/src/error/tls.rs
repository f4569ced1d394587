//! Why there is no TLS with a broker.

use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError};

/// Why TLS could not be agreed on, with what the library that does it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The broker's certificate is signed by nobody who is trusted.
    #[error("its certificate is not trusted: {0}")]
    Untrusted(Arc<str>),
    /// The broker's certificate is for other hosts than the one that was connected to.
    #[error("its certificate is not for this host: {0}")]
    WrongHost(Arc<str>),
    /// The broker's certificate has expired, or is not valid yet.
    #[error("its certificate is not valid now: {0}")]
    NotValidNow(Arc<str>),
    /// The broker wants a certificate of the client, or does not accept the one that it got.
    #[error("it does not accept who we are: {0}")]
    OurCertificate(Arc<str>),
    /// What came is not TLS.
    #[error("what it sends is not TLS")]
    NotSpoken,
    /// The broker speaks TLS, and we do not.
    #[error("it speaks TLS, and was spoken to without")]
    Wanted,
    /// Anything else.
    #[error("{0}")]
    Other(Arc<str>),
}

impl TlsProblem {
    /// What an input or output error of a socket has to do with TLS, if it has.
    pub(crate) fn of(error: &io::Error) -> Option<TlsProblem> {
        let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        let reason = Arc::from(error.to_string());
        if let rustls::Error::InvalidCertificate(certificate) = error {
            return Some(of_certificate(certificate, reason));
        }
        if matches!(error, rustls::Error::InvalidMessage(_)) {
            return Some(TlsProblem::NotSpoken);
        }
        if matches!(error, rustls::Error::AlertReceived(alert) if is_about_us(*alert)) {
            return Some(TlsProblem::OurCertificate(reason));
        }
        Some(TlsProblem::Other(reason))
    }

    pub(crate) fn advice(&self) -> Option<&'static str> {
        match self {
            TlsProblem::Untrusted(_) => {
                Some("name a PEM file with the certificate of who signed it in ssl.truststore.location")
            }
            TlsProblem::WrongHost(_) => Some(
                "connect to a host that it is for, or have the broker advertise that; an empty ssl.endpoint.identification.algorithm trusts it for any host",
            ),
            TlsProblem::NotValidNow(_) => {
                Some("renew the broker's certificate, and see that clocks are right")
            }
            TlsProblem::OurCertificate(_) => {
                Some("name a certificate and key that the broker trusts in ssl.keystore.location")
            }
            TlsProblem::NotSpoken => Some(
                "the listener has no TLS: set security.protocol to PLAINTEXT or SASL_PLAINTEXT, or take another port",
            ),
            TlsProblem::Wanted => Some("set security.protocol to SSL or SASL_SSL, or take another port"),
            TlsProblem::Other(_) => None,
        }
    }
}

fn of_certificate(error: &CertificateError, reason: Arc<str>) -> TlsProblem {
    if matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) {
        return TlsProblem::WrongHost(reason);
    }
    let is_a_matter_of_time = matches!(
        error,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    );
    if is_a_matter_of_time { TlsProblem::NotValidNow(reason) } else { TlsProblem::Untrusted(reason) }
}

fn is_about_us(alert: AlertDescription) -> bool {
    const ABOUT_US: [AlertDescription; 7] = [
        AlertDescription::CertificateRequired,
        AlertDescription::NoCertificate,
        AlertDescription::BadCertificate,
        AlertDescription::UnknownCA,
        AlertDescription::CertificateUnknown,
        AlertDescription::CertificateExpired,
        AlertDescription::AccessDenied,
    ];
    ABOUT_US.contains(&alert)
}
