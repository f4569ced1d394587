//! Credentials of SCRAM users.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use ottla_wire::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use ottla_wire::messages::describe_user_scram_credentials_request::UserName;
use ottla_wire::messages::{AlterUserScramCredentialsRequest, DescribeUserScramCredentialsRequest};

use super::{Admin, Results, text};
use crate::sasl::scram::{self, Hash};
use crate::{Error, Result};

/// The hash of a SCRAM exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScramMechanism {
    /// One that this client does not know.
    Unknown,
    /// SCRAM-SHA-256.
    Sha256,
    /// SCRAM-SHA-512.
    Sha512,
}

impl ScramMechanism {
    fn code(self) -> i8 {
        match self {
            ScramMechanism::Unknown => 0,
            ScramMechanism::Sha256 => 1,
            ScramMechanism::Sha512 => 2,
        }
    }

    fn told(code: i8) -> ScramMechanism {
        match code {
            1 => ScramMechanism::Sha256,
            2 => ScramMechanism::Sha512,
            _ => ScramMechanism::Unknown,
        }
    }
}

/// What is known of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScramCredential {
    /// The hash.
    pub mechanism: ScramMechanism,
    /// How often it is applied.
    pub iterations: i32,
}

/// A change of a user's credentials.
#[derive(Clone, PartialEq, Eq)]
pub enum ScramAlteration {
    /// The user has this one, instead of another for the same mechanism.
    Upsert {
        /// The user.
        user: Arc<str>,
        /// The hash, and how often it is applied: brokers take 4,096 to 16,384.
        credential: ScramCredential,
        /// The salt.
        salt: Bytes,
        /// The password, salted and hashed as RFC 5802 has it (`Hi`): the password itself never leaves the client.
        salted_password: Bytes,
    },
    /// The user has none for this mechanism.
    Delete {
        /// The user.
        user: Arc<str>,
        /// The mechanism.
        mechanism: ScramMechanism,
    },
}

impl ScramAlteration {
    /// Gives a user a password, under a salt of its own and as few hashes as brokers take.
    ///
    /// The password becomes what SASLprep (RFC 4013) makes of it, which differs from its text in rare characters alone.
    /// [`crate::Error::Config`] if the system gives no random bytes, or the mechanism is [`ScramMechanism::Unknown`].
    pub fn upsert(
        user: impl Into<Arc<str>>,
        mechanism: ScramMechanism,
        password: &str,
    ) -> Result<ScramAlteration> {
        ScramAlteration::upsert_hashed(user, mechanism, password, scram::ITERATIONS_MIN)
    }

    /// The same with so many hashes: guessing a password that was stolen takes as much longer.
    pub fn upsert_hashed(
        user: impl Into<Arc<str>>,
        mechanism: ScramMechanism,
        password: &str,
        iterations: NonZeroU32,
    ) -> Result<ScramAlteration> {
        let hash = match mechanism {
            ScramMechanism::Sha256 => Hash::Sha256,
            ScramMechanism::Sha512 => Hash::Sha512,
            ScramMechanism::Unknown => {
                return Err(Error::Config("a password wants a known mechanism".into()));
            }
        };
        let mut salt = [0; 24];
        scram::fill(&mut salt).map_err(Error::Config)?;
        let salted = hash.salted(password, &salt, iterations);
        let iterations = i32::try_from(iterations.get()).unwrap_or(i32::MAX);
        Ok(ScramAlteration::Upsert {
            user: user.into(),
            credential: ScramCredential::new(mechanism, iterations),
            salt: Bytes::copy_from_slice(&salt),
            salted_password: salted.into(),
        })
    }
}

impl ScramCredential {
    /// A credential by this hash.
    pub fn new(mechanism: ScramMechanism, iterations: i32) -> ScramCredential {
        ScramCredential { mechanism, iterations }
    }
}

/// Without what is secret.
impl fmt::Debug for ScramAlteration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScramAlteration::Upsert { user, credential, .. } => f
                .debug_struct("Upsert")
                .field("user", user)
                .field("credential", credential)
                .finish_non_exhaustive(),
            ScramAlteration::Delete { user, mechanism } => {
                f.debug_struct("Delete").field("user", user).field("mechanism", mechanism).finish()
            }
        }
    }
}

impl Admin {
    /// Which credentials users have; of these users or all.
    pub async fn describe_user_scram_credentials(
        &self,
        users: Option<&[&str]>,
    ) -> Result<Results<Arc<str>, Vec<ScramCredential>>> {
        let users = users.map(|users| users.iter().map(|name| UserName { name: (*name).into() }).collect());
        self.ask_any(&DescribeUserScramCredentialsRequest { users }, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            let results = response.results.iter().map(|user| {
                let credentials = user.credential_infos.iter().map(|info| ScramCredential {
                    mechanism: ScramMechanism::told(info.mechanism),
                    iterations: info.iterations,
                });
                let checked = answer.check(user.error_code, user.error_message.as_deref());
                (text(&user.user), checked.map(|()| credentials.collect()))
            });
            Ok(results.collect())
        })
        .await
    }

    /// Changes credentials; an answer for each user.
    pub async fn alter_user_scram_credentials(
        &self,
        alterations: &[ScramAlteration],
    ) -> Result<Results<Arc<str>, ()>> {
        let mut request = AlterUserScramCredentialsRequest::default();
        for alteration in alterations {
            match alteration {
                ScramAlteration::Upsert { user, credential, salt, salted_password } => {
                    request.upsertions.push(ScramCredentialUpsertion {
                        name: (&**user).into(),
                        mechanism: credential.mechanism.code(),
                        iterations: credential.iterations,
                        salt: salt.clone(),
                        salted_password: salted_password.clone(),
                    });
                }
                ScramAlteration::Delete { user, mechanism } => {
                    let name = (&**user).into();
                    request.deletions.push(ScramCredentialDeletion { name, mechanism: mechanism.code() });
                }
            }
        }
        self.ask_controller(&request, |response, answer| {
            answer.check_carried_out(response.results.iter().map(|user| user.error_code))?;
            let results = response.results.iter();
            Ok(results
                .map(|it| (text(&it.user), answer.check(it.error_code, it.error_message.as_deref())))
                .collect())
        })
        .await
    }
}
