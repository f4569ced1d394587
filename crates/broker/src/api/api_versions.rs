//! ApiVersions: what this broker serves, and which features are at which level.

use ottla_metadata::{
    Image,
    features::{self, Feature},
};
use ottla_wire::{
    ApiKey, ErrorCode, Writer,
    frame::{self, RequestFrame},
    messages::{
        ApiVersionsRequest, ApiVersionsResponse,
        api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey},
    },
};

use super::{Context, SERVED, legacy};

/// The first version in which the levels of a feature may begin at 0.
const LEVEL_0_FROM: i16 = 4;

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
    let with_removed = legacy::is_on(context);
    ApiVersionsResponse {
        api_keys: SERVED.iter().map(|api| served(*api, with_removed)).collect(),
        supported_features: supported_features(context.version),
        finalized_features: finalized_features(&context.broker.metadata.image()),
        finalized_features_epoch: context.broker.metadata.end_offset(),
        ..Default::default()
    }
}

/// The metadata has the levels of all features that a cluster of this version has. Clients are told of those whose
/// requests are served, so that none begins what cannot be done.
fn is_told(feature: &str) -> bool {
    let needed = match feature {
        "group.version" => ApiKey::ConsumerGroupHeartbeat,
        "share.version" => ApiKey::ShareGroupHeartbeat,
        "streams.version" => ApiKey::StreamsGroupHeartbeat,
        "transaction.version" => ApiKey::EndTxn,
        _ => return true,
    };
    SERVED.contains(&needed)
}

fn finalized_features(image: &Image) -> Vec<FinalizedFeatureKey> {
    let told = image.features().iter().filter(|(name, _)| is_told(name));
    told.map(|(name, level)| FinalizedFeatureKey {
        name: name.clone(),
        max_version_level: *level,
        min_version_level: *level,
    })
    .collect()
}

/// Clients that ask in an earlier version cannot read a feature whose levels begin at 0 (KAFKA-17011).
fn supported_features(version: i16) -> Vec<SupportedFeatureKey> {
    let can_read = |feature: &&Feature| version >= LEVEL_0_FROM || *feature.supported.start() > 0;
    let told = features::FEATURES.iter().filter(|feature| is_told(feature.name));
    told.filter(can_read)
        .map(|feature| SupportedFeatureKey {
            name: feature.name.into(),
            min_version: *feature.supported.start(),
            max_version: *feature.supported.end(),
        })
        .collect()
}

fn served(api: ApiKey, with_removed: bool) -> ApiVersion {
    let versions = if with_removed { api.versions_with_removed() } else { api.versions() };
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
        api_keys: vec![served(ApiKey::ApiVersions, false)],
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
