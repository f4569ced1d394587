//! Delegation tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ottla_wire::messages::create_delegation_token_request::CreatableRenewers;
use ottla_wire::messages::describe_delegation_token_request::DescribeDelegationTokenOwner;
use ottla_wire::messages::{
    CreateDelegationTokenRequest, DescribeDelegationTokenRequest, ExpireDelegationTokenRequest,
    RenewDelegationTokenRequest,
};

use super::{Admin, text};
use crate::Result;

/// Somebody, as brokers know them: `User:alice`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    /// `User`, as a rule.
    pub kind: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

/// `User:alice`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

impl Principal {
    /// A user.
    pub fn user(name: &str) -> Principal {
        Principal::new("User", name)
    }

    fn new(kind: &str, name: &str) -> Principal {
        Principal { kind: text(kind), name: text(name) }
    }
}

/// What a new token is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewToken {
    /// Whose it is; none: the client's own.
    pub owner: Option<Principal>,
    /// Who may renew it besides the owner.
    pub renewers: Vec<Principal>,
    /// After what time it cannot be renewed any more; none leaves it to the broker.
    pub lifetime_max: Option<Duration>,
}

/// A token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DelegationToken {
    /// Its id: the user's name when it is used to authenticate.
    pub id: Arc<str>,
    /// The password that goes with it.
    pub hmac: Bytes,
    /// Whose it is.
    pub owner: Principal,
    /// Who asked for it, where brokers tell.
    pub requester: Option<Principal>,
    /// Who may renew it.
    pub renewers: Vec<Principal>,
    /// When it was made, in milliseconds since the epoch.
    pub issued_at: i64,
    /// Until when it is valid.
    pub expires_at: i64,
    /// Until when it can be renewed.
    pub renewable_until: i64,
}

/// Without what is secret.
impl fmt::Debug for DelegationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DelegationToken");
        shown.field("id", &self.id).field("owner", &self.owner).field("renewers", &self.renewers);
        shown.field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl Admin {
    /// Makes a token.
    pub async fn create_delegation_token(&self, token: &NewToken) -> Result<DelegationToken> {
        let renewers = token.renewers.iter().map(|renewer| CreatableRenewers {
            principal_type: (&*renewer.kind).into(),
            principal_name: (&*renewer.name).into(),
        });
        let request = CreateDelegationTokenRequest {
            owner_principal_type: token.owner.as_ref().map(|owner| (&*owner.kind).into()),
            owner_principal_name: token.owner.as_ref().map(|owner| (&*owner.name).into()),
            renewers: renewers.collect(),
            max_lifetime_ms: token.lifetime_max.map_or(-1, millis),
        };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, None)?;
            Ok(DelegationToken {
                id: text(&response.token_id),
                hmac: response.hmac,
                owner: Principal::new(&response.principal_type, &response.principal_name),
                requester: requester(
                    &response.token_requester_principal_type,
                    &response.token_requester_principal_name,
                ),
                renewers: token.renewers.clone(),
                issued_at: response.issue_timestamp_ms,
                expires_at: response.expiry_timestamp_ms,
                renewable_until: response.max_timestamp_ms,
            })
        })
        .await
    }

    /// Lets a token live longer, by so much or by the broker's default; gives until when it is valid now.
    pub async fn renew_delegation_token(&self, hmac: &Bytes, by: Option<Duration>) -> Result<i64> {
        let request =
            RenewDelegationTokenRequest { hmac: hmac.clone(), renew_period_ms: by.map_or(-1, millis) };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, None)?;
            Ok(response.expiry_timestamp_ms)
        })
        .await
    }

    /// Ends a token after so much time, or at once; gives until when it is valid now.
    pub async fn expire_delegation_token(&self, hmac: &Bytes, after: Option<Duration>) -> Result<i64> {
        let request = ExpireDelegationTokenRequest {
            hmac: hmac.clone(),
            expiry_time_period_ms: after.map_or(-1, millis),
        };
        self.ask_controller(&request, |response, answer| {
            answer.check(response.error_code, None)?;
            Ok(response.expiry_timestamp_ms)
        })
        .await
    }

    /// Tokens that the client may see; of these owners or all.
    pub async fn describe_delegation_tokens(
        &self,
        owners: Option<&[Principal]>,
    ) -> Result<Vec<DelegationToken>> {
        let owners = owners.map(|owners| {
            let named = owners.iter().map(|owner| DescribeDelegationTokenOwner {
                principal_type: (&*owner.kind).into(),
                principal_name: (&*owner.name).into(),
            });
            named.collect()
        });
        self.ask_any(&DescribeDelegationTokenRequest { owners }, |response, answer| {
            answer.check(response.error_code, None)?;
            let tokens = response.tokens.iter().map(|token| DelegationToken {
                id: text(&token.token_id),
                hmac: token.hmac.clone(),
                owner: Principal::new(&token.principal_type, &token.principal_name),
                requester: requester(
                    &token.token_requester_principal_type,
                    &token.token_requester_principal_name,
                ),
                renewers: token
                    .renewers
                    .iter()
                    .map(|renewer| Principal::new(&renewer.principal_type, &renewer.principal_name))
                    .collect(),
                issued_at: token.issue_timestamp,
                expires_at: token.expiry_timestamp,
                renewable_until: token.max_timestamp,
            });
            Ok(tokens.collect())
        })
        .await
    }
}

fn requester(kind: &str, name: &str) -> Option<Principal> {
    (!name.is_empty()).then(|| Principal::new(kind, name))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
