//! What is exchanged on a new connection before it is of use: which versions the broker serves, and who we are.

use std::sync::Arc;

use ottla_wire::messages::{ApiVersionsRequest, ApiVersionsResponse, ResponseHeader};
use ottla_wire::{ErrorCode, Message, Reader, Request, Writer, frame};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::authenticate::Ask;
use super::frames::{FrameError, Frames};
use super::parts::Parts;
use super::{Versions, api_of};
use crate::error::{OtherListener, ResponseError, TlsProblem};
use crate::{Error, Result};

/// How brokers show this library in their metrics (KIP-511).
const SOFTWARE_NAME: &str = "ottla-client";
const SOFTWARE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// How an alert begins, with which a TLS listener answers what it does not understand: its type, and 3 of the version.
const TLS_ALERT: i64 = 0x1503;

/// One request at a time on a new connection.
pub(super) struct Handshake<'a, R, W> {
    pub(super) frames: &'a mut Frames<R>,
    pub(super) writer: &'a mut W,
    pub(super) broker: &'a Arc<str>,
    pub(super) client_id: &'a str,
    pub(super) response_max: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Handshake<'_, R, W> {
    /// Asks which versions the broker serves. One that does not know our version of this very question answers in the version
    /// 0, and most say which they know.
    pub(super) async fn versions(&mut self) -> Result<Versions> {
        let mut version = ApiVersionsRequest::MAX_VERSION;
        loop {
            let response = self.ask_versions(version).await?;
            if response.error_code == ErrorCode::None.code() {
                return Ok(Versions::of(&response));
            }
            if response.error_code != ErrorCode::UnsupportedVersion.code() || version == 0 {
                let error = ResponseError::new(api_of::<ApiVersionsRequest>(), response.error_code);
                return Err(error.with_broker(self.broker.clone()).into());
            }
            version = older(version, &response);
        }
    }

    async fn ask_versions(&mut self, version: i16) -> Result<ApiVersionsResponse> {
        let request = ApiVersionsRequest {
            client_software_name: SOFTWARE_NAME.into(),
            client_software_version: SOFTWARE_VERSION.into(),
        };
        let mut body = self.exchange(&request, version).await?;
        // The error comes first in every version; with it the rest is of version 0.
        let start =
            body.slice(body.remaining()).map_err(|error| self.malformed::<ApiVersionsRequest>(error))?;
        let code = Reader::new(start.clone()).i16();
        let is_unsupported = code == Ok(ErrorCode::UnsupportedVersion.code());
        let version = if is_unsupported { 0 } else { version };
        let response = ApiVersionsResponse::decode(&mut Reader::new(start), version);
        match response {
            // Brokers before 2.4 answer with the error alone.
            Err(_truncated) if is_unsupported => Ok(ApiVersionsResponse {
                error_code: ErrorCode::UnsupportedVersion.code(),
                ..ApiVersionsResponse::default()
            }),
            response => response.map_err(|error| self.malformed::<ApiVersionsRequest>(error)),
        }
    }

    /// Makes a request, as what follows is made of.
    async fn request<Q: Request>(&mut self, request: &Q, version: i16) -> Result<Q::Response> {
        let mut body = self.exchange(request, version).await?;
        Q::Response::decode(&mut body, version).map_err(|error| self.malformed::<Q>(error))
    }

    /// Sends a request and reads its answer up to the body.
    async fn exchange<Q: Request>(&mut self, request: &Q, version: i16) -> Result<Reader> {
        let api = api_of::<Q>();
        let mut writer = Writer::new();
        frame::encode_request(&mut writer, api, version, 0, Some(self.client_id), request);
        let mut parts = Parts::default();
        parts.push(writer);
        self.writer.write_all_buf(&mut parts).await.map_err(|error| self.ended::<Q>(&error.into()))?;
        self.writer.flush().await.map_err(|error| self.ended::<Q>(&error.into()))?;
        let frame = self.frames.next().await.map_err(|error| self.ended::<Q>(&error))?;
        let mut reader = Reader::new(frame);
        let header = ResponseHeader::decode(&mut reader, api.response_header_version(version));
        match header {
            Ok(header) if header.correlation_id == 0 => Ok(reader),
            Ok(header) => {
                let reason = format!("an answer with the number {} instead of 0", header.correlation_id);
                Err(Error::Malformed { broker: self.broker.clone(), reason: reason.into() })
            }
            Err(error) => Err(self.malformed::<Q>(error)),
        }
    }

    fn malformed<Q: Request>(&self, error: ottla_wire::DecodeError) -> Error {
        let reason = format!("{}: {error}", api_of::<Q>().name());
        Error::Malformed { broker: self.broker.clone(), reason: reason.into() }
    }

    fn ended<Q: Request>(&self, error: &FrameError) -> Error {
        end(self.broker, error, self.response_max).unwrap_or_else(|| Error::Disconnected {
            broker: self.broker.clone(),
            api: api_of::<Q>(),
            reason: error.to_string().into(),
        })
    }
}

impl<R: AsyncRead + Unpin + Send, W: AsyncWrite + Unpin + Send> Ask for Handshake<'_, R, W> {
    fn broker(&self) -> &Arc<str> {
        self.broker
    }

    async fn ask<Q: Request + Sync>(&mut self, request: &Q, version: i16) -> Result<Q::Response> {
        self.request(request, version).await
    }
}

/// The error that tells more than that a connection ended, if there is more to tell.
pub(super) fn end(broker: &Arc<str>, error: &FrameError, max: usize) -> Option<Error> {
    match error {
        FrameError::TooLarge(size) if size >> 16 == TLS_ALERT => {
            Some(Error::Tls { broker: broker.clone(), problem: TlsProblem::Wanted })
        }
        FrameError::TooLarge(size) => Some(match OtherListener::of_size(*size) {
            Some(seems) => Error::OtherListener { broker: broker.clone(), seems },
            None => Error::ResponseTooLarge { broker: broker.clone(), size: *size, max },
        }),
        FrameError::Io(error) => {
            TlsProblem::of(error).map(|problem| Error::Tls { broker: broker.clone(), problem })
        }
        FrameError::Closed | FrameError::Stalled(_) => None,
    }
}

/// The version to ask in next: the newest that both know, if the broker told, else the oldest.
fn older(version: i16, response: &ApiVersionsResponse) -> i16 {
    let told = response.api_keys.iter().find(|key| key.api_key == ApiVersionsRequest::API_KEY);
    told.map_or(0, |key| key.max_version).clamp(0, version - 1)
}
