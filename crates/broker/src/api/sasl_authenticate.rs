//! SaslAuthenticate: without SASL it comes at the wrong time, whenever it comes.

use ottla_wire::{
    ErrorCode,
    messages::{SaslAuthenticateRequest, SaslAuthenticateResponse},
};

use super::Context;

const MESSAGE: &str = "SaslAuthenticate request received after successful authentication";

pub(crate) async fn handle(
    _context: &Context<'_>,
    _request: SaslAuthenticateRequest,
) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse {
        error_code: ErrorCode::IllegalSaslState.code(),
        error_message: Some(MESSAGE.into()),
        ..Default::default()
    }
}
