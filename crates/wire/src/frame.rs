//! Requests and responses with their headers.

use bytes::Bytes;

use crate::{
    ApiKey, DecodeError, Message, Reader, Writer,
    messages::{RequestHeader, ResponseHeader},
};

/// A request whose header has been read.
#[derive(Debug)]
pub struct RequestFrame {
    pub api: ApiKey,
    pub version: i16,
    pub correlation_id: i32,
    pub client_id: Option<bytestring::ByteString>,
    /// At the start of the body.
    pub body: Reader,
}

/// Why a frame is no request that could be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("unknown API key {0}")]
    UnknownApi(i16),
    #[error(transparent)]
    Malformed(#[from] DecodeError),
}

/// Reads the header of a request; `frame` is what follows the size.
pub fn decode_request(frame: Bytes) -> Result<RequestFrame, HeaderError> {
    let mut peek = Reader::new(frame.clone());
    let code = peek.i16()?;
    let version = peek.i16()?;
    let api = ApiKey::from_code(code).ok_or(HeaderError::UnknownApi(code))?;
    let mut body = Reader::of_request(frame);
    let header = RequestHeader::decode(&mut body, api.request_header_version(version))?;
    Ok(RequestFrame {
        api,
        version,
        correlation_id: header.correlation_id,
        client_id: header.client_id,
        body,
    })
}

/// Appends a response with size and header.
pub fn encode_response<M: Message>(w: &mut Writer, api: ApiKey, version: i16, correlation_id: i32, body: &M) {
    let start = w.begin_frame();
    ResponseHeader { correlation_id }.encode(w, api.response_header_version(version));
    body.encode(w, version);
    w.end_frame(start);
}

/// Appends a request with size and header.
pub fn encode_request<M: Message>(
    w: &mut Writer,
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
    body: &M,
) {
    let start = w.begin_frame();
    let header = RequestHeader {
        request_api_key: api.code(),
        request_api_version: version,
        correlation_id,
        client_id: client_id.map(Into::into),
    };
    header.encode(w, api.request_header_version(version));
    body.encode(w, version);
    w.end_frame(start);
}
