//! Access control in Kafka's words: kinds of resources, how their names are meant, operations, and permissions.

use ottla_client::admin::{AclOperation, AclPermission, PatternType, ResourceType};

use crate::word::Word;

impl Word for ResourceType {
    const WORDS: &'static [(ResourceType, &'static str)] = &[
        (ResourceType::Any, "ANY"),
        (ResourceType::Topic, "TOPIC"),
        (ResourceType::Group, "GROUP"),
        (ResourceType::Cluster, "CLUSTER"),
        (ResourceType::TransactionalId, "TRANSACTIONAL_ID"),
        (ResourceType::DelegationToken, "DELEGATION_TOKEN"),
        (ResourceType::User, "USER"),
    ];
}

impl Word for PatternType {
    const WORDS: &'static [(PatternType, &'static str)] = &[
        (PatternType::Any, "ANY"),
        (PatternType::Match, "MATCH"),
        (PatternType::Literal, "LITERAL"),
        (PatternType::Prefixed, "PREFIXED"),
    ];
}

impl Word for AclOperation {
    const WORDS: &'static [(AclOperation, &'static str)] = &[
        (AclOperation::Any, "ANY"),
        (AclOperation::All, "ALL"),
        (AclOperation::Read, "READ"),
        (AclOperation::Write, "WRITE"),
        (AclOperation::Create, "CREATE"),
        (AclOperation::Delete, "DELETE"),
        (AclOperation::Alter, "ALTER"),
        (AclOperation::Describe, "DESCRIBE"),
        (AclOperation::ClusterAction, "CLUSTER_ACTION"),
        (AclOperation::DescribeConfigs, "DESCRIBE_CONFIGS"),
        (AclOperation::AlterConfigs, "ALTER_CONFIGS"),
        (AclOperation::IdempotentWrite, "IDEMPOTENT_WRITE"),
        (AclOperation::CreateTokens, "CREATE_TOKENS"),
        (AclOperation::DescribeTokens, "DESCRIBE_TOKENS"),
        (AclOperation::TwoPhaseCommit, "TWO_PHASE_COMMIT"),
    ];
}

impl Word for AclPermission {
    const WORDS: &'static [(AclPermission, &'static str)] =
        &[(AclPermission::Any, "ANY"), (AclPermission::Deny, "DENY"), (AclPermission::Allow, "ALLOW")];
}

/// The cluster's name as a resource.
pub(crate) const CLUSTER: &str = "kafka-cluster";

/// What can be permitted of a kind of resource, beside everything.
pub(crate) fn operations_of(resource_type: ResourceType) -> &'static [AclOperation] {
    use AclOperation as Op;
    match resource_type {
        ResourceType::Topic => &[
            Op::Read,
            Op::Write,
            Op::Create,
            Op::Describe,
            Op::Delete,
            Op::Alter,
            Op::DescribeConfigs,
            Op::AlterConfigs,
        ],
        ResourceType::Group => &[Op::Read, Op::Describe, Op::Delete, Op::DescribeConfigs, Op::AlterConfigs],
        ResourceType::Cluster => &[
            Op::Create,
            Op::ClusterAction,
            Op::DescribeConfigs,
            Op::AlterConfigs,
            Op::IdempotentWrite,
            Op::Alter,
            Op::Describe,
        ],
        ResourceType::TransactionalId => &[Op::Describe, Op::Write, Op::TwoPhaseCommit],
        ResourceType::DelegationToken => &[Op::Describe],
        ResourceType::User => &[Op::CreateTokens, Op::DescribeTokens],
        ResourceType::Any | ResourceType::Unknown | _ => &[],
    }
}

/// Whether it can be permitted of a kind of resource: everything always can.
pub(crate) fn is_operation_of(resource_type: ResourceType, operation: AclOperation) -> bool {
    operation == AclOperation::All || operations_of(resource_type).contains(&operation)
}

/// What clients need that produce.
pub(crate) const PRODUCER: &[(ResourceType, &[AclOperation])] = &[
    (ResourceType::Topic, &[AclOperation::Write, AclOperation::Describe, AclOperation::Create]),
    (ResourceType::TransactionalId, &[AclOperation::Write, AclOperation::Describe]),
];

/// What clients need that consume.
pub(crate) const CONSUMER: &[(ResourceType, &[AclOperation])] = &[
    (ResourceType::Topic, &[AclOperation::Read, AclOperation::Describe]),
    (ResourceType::Group, &[AclOperation::Read]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_however_they_are_written() {
        for text in ["IDEMPOTENT_WRITE", "IdempotentWrite", "idempotent-write", "idempotentwrite"] {
            assert_eq!(AclOperation::of_word(text), Some(AclOperation::IdempotentWrite), "{text}");
        }
        for text in ["", "rea", "UNKNOWN", "read "] {
            assert_eq!(AclOperation::of_word(text), None, "{text}");
        }
        assert_eq!(ResourceType::Unknown.word(), "UNKNOWN");
    }

    #[test]
    fn every_number_of_the_protocol_has_its_word() {
        for code in 1..=15 {
            let operation = AclOperation::from_code(code);
            assert_eq!(AclOperation::of_word(operation.word()), Some(operation));
        }
        for code in 1..=7 {
            let resource_type = ResourceType::from_code(code);
            assert_eq!(ResourceType::of_word(resource_type.word()), Some(resource_type));
        }
    }
}
