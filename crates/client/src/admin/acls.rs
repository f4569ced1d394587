//! Access control lists.

use std::sync::Arc;

use ottla_wire::messages::create_acls_request::AclCreation;
use ottla_wire::messages::delete_acls_request::DeleteAclsFilter;
use ottla_wire::messages::{CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest};

use super::{Admin, Operations, text};
use crate::Result;

/// Declares an enum whose variants are numbers on the wire.
macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant = $number,)+
        }

        impl $name {
            /// The number on the wire.
            pub fn code(self) -> i8 {
                self as i8
            }

            /// What the number stands for; [`Self::Unknown`] for one of a later Kafka.
            pub fn from_code(code: i8) -> $name {
                match code {
                    $($number => $name::$variant,)+
                    _ => $name::Unknown,
                }
            }
        }
    };
}

numbered! {
    /// What access is controlled to.
    ResourceType {
        /// One that this client does not know.
        Unknown = 0,
        /// In a filter: whatever it is.
        Any = 1,
        /// A topic.
        Topic = 2,
        /// A group.
        Group = 3,
        /// The cluster.
        Cluster = 4,
        /// A transactional producer.
        TransactionalId = 5,
        /// A delegation token.
        DelegationToken = 6,
        /// A user.
        User = 7,
    }
}

numbered! {
    /// How a resource's name is meant.
    PatternType {
        /// One that this client does not know.
        Unknown = 0,
        /// In a filter: whatever it is.
        Any = 1,
        /// In a filter: all that applies to a resource of that name.
        Match = 2,
        /// As it stands; `*` is every name.
        Literal = 3,
        /// All names that begin with it.
        Prefixed = 4,
    }
}

numbered! {
    /// What somebody may do.
    AclOperation {
        /// One that this client does not know.
        Unknown = 0,
        /// In a filter: whatever it is.
        Any = 1,
        /// Everything.
        All = 2,
        /// Read.
        Read = 3,
        /// Write.
        Write = 4,
        /// Create.
        Create = 5,
        /// Delete.
        Delete = 6,
        /// Alter.
        Alter = 7,
        /// Describe.
        Describe = 8,
        /// What brokers do among themselves.
        ClusterAction = 9,
        /// Describe options.
        DescribeConfigs = 10,
        /// Alter options.
        AlterConfigs = 11,
        /// Write idempotently.
        IdempotentWrite = 12,
        /// Create tokens.
        CreateTokens = 13,
        /// Describe tokens.
        DescribeTokens = 14,
        /// Take part in two-phase commits.
        TwoPhaseCommit = 15,
    }
}

numbered! {
    /// Whether somebody may.
    AclPermission {
        /// One that this client does not know.
        Unknown = 0,
        /// In a filter: whatever it is.
        Any = 1,
        /// May not, whatever else permits it.
        Deny = 2,
        /// May.
        Allow = 3,
    }
}

/// Who may or may not do what, from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AclEntry {
    /// Who: `User:alice`; `User:*` is everybody.
    pub principal: Arc<str>,
    /// From where: an address, or `*`.
    pub host: Arc<str>,
    /// What.
    pub operation: AclOperation,
    /// Whether.
    pub permission: AclPermission,
}

/// An entry, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AclBinding {
    /// The kind of what it is about.
    pub resource_type: ResourceType,
    /// Its name; `kafka-cluster` of the cluster.
    pub resource_name: Arc<str>,
    /// How the name is meant.
    pub pattern_type: PatternType,
    /// Who may do what.
    pub entry: AclEntry,
}

/// Which bindings are meant. The default: all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclFilter {
    /// Of this kind of resource.
    pub resource_type: ResourceType,
    /// Of this name.
    pub resource_name: Option<Arc<str>>,
    /// Whose name is meant so.
    pub pattern_type: PatternType,
    /// For this principal.
    pub principal: Option<Arc<str>>,
    /// From this host.
    pub host: Option<Arc<str>>,
    /// About this operation.
    pub operation: AclOperation,
    /// That permit or deny.
    pub permission: AclPermission,
}

impl Default for AclFilter {
    fn default() -> AclFilter {
        AclFilter {
            resource_type: ResourceType::Any,
            resource_name: None,
            pattern_type: PatternType::Any,
            principal: None,
            host: None,
            operation: AclOperation::Any,
            permission: AclPermission::Any,
        }
    }
}

/// The bits in which brokers tell what the client may do; the least number says that they do not tell.
pub(super) fn operations(bits: i32) -> Option<Operations> {
    let set = |code: &i8| bits & (1 << code) != 0;
    (bits != i32::MIN).then(|| (0..31_i8).filter(set).map(AclOperation::from_code).collect())
}

impl Admin {
    /// The bindings that a filter matches.
    pub async fn describe_acls(&self, filter: &AclFilter) -> Result<Vec<AclBinding>> {
        let request = DescribeAclsRequest {
            resource_type_filter: filter.resource_type.code(),
            resource_name_filter: filter.resource_name.as_deref().map(Into::into),
            pattern_type_filter: filter.pattern_type.code(),
            principal_filter: filter.principal.as_deref().map(Into::into),
            host_filter: filter.host.as_deref().map(Into::into),
            operation: filter.operation.code(),
            permission_type: filter.permission.code(),
        };
        self.ask_any(&request, |response, answer| {
            answer.check(response.error_code, response.error_message.as_deref())?;
            let mut bindings = Vec::new();
            for resource in &response.resources {
                bindings.extend(resource.acls.iter().map(|acl| AclBinding {
                    resource_type: ResourceType::from_code(resource.resource_type),
                    resource_name: text(&resource.resource_name),
                    pattern_type: PatternType::from_code(resource.pattern_type),
                    entry: entry(&acl.principal, &acl.host, acl.operation, acl.permission_type),
                }));
            }
            Ok(bindings)
        })
        .await
    }

    /// Creates bindings; an answer for each, in their order.
    pub async fn create_acls(&self, bindings: &[AclBinding]) -> Result<Vec<Result<()>>> {
        let creations = bindings.iter().map(|binding| AclCreation {
            resource_type: binding.resource_type.code(),
            resource_name: (&*binding.resource_name).into(),
            resource_pattern_type: binding.pattern_type.code(),
            principal: (&*binding.entry.principal).into(),
            host: (&*binding.entry.host).into(),
            operation: binding.entry.operation.code(),
            permission_type: binding.entry.permission.code(),
        });
        let request = CreateAclsRequest { creations: creations.collect() };
        self.ask_controller(&request, |response, answer| {
            answer.check_carried_out(response.results.iter().map(|result| result.error_code))?;
            let results = response.results.iter();
            Ok(results.map(|it| answer.check(it.error_code, it.error_message.as_deref())).collect())
        })
        .await
    }

    /// Deletes what filters match; for each filter, in their order, what was deleted.
    pub async fn delete_acls(&self, filters: &[AclFilter]) -> Result<Vec<Result<Vec<Result<AclBinding>>>>> {
        let wanted = filters.iter().map(|filter| DeleteAclsFilter {
            resource_type_filter: filter.resource_type.code(),
            resource_name_filter: filter.resource_name.as_deref().map(Into::into),
            pattern_type_filter: filter.pattern_type.code(),
            principal_filter: filter.principal.as_deref().map(Into::into),
            host_filter: filter.host.as_deref().map(Into::into),
            operation: filter.operation.code(),
            permission_type: filter.permission.code(),
        });
        let request = DeleteAclsRequest { filters: wanted.collect() };
        self.ask_controller(&request, |response, answer| {
            answer.check_carried_out(response.filter_results.iter().map(|result| result.error_code))?;
            let results = response.filter_results.iter().map(|result| {
                answer.check(result.error_code, result.error_message.as_deref())?;
                let deleted = result.matching_acls.iter().map(|acl| {
                    answer.check(acl.error_code, acl.error_message.as_deref())?;
                    Ok(AclBinding {
                        resource_type: ResourceType::from_code(acl.resource_type),
                        resource_name: text(&acl.resource_name),
                        pattern_type: PatternType::from_code(acl.pattern_type),
                        entry: entry(&acl.principal, &acl.host, acl.operation, acl.permission_type),
                    })
                });
                Ok(deleted.collect())
            });
            Ok(results.collect())
        })
        .await
    }
}

fn entry(principal: &str, host: &str, operation: i8, permission: i8) -> AclEntry {
    AclEntry {
        principal: text(principal),
        host: text(host),
        operation: AclOperation::from_code(operation),
        permission: AclPermission::from_code(permission),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_operations_and_the_least_number_is_none_told() {
        assert_eq!(operations(i32::MIN), None);
        assert_eq!(operations(0), Some(Vec::new()));
        assert_eq!(operations(1 << 3 | 1 << 8), Some(vec![AclOperation::Read, AclOperation::Describe]));
    }
}
