//! Who uses request versions that Kafka 4.0 removed, for programs to read.

use std::{net::IpAddr, time::Instant};

use serde::Serialize;

use crate::metrics::{OldClient, OldClients, Seen};

/// The clients that are told apart, the latest first, and what is known of the others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacyClients {
    clients: Vec<LegacyClient>,
    other_requests: u64,
}

/// One use of one version.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LegacyClient {
    software: String,
    software_version: String,
    client_id: Box<str>,
    address: IpAddr,
    api: &'static str,
    api_version: i16,
    requests: u64,
    /// Since the last of them.
    idle_seconds: u64,
}

impl LegacyClients {
    pub(super) fn of(old: &OldClients, now: Instant) -> LegacyClients {
        let mut clients: Vec<_> =
            old.all().into_iter().map(|(client, seen)| LegacyClient::of(&client, seen, now)).collect();
        clients.sort_by(|a, b| {
            let order = |it: &LegacyClient| (it.idle_seconds, it.address, it.api, it.api_version);
            order(a).cmp(&order(b))
        });
        LegacyClients { clients, other_requests: old.others() }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and text")
    }
}

impl LegacyClient {
    fn of(client: &OldClient, seen: Seen, now: Instant) -> LegacyClient {
        LegacyClient {
            software: client.software.to_string(),
            software_version: client.software_version.to_string(),
            client_id: seen.client_id,
            address: client.address,
            api: client.api.name(),
            api_version: client.version,
            requests: seen.requests,
            idle_seconds: now.saturating_duration_since(seen.last).as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ottla_wire::ApiKey;
    use serde_json::json;

    use super::*;
    use crate::clock;

    #[test]
    fn clients_are_told_of_the_latest_first() {
        let (old, start) = (OldClients::default(), clock::now());
        let client = |version| OldClient {
            software: "unknown".into(),
            software_version: "unknown".into(),
            address: [10, 0, 0, 1].into(),
            api: ApiKey::Fetch,
            version,
        };
        old.seen(&client(0), "billing", start);
        old.seen(&client(2), "", start + Duration::from_secs(60));
        let told = LegacyClients::of(&old, start + Duration::from_secs(90)).to_json();
        let expected = |client_id, version, idle| {
            json!({
                "software": "unknown", "softwareVersion": "unknown", "clientId": client_id,
                "address": "10.0.0.1", "api": "Fetch", "apiVersion": version, "requests": 1, "idleSeconds": idle,
            })
        };
        let told: serde_json::Value = serde_json::from_slice(&told).expect("it is JSON");
        let clients = [expected("", 2, 30), expected("billing", 0, 90)];
        assert_eq!(told, json!({ "clients": clients, "otherRequests": 0 }));
    }
}
