//! Describing streams groups (KIP-1071).

use std::sync::Arc;

use ottla_wire::messages::StreamsGroupDescribeRequest;
use ottla_wire::messages::streams_group_describe_response::{Assignment, Member, Subtopology, TaskIds};

use super::about;
use crate::Result;
use crate::admin::acls::operations;
use crate::admin::{Admin, Operations, Results, text};

/// A streams group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamsGroup {
    /// Its state.
    pub state: Arc<str>,
    /// How often members, topologies or topics have changed.
    pub epoch: i32,
    /// The epoch that the assignment was made for.
    pub assignment_epoch: i32,
    /// The epoch of its topology, if it has one.
    pub topology_epoch: Option<i32>,
    /// The parts of its topology.
    pub subtopologies: Vec<StreamsSubtopology>,
    /// Its members.
    pub members: Vec<StreamsGroupMember>,
    /// What the client may do with it, where the broker tells.
    pub authorized_operations: Option<Operations>,
}

/// A part of a topology.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamsSubtopology {
    /// Its id.
    pub id: Arc<str>,
    /// The topics that it reads.
    pub source_topics: Vec<Arc<str>>,
    /// The topics of its own that it writes for others.
    pub repartition_sink_topics: Vec<Arc<str>>,
    /// The topics of its own that it reads from others.
    pub repartition_source_topics: Vec<Arc<str>>,
    /// The topics that keep its state.
    pub changelog_topics: Vec<Arc<str>>,
}

/// A member of a streams group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamsGroupMember {
    /// Its id.
    pub id: Arc<str>,
    /// Its `group.instance.id`, of a static member.
    pub instance_id: Option<Arc<str>>,
    /// Where it is.
    pub rack: Option<Arc<str>>,
    /// The epoch that it has reached.
    pub epoch: i32,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// The address it came from.
    pub client_host: Arc<str>,
    /// The epoch of the topology that it runs.
    pub topology_epoch: i32,
    /// The process that it is in.
    pub process_id: Arc<str>,
    /// Where its state can be queried.
    pub endpoint: Option<(Arc<str>, u16)>,
    /// What it says of itself.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
    /// The tasks that it carries out.
    pub active: Vec<StreamsTask>,
    /// The tasks whose state it keeps.
    pub standby: Vec<StreamsTask>,
    /// The tasks that it prepares to carry out.
    pub warmup: Vec<StreamsTask>,
    /// The tasks that it shall carry out.
    pub target_active: Vec<StreamsTask>,
    /// The tasks whose state it shall keep.
    pub target_standby: Vec<StreamsTask>,
    /// The tasks that it shall prepare to carry out.
    pub target_warmup: Vec<StreamsTask>,
    /// Whether it speaks the classic protocol.
    pub is_classic: bool,
}

/// A task: a partition of a subtopology.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamsTask {
    /// The subtopology.
    pub subtopology: Arc<str>,
    /// The partition.
    pub partition: i32,
}

impl Admin {
    /// Streams groups. A group of another kind is not found here.
    pub async fn describe_streams_groups(&self, groups: &[&str]) -> Result<Results<Arc<str>, StreamsGroup>> {
        let ask = |group: &str| StreamsGroupDescribeRequest {
            group_ids: vec![group.into()],
            include_authorized_operations: true,
        };
        let results = self.each_group(groups, ask, |response, answer| {
            let group = response.groups.first().ok_or_else(|| answer.lacks("the group"))?;
            answer.check_about(group.error_code, group.error_message.as_deref(), about(&group.group_id))?;
            let topology = group.topology.as_ref();
            let subtopologies = topology.and_then(|topology| topology.subtopologies.as_ref());
            Ok(StreamsGroup {
                state: text(&group.group_state),
                epoch: group.group_epoch,
                assignment_epoch: group.assignment_epoch,
                topology_epoch: topology.map(|topology| topology.epoch),
                subtopologies: subtopologies.into_iter().flatten().map(subtopology).collect(),
                members: group.members.iter().map(member).collect(),
                authorized_operations: operations(group.authorized_operations),
            })
        });
        Ok(results.await)
    }
}

fn subtopology(part: &Subtopology) -> StreamsSubtopology {
    StreamsSubtopology {
        id: text(&part.subtopology_id),
        source_topics: part.source_topics.iter().map(|name| text(name)).collect(),
        repartition_sink_topics: part.repartition_sink_topics.iter().map(|name| text(name)).collect(),
        repartition_source_topics: part.repartition_source_topics.iter().map(|it| text(&it.name)).collect(),
        changelog_topics: part.state_changelog_topics.iter().map(|it| text(&it.name)).collect(),
    }
}

fn member(member: &Member) -> StreamsGroupMember {
    let Assignment { active_tasks, standby_tasks, warmup_tasks, .. } = &member.assignment;
    StreamsGroupMember {
        id: text(&member.member_id),
        instance_id: member.instance_id.as_deref().map(text),
        rack: member.rack_id.as_deref().map(text),
        epoch: member.member_epoch,
        client_id: text(&member.client_id),
        client_host: text(&member.client_host),
        topology_epoch: member.topology_epoch,
        process_id: text(&member.process_id),
        endpoint: member.user_endpoint.as_ref().map(|endpoint| (text(&endpoint.host), endpoint.port)),
        tags: member.client_tags.iter().map(|tag| (text(&tag.key), text(&tag.value))).collect(),
        active: tasks(active_tasks),
        standby: tasks(standby_tasks),
        warmup: tasks(warmup_tasks),
        target_active: tasks(&member.target_assignment.active_tasks),
        target_standby: tasks(&member.target_assignment.standby_tasks),
        target_warmup: tasks(&member.target_assignment.warmup_tasks),
        is_classic: member.is_classic,
    }
}

fn tasks(ids: &[TaskIds]) -> Vec<StreamsTask> {
    let tasks = ids.iter().flat_map(|ids| {
        let subtopology = text(&ids.subtopology_id);
        ids.partitions
            .iter()
            .map(move |partition| StreamsTask { subtopology: subtopology.clone(), partition: *partition })
    });
    tasks.collect()
}
