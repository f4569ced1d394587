//! Deleting groups, and where they are in topics.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use ottla_client::admin::Admin;
use ottla_client::{Error, ErrorCode};

use super::super::columns::Columns;
use super::super::group_scripts::{Deletion, print_error};
use super::super::java;
use super::super::options::Options;
use super::KIND;

pub(super) async fn groups(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let there = KIND.listed(admin, Vec::new()).await?;
    let mut groups = KIND.wanted(options, admin).await?;
    let mut deletion = Deletion::default();
    deletion.refuse_others(&KIND, &mut groups, &there);
    deletion.delete(admin, &groups).await?;
    deletion.tell(out, KIND.name, "")
}

pub(super) async fn offsets(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let group = options.value("group")?.unwrap_or_default();
    let topics: BTreeSet<&str> = options.values("topic").collect();
    let topics: Vec<&str> = topics.into_iter().collect();
    let deleted = admin.delete_share_group_offsets(group, &topics).await;
    let results: BTreeMap<Arc<str>, Option<Error>> = match deleted {
        Ok(outcomes) => outcomes.into_iter().map(|(topic, outcome)| (topic, outcome.err())).collect(),
        Err(error) => topics.into_iter().map(|topic| (topic.into(), Some(error.clone()))).collect(),
    };
    if let Some(failure) = results.values().flatten().next() {
        tell(out, failure)?;
    }
    let mut rows = vec![vec!["TOPIC".to_owned(), "STATUS".to_owned()]];
    rows.extend(results.iter().map(|(topic, error)| {
        let failed = error.as_ref().map(|error| format!("Error: {}", java::words(error)));
        vec![topic.to_string(), failed.unwrap_or("Successful".to_owned())]
    }));
    Ok(Columns::fitting(&[15], &rows).write_set_off(out, &rows)?)
}

fn tell(out: &mut dyn Write, failure: &Error) -> Result<()> {
    let message = match failure.code() {
        Some(
            ErrorCode::InvalidGroupId
            | ErrorCode::GroupIdNotFound
            | ErrorCode::GroupAuthorizationFailed
            | ErrorCode::NonEmptyGroup,
        ) => java::words(failure),
        // Told where the topic is.
        Some(ErrorCode::TopicAuthorizationFailed | ErrorCode::UnknownTopicOrPartition) => return Ok(()),
        _ => format!("Encounter some unknown error: {}", java::shown(failure)),
    };
    Ok(print_error(out, &message)?)
}
