//! Offsets of partitions.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::{Error, Offset, TopicPartition};

use crate::exit::print_warning;

/// Those that are known: there is none where no record is meant, or nobody could be asked, of which the user is warned.
pub(crate) async fn offsets_of(
    admin: &Admin,
    partitions: &[TopicPartition],
    spec: OffsetSpec,
    isolation: IsolationLevel,
) -> Result<BTreeMap<TopicPartition, Offset>> {
    let specs = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
    let (mut known, mut unknown) = (BTreeMap::new(), Vec::new());
    for (partition, listed) in admin.list_offsets(&specs, isolation).await? {
        match listed {
            Ok(listed) => known.extend(listed.offset.map(|offset| (partition, offset))),
            Err(error) => unknown.push((partition, error)),
        }
    }
    if let Some(warning) = warning(&unknown) {
        print_warning(warning);
    }
    Ok(known)
}

/// Those of all partitions, but where no record is meant: for who would take a partition that is not known for one without records.
pub(crate) async fn all_offsets_of(
    admin: &Admin,
    partitions: &[TopicPartition],
    spec: OffsetSpec,
    isolation: IsolationLevel,
) -> Result<BTreeMap<TopicPartition, Offset>> {
    let specs = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
    let mut known = BTreeMap::new();
    for (partition, listed) in admin.list_offsets(&specs, isolation).await? {
        let listed = listed.with_context(|| format!("the offsets of {partition} are not known"))?;
        known.extend(listed.offset.map(|offset| (partition, offset)));
    }
    Ok(known)
}

/// The first says for all why: most often they have it in common.
fn warning(unknown: &[(TopicPartition, Error)]) -> Option<String> {
    let ((first, error), others) = unknown.split_first()?;
    let others = match others.len() {
        0 => String::new(),
        1 => " and one other partition".into(),
        others => format!(" and {others} other partitions"),
    };
    let advice = error.advice().map(|advice| format!("\n         {advice}")).unwrap_or_default();
    Some(format!("the offsets of {first}{others} are not known: {error}{advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_warning_tells_of_all_partitions_that_are_not_known() {
        let failed = |numbers: &[i32]| -> Vec<(TopicPartition, Error)> {
            numbers.iter().map(|it| (TopicPartition::new("t", *it), Error::Closed("it"))).collect()
        };
        for (partitions, expected) in [
            (&[][..], None),
            (&[3], Some("the offsets of t-3 are not known: it is closed")),
            (&[0, 1], Some("the offsets of t-0 and one other partition are not known: it is closed")),
            (&[0, 1, 2], Some("the offsets of t-0 and 2 other partitions are not known: it is closed")),
        ] {
            assert_eq!(warning(&failed(partitions)).as_deref(), expected);
        }
    }
}
