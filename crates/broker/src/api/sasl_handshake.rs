//! SaslHandshake: listeners have no SASL, and say so in a way that clients understand.

use ottla_wire::{
    ErrorCode,
    messages::{SaslHandshakeRequest, SaslHandshakeResponse},
};

use super::Context;

pub(crate) async fn handle(_context: &Context<'_>, _request: SaslHandshakeRequest) -> SaslHandshakeResponse {
    SaslHandshakeResponse { error_code: ErrorCode::IllegalSaslState.code(), ..Default::default() }
}
