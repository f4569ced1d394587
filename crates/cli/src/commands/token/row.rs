//! A token, and those whom it concerns.

use anyhow::Result;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use ottla_client::admin::{DelegationToken, Principal};
use serde::Serialize;

use crate::exit::usage;
use crate::output::{Answer, Column, Layout};
use crate::timestamp::Iso;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenRow {
    token_id: String,
    owner: String,
    requester: Option<String>,
    renewers: Vec<String>,
    issued_at: String,
    expires_at: String,
    renewable_until: String,
    /// The password that goes with the id.
    hmac: String,
}

impl Answer for TokenRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("TOKEN-ID", "tokenId"),
        Column::new("OWNER", "owner"),
        Column::wide("REQUESTER", "requester"),
        Column::new("RENEWERS", "renewers"),
        Column::wide("ISSUED-AT", "issuedAt"),
        Column::new("EXPIRES-AT", "expiresAt"),
        Column::new("RENEWABLE-UNTIL", "renewableUntil"),
        Column::wide("HMAC", "hmac"),
    ]);
}

impl From<&DelegationToken> for TokenRow {
    fn from(token: &DelegationToken) -> TokenRow {
        TokenRow {
            token_id: token.id.to_string(),
            owner: name(&token.owner),
            requester: token.requester.as_ref().map(name),
            renewers: token.renewers.iter().map(name).collect(),
            issued_at: Iso(token.issued_at).to_string(),
            expires_at: Iso(token.expires_at).to_string(),
            renewable_until: Iso(token.renewable_until).to_string(),
            hmac: BASE64_STANDARD.encode(&token.hmac),
        }
    }
}

fn name(principal: &Principal) -> String {
    format!("{}:{}", principal.kind, principal.name)
}

pub(super) fn principal(text: &str) -> Result<Principal> {
    match text.split_once(':') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => {
            Ok(Principal { kind: kind.into(), name: name.into() })
        }
        _ => Err(usage(format!("{text}: name who as User:{text}"))),
    }
}
