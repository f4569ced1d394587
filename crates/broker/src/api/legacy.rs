//! The request versions that Kafka 4.0 removed: whether they are served, and to whom they were.

use bytestring::ByteString;

use super::{Context, Refused};
use crate::{clock, metrics::OldClient};

/// Whether they are served on the connection's listener, as `ottla.legacy.versions` has it now.
pub(super) fn is_on(context: &Context<'_>) -> bool {
    context.broker.config().legacy.is_on(&context.connection.listener)
}

/// Whether the request's version is served. One that Kafka 4.0 removed is noted, so that its client can be found.
///
/// Versions of today cost a comparison here.
pub(super) fn check_version(context: &Context<'_>) -> Result<(), Refused> {
    let (api, version) = (context.api, context.version);
    if api.versions().contains(&version) {
        return Ok(());
    }
    if !api.is_removed(version) || !is_on(context) {
        return Err(Refused::NotServed { api, version });
    }
    note(context);
    Ok(())
}

/// What is kept of names that clients give themselves.
const NAME_MAX: usize = 255;

/// Counts the request, and once an hour tells of it in the log.
fn note(context: &Context<'_>) {
    let unknown = || ByteString::from_static("unknown");
    let said = context.connection.software.get();
    let owned = |name: &ByteString| ByteString::from(shortened(name).to_owned());
    let said = said.map(|(name, version)| (owned(name), owned(version)));
    let (software, software_version) = said.unwrap_or_else(|| (unknown(), unknown()));
    let client = OldClient {
        software,
        software_version,
        address: context.connection.peer.ip(),
        api: context.api,
        version: context.version,
    };
    if context.broker.metrics.old_clients.seen(&client, shortened(&context.client_id), clock::now()) {
        tracing::warn!(
            software = %client.software,
            version = %client.software_version,
            address = %client.address,
            client_id = %context.client_id,
            listener = %context.connection.listener,
            api = client.api.name(),
            api_version = client.version,
            "a client uses a request version that Apache Kafka 4.0 removed"
        );
    }
}

fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_MAX)]
}
