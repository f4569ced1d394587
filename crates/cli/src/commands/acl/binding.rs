//! An access control list entry, as it is shown.

use ottla_client::admin::AclBinding;
use serde::Serialize;

use crate::exit::{Outcome, print_refusal};
use crate::output::{Answer, Column, Layout};
use crate::word::Word as _;

/// The words are Kafka's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AclRow {
    resource_type: &'static str,
    resource_name: String,
    pattern_type: &'static str,
    principal: String,
    host: String,
    operation: &'static str,
    permission_type: &'static str,
}

/// One, and what became of it.
#[derive(Debug, Serialize)]
pub(super) struct AclChange {
    #[serde(flatten)]
    acl: AclRow,
    result: &'static str,
    error: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column::new("RESOURCE", "resourceType"),
    Column::new("NAME", "resourceName"),
    Column::new("PATTERN", "patternType"),
    Column::new("PRINCIPAL", "principal"),
    Column::new("HOST", "host"),
    Column::new("OPERATION", "operation"),
    Column::new("PERMISSION", "permissionType"),
];

impl Answer for AclRow {
    const LAYOUT: Layout = Layout::Rows(COLUMNS);
}

impl Answer for AclChange {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("RESOURCE", "resourceType"),
        Column::new("NAME", "resourceName"),
        Column::new("PATTERN", "patternType"),
        Column::new("PRINCIPAL", "principal"),
        Column::new("HOST", "host"),
        Column::new("OPERATION", "operation"),
        Column::new("PERMISSION", "permissionType"),
        Column::new("RESULT", "result"),
    ]);
}

impl From<&AclBinding> for AclRow {
    fn from(binding: &AclBinding) -> AclRow {
        AclRow {
            resource_type: binding.resource_type.word(),
            resource_name: binding.resource_name.to_string(),
            pattern_type: binding.pattern_type.word(),
            principal: binding.entry.principal.to_string(),
            host: binding.entry.host.to_string(),
            operation: binding.entry.operation.word(),
            permission_type: binding.entry.permission.word(),
        }
    }
}

/// What became of entries, in the order in which it was told.
#[derive(Debug, Default)]
pub(super) struct AclChanges(Vec<AclChange>);

impl AclChanges {
    /// What is refused is told on standard error at once.
    pub(super) fn add<T>(
        &mut self,
        binding: &AclBinding,
        outcome: &ottla_client::Result<T>,
        done: &'static str,
    ) {
        let acl = AclRow::from(binding);
        let (result, error) = match outcome {
            Ok(_) => (done, None),
            Err(error) => {
                print_refusal(
                    format_args!("{} on {} {}", acl.operation, acl.resource_type, acl.resource_name),
                    error,
                );
                ("failed", Some(error.to_string()))
            }
        };
        self.0.push(AclChange { acl, result, error });
    }

    pub(super) fn rows(&self) -> &[AclChange] {
        &self.0
    }

    /// A failure if any of them failed.
    pub(super) fn outcome(&self) -> Outcome {
        if self.0.iter().any(|change| change.error.is_some()) { Outcome::Failure } else { Outcome::Success }
    }
}
