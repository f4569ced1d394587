//! `ottla cluster features`.

use anyhow::Result;
use serde::Serialize;

use super::QuestionArgs;
use crate::exit::Outcome;
use crate::output::{Answer, Column, Layout};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FeatureRow {
    feature: String,
    supported_min: i16,
    supported_max: i16,
    finalized: Option<i16>,
    epoch: Option<i64>,
}

impl Answer for FeatureRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("FEATURE", "feature"),
        Column::new("SUPPORTED-MIN", "supportedMin"),
        Column::new("SUPPORTED-MAX", "supportedMax"),
        Column::new("FINALIZED", "finalized"),
        Column::new("EPOCH", "epoch"),
    ]);
}

pub(super) async fn run(args: &QuestionArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let features = admin.describe_features(None).await?;
    let rows = features.supported.iter().map(|(name, range)| FeatureRow {
        feature: name.clone(),
        supported_min: range.min,
        supported_max: range.max,
        finalized: features.finalized.get(name).map(|range| range.max),
        epoch: features.finalized_epoch,
    });
    args.output.print_all(&rows.collect::<Vec<_>>())?;
    Ok(Outcome::Success)
}
