//! Which requests a broker serves.

use std::collections::BTreeMap;

use ottla_client::{BrokerId, Call, Client, Destination, Result};
use ottla_wire::messages::ApiVersionsRequest;

/// The first and last version of a request that a broker serves, by the request's number.
pub(crate) type Served = BTreeMap<i16, (i16, i16)>;

pub(crate) async fn served_by(client: &Client, broker: BrokerId) -> Result<Served> {
    let request = ApiVersionsRequest {
        client_software_name: env!("CARGO_PKG_NAME").into(),
        client_software_version: env!("CARGO_PKG_VERSION").into(),
    };
    let reply = client.request(&Call::to(Destination::Broker(broker)), &request).await?;
    let versions = reply.response.api_keys.iter();
    Ok(versions.map(|api| (api.api_key, (api.min_version, api.max_version))).collect())
}
