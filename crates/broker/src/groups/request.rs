//! What a group's shard is told of a request beside its body.

use std::net::IpAddr;

use ottla_coordinator::{Context, Effect, Now, Ticket};
use uuid::Uuid;

use crate::{api, random};

/// Who asks: of the connection and the header.
#[derive(Debug)]
pub(crate) struct Asker<'a> {
    version: i16,
    client_id: &'a str,
    client_host: String,
    uuid: Uuid,
}

/// One request in its turn: when, by whom, and where its effects go.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) ticket: Ticket,
    pub(crate) out: &'a mut Vec<Effect>,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(context: &'a api::Context<'_>) -> Asker<'a> {
        Asker {
            version: context.version,
            client_id: &context.client_id,
            client_host: java_host(context.connection.peer.ip()),
            uuid: random::uuid(),
        }
    }

    pub(crate) fn asks<'b>(&'b self, now: Now, ticket: Ticket, out: &'b mut Vec<Effect>) -> Asked<'b> {
        let context = Context {
            now,
            api_version: self.version,
            client_id: self.client_id,
            client_host: &self.client_host,
            uuid: self.uuid,
        };
        Asked { context, ticket, out }
    }
}

/// An address as Java's `InetAddress` prints one without a name, which is how Kafka shows it: IPv6 in full, without
/// leading zeros.
fn java_host(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("/{address}"),
        IpAddr::V6(address) => {
            let groups: Vec<String> = address.segments().iter().map(|group| format!("{group:x}")).collect();
            format!("/{}", groups.join(":"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_look_as_java_prints_them() {
        let cases = [
            ("127.0.0.1", "/127.0.0.1"),
            ("::ffff:10.0.0.7", "/10.0.0.7"),
            ("::1", "/0:0:0:0:0:0:0:1"),
            ("fe80::a0b:c", "/fe80:0:0:0:0:0:a0b:c"),
        ];
        for (address, expected) in cases {
            assert_eq!(java_host(address.parse().unwrap()), expected);
        }
    }
}
