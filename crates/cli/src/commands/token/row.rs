//! A token, as it is shown.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ottla_client::admin::{DelegationToken, Principal};
use serde::Serialize;

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
            owner: token.owner.to_string(),
            requester: token.requester.as_ref().map(Principal::to_string),
            renewers: token.renewers.iter().map(Principal::to_string).collect(),
            issued_at: Iso(token.issued_at).to_string(),
            expires_at: Iso(token.expires_at).to_string(),
            renewable_until: Iso(token.renewable_until).to_string(),
            hmac: BASE64_STANDARD.encode(&token.hmac),
        }
    }
}
