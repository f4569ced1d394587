//! SCRAM (RFC 5802, RFC 7677): both sides prove that they know a password, and neither tells it.
//!
//! ```text
//! client-first   n,,n=user,r=nonce
//! server-first   r=nonce and more,s=salt,i=iterations
//! client-final   c=biws,r=nonce and more,p=proof
//! server-final   v=signature     or e=error
//! ```

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac, pbkdf2};

use crate::config::Credentials;

/// Fewer hashes than these would protect no password (RFC 7677).
pub(crate) const ITERATIONS_MIN: NonZeroU32 = NonZeroU32::new(4_096).expect("it is not 0");
/// More would keep a client busy for seconds. Apache Kafka's brokers want 16,384 at most.
const ITERATIONS_MAX: NonZeroU32 = NonZeroU32::new(1_000_000).expect("it is not 0");
/// The header of a client that binds the exchange to no channel, and its base 64.
const NO_CHANNEL: &str = "n,,";
const NO_CHANNEL_BASE64: &str = "biws";

/// Which hash is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        self.hmac().digest_algorithm()
    }

    /// `Hi` of RFC 5802: a password as brokers keep it, salted and hashed so often.
    pub(crate) fn salted(self, password: &str, salt: &[u8], iterations: NonZeroU32) -> Vec<u8> {
        let algorithm = match self {
            Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        let mut salted = vec![0; self.digest().output_len()];
        pbkdf2::derive(algorithm, iterations, salt, prepared(password).as_bytes(), &mut salted);
        salted
    }
}

/// As SASLprep (RFC 4013) has it; a text that it forbids as it is, since brokers may have been told it so.
fn prepared(text: &str) -> std::borrow::Cow<'_, str> {
    stringprep::saslprep(text).unwrap_or(text.into())
}

/// Random bytes that nobody can foretell, in base 64, which has no comma.
pub(crate) fn nonce() -> Result<String, String> {
    let mut bytes = [0; 24];
    fill(&mut bytes)?;
    Ok(STANDARD.encode(bytes))
}

/// Random bytes that nobody can foretell.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), String> {
    SystemRandom::new().fill(bytes).map_err(|_unspecified| "the system gives no random bytes".into())
}

/// After nothing was said.
pub(crate) struct ClientFirst {
    hash: Hash,
    password: String,
    nonce: String,
    bare: String,
}

/// After the broker told its salt.
pub(crate) struct ClientFinal {
    message: String,
    server_key: hmac::Key,
    auth_message: String,
}

impl ClientFirst {
    pub(super) fn new(hash: Hash, credentials: &Credentials, nonce: String) -> ClientFirst {
        let user = prepared(&credentials.username).replace('=', "=3D").replace(',', "=2C");
        let token = if credentials.is_delegation_token { ",tokenauth=true" } else { "" };
        let bare = format!("n={user},r={nonce}{token}");
        ClientFirst { hash, password: credentials.password.reveal().to_owned(), nonce, bare }
    }

    pub(super) fn message(&self) -> String {
        format!("{NO_CHANNEL}{}", self.bare)
    }

    /// What follows the broker's first message.
    pub(super) fn answered(self, server_first: &[u8]) -> Result<ClientFinal, String> {
        let server_first = text(server_first)?;
        let mut fields = server_first.split(',');
        let mut field = |name| value(fields.next(), name);
        let (nonce, salt, iterations) = (field("r=")?, field("s=")?, field("i=")?);
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err("the broker answered another client's nonce".into());
        }
        let salt = STANDARD.decode(salt).map_err(|error| format!("the broker's salt: {error}"))?;
        let iterations = told_iterations(iterations)?;

        let salted = hmac::Key::new(self.hash.hmac(), &self.hash.salted(&self.password, &salt, iterations));
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest(), client_key.as_ref());
        let without_proof = format!("c={NO_CHANNEL_BASE64},r={nonce}");
        let auth_message = format!("{},{server_first},{without_proof}", self.bare);
        let signing = hmac::Key::new(self.hash.hmac(), stored_key.as_ref());
        let signature = hmac::sign(&signing, auth_message.as_bytes());
        let proof = client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, byte)| key ^ byte);
        let proof = STANDARD.encode(proof.collect::<Vec<u8>>());
        let server_key = hmac::Key::new(self.hash.hmac(), hmac::sign(&salted, b"Server Key").as_ref());
        Ok(ClientFinal { message: format!("{without_proof},p={proof}"), server_key, auth_message })
    }
}

impl ClientFinal {
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Whether the broker knows the password too.
    pub(super) fn verify(&self, server_final: &[u8]) -> Result<(), String> {
        let message = text(server_final)?;
        if let Some(error) = message.strip_prefix("e=") {
            return Err(format!("the broker said {error:?}"));
        }
        let signature = value(message.split(',').next(), "v=")?;
        let signature =
            STANDARD.decode(signature).map_err(|error| format!("the broker's signature: {error}"))?;
        // In constant time.
        hmac::verify(&self.server_key, self.auth_message.as_bytes(), &signature).map_err(|_unspecified| {
            "the broker could not prove that it knows the password: it may be an impostor".into()
        })
    }
}

fn told_iterations(text: &str) -> Result<NonZeroU32, String> {
    let iterations = text.parse().ok().filter(|count| (ITERATIONS_MIN..=ITERATIONS_MAX).contains(count));
    iterations.ok_or_else(|| {
        format!(
            "the broker wants {text:?} iterations, which is not from {ITERATIONS_MIN} to {ITERATIONS_MAX}"
        )
    })
}

fn text(message: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(message).map_err(|_not_text| "the broker's message is no text".into())
}

fn value<'a>(field: Option<&'a str>, name: &str) -> Result<&'a str, String> {
    field
        .and_then(|field| field.strip_prefix(name))
        .ok_or_else(|| format!("the broker's message lacks {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER_FIRST: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn first(user: &str, password: &str) -> ClientFirst {
        ClientFirst::new(Hash::Sha256, &Credentials::new(user, password), "rOprNGfwEbeRWgbNEkqO".into())
    }

    #[test]
    fn the_exchange_is_that_of_rfc_7677() {
        let first = first("user", "pencil");
        assert_eq!(first.message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let last = first.answered(SERVER_FIRST.as_bytes()).unwrap();
        assert_eq!(
            last.message(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        last.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").unwrap();
    }

    #[test]
    fn a_broker_that_does_not_know_the_password_is_found_out() {
        for (server_final, expected) in [
            ("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "impostor"),
            ("v=", "impostor"),
            ("v=?", "signature"),
            ("e=other-error", "other-error"),
            ("", "lacks v="),
        ] {
            let last = first("user", "pencil").answered(SERVER_FIRST.as_bytes()).unwrap();
            let error = last.verify(server_final.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{server_final}: {error}");
        }
    }

    #[test]
    fn what_is_no_answer_to_our_nonce_or_asks_too_much_is_refused() {
        for (server_first, expected) in [
            ("r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "another client's nonce"),
            ("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "another client's nonce"),
            ("m=extension,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "lacks r="),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095", "iterations"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4294967295", "iterations"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=", "iterations"),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096", "salt"),
            ("r=rOprNGfwEbeRWgbNEkqOx", "lacks s="),
            ("", "lacks r="),
        ] {
            let error = first("user", "pencil").answered(server_first.as_bytes()).map(drop).unwrap_err();
            assert!(error.contains(expected), "{server_first}: {error}");
        }
        assert!(first("user", "pencil").answered(&[0xff]).is_err());
    }

    #[test]
    fn names_are_prepared_and_what_separates_fields_is_escaped() {
        for (user, expected) in
            [("a=b,c", "n,,n=a=3Db=2Cc,r="), ("\u{2168}", "n,,n=IX,r="), ("a\u{ad}b", "n,,n=ab,r=")]
        {
            assert!(first(user, "pencil").message().starts_with(expected), "{user:?}");
        }
        assert_eq!(prepared("a\u{7}"), "a\u{7}");
    }

    #[test]
    fn a_delegation_token_is_told_to_be_one() {
        let credentials = Credentials::new("id", "hmac").delegation_token();
        let first = ClientFirst::new(Hash::Sha512, &credentials, "nonce".into());
        assert_eq!(first.message(), "n,,n=id,r=nonce,tokenauth=true");
    }
}
