//! ApiVersions: what this broker serves, and which features are at which level.

use ottla_metadata::features;
use ottla_wire::{
    ApiKey, ErrorCode, Writer,
    frame::{self, RequestFrame},
    messages::{
        ApiVersionsRequest, ApiVersionsResponse,
        api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey},
    },
};

use super::{Context, SERVED};

pub(crate) async fn handle(context: &Context<'_>, request: ApiVersionsRequest) -> ApiVersionsResponse {
    if context.version >= 3 {
        let (name, version) = (&request.client_software_name, &request.client_software_version);
        if !is_software_name(name) || !is_software_name(version) {
            return ApiVersionsResponse {
                error_code: ErrorCode::InvalidRequest.code(),
                ..Default::default()
            };
        }
        // A client says it once for each connection; a second time changes nothing.
        let _said_before = context.connection.software.set((name.clone(), version.clone()));
    }
    let image = context.broker.metadata.image();
    let finalized = image.features().iter().map(|(name, level)| FinalizedFeatureKey {
        name: name.clone(),
        max_version_level: *level,
        min_version_level: *level,
    });
    ApiVersionsResponse {
        api_keys: SERVED.iter().map(|api| served(*api)).collect(),
        supported_features: supported_features(),
        finalized_features: finalized.collect(),
        finalized_features_epoch: context.broker.metadata.end_offset(),
        ..Default::default()
    }
}

fn supported_features() -> Vec<SupportedFeatureKey> {
    features::FEATURES
        .iter()
        .map(|feature| SupportedFeatureKey {
            name: feature.name.into(),
            min_version: *feature.supported.start(),
            max_version: *feature.supported.end(),
        })
        .collect()
}

fn served(api: ApiKey) -> ApiVersion {
    let versions = api.versions();
    // librdkafka takes a broker whose Produce does not begin at 0 for one that compresses nothing (KAFKA-18659).
    let min_version = if api == ApiKey::Produce { 0 } else { *versions.start() };
    ApiVersion { api_key: api.code(), min_version, max_version: *versions.end() }
}

/// Letters and digits, and dots and hyphens between them.
fn is_software_name(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'.';
    let outer = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    outer(bytes.first()) && outer(bytes.last()) && bytes.iter().all(|c| inner(*c))
}

/// The answer to a version that is not known: in version 0, which every client reads.
pub(crate) fn unsupported(frame: &RequestFrame, out: &mut Writer) {
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UnsupportedVersion.code(),
        api_keys: vec![served(ApiKey::ApiVersions)],
        ..Default::default()
    };
    frame::encode_response(out, ApiKey::ApiVersions, 0, frame.correlation_id, &response);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_names_are_letters_and_digits_with_dots_and_hyphens_between() {
        let cases = [
            ("kafka-go", true),
            ("1.2.3-rc1", true),
            ("a", true),
            ("", false),
            ("-a", false),
            ("a.", false),
            ("a b", false),
            ("ä", false),
        ];
        for (name, expected) in cases {
            assert_eq!(is_software_name(name), expected, "{name:?}");
        }
    }
}
