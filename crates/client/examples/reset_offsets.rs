//! Takes a group that is not running back to the beginning: first what it would do, then for real.
//!
//!     cargo run -p ottla-client --example reset_offsets [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use ottla_client::admin::{Admin, OffsetReset};
use ottla_client::config::ClientConfig;
use ottla_client::{Client, Offset, Result};

const GROUP: &str = "example-group";

/// Gives where the group is afterwards.
pub(crate) async fn run(servers: &str) -> Result<Vec<Offset>> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    let admin = Admin::new(client.clone());
    let plan = admin.plan_offset_reset(GROUP, None, &OffsetReset::Earliest).await?;
    for (partition, planned) in &plan {
        match planned {
            Ok(planned) => println!("{partition}: from {:?} to {}", planned.from, planned.to),
            Err(error) => println!("{partition}: {error}"),
        }
    }
    for (partition, done) in admin.reset_offsets(GROUP, &plan).await? {
        done?;
        println!("{partition} is reset");
    }
    let mut offsets = Vec::new();
    for (_, committed) in admin.list_group_offsets(GROUP, None, false).await? {
        offsets.extend(committed?.map(|committed| committed.offset));
    }
    client.close().await;
    Ok(offsets)
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
