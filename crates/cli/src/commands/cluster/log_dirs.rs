//! `ottla cluster log-dirs`.

use anyhow::Result;
use serde::Serialize;

use super::QuestionArgs;
use crate::exit::{Outcome, print_refusal};
use crate::output::{Answer, Column, Layout};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogDirRow {
    broker: i32,
    path: String,
    replicas: usize,
    /// Of the replicas' segments.
    bytes: i64,
    total_bytes: Option<i64>,
    usable_bytes: Option<i64>,
    is_cordoned: bool,
}

impl Answer for LogDirRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("BROKER", "broker"),
        Column::new("PATH", "path"),
        Column::new("REPLICAS", "replicas"),
        Column::new("BYTES", "bytes"),
        Column::new("TOTAL", "totalBytes"),
        Column::new("USABLE", "usableBytes"),
        Column::wide("CORDONED", "isCordoned"),
    ]);
}

pub(super) async fn run(args: &QuestionArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let cluster = admin.describe_cluster(false).await?;
    let brokers: Vec<i32> = cluster.brokers.iter().map(|broker| broker.id).collect();
    let mut outcome = Outcome::Success;
    let mut rows = Vec::new();
    for (broker, dirs) in admin.describe_log_dirs(&brokers).await? {
        let dirs = match dirs {
            Ok(dirs) => dirs,
            Err(error) => {
                print_refusal(format_args!("broker {broker}"), &error);
                outcome = Outcome::Failure;
                continue;
            }
        };
        for (path, dir) in dirs {
            match dir {
                Ok(dir) => rows.push(LogDirRow {
                    broker,
                    path,
                    replicas: dir.replicas.len(),
                    bytes: dir.replicas.iter().map(|replica| replica.size).sum(),
                    total_bytes: dir.total_bytes,
                    usable_bytes: dir.usable_bytes,
                    is_cordoned: dir.is_cordoned,
                }),
                Err(error) => {
                    print_refusal(format_args!("{path} of broker {broker}"), &error);
                    outcome = Outcome::Failure;
                }
            }
        }
    }
    args.output.print_all(&rows)?;
    Ok(outcome)
}
