//! `org.apache.kafka.clients.consumer.RangeAssignor`.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{Group, Member, Partition, racks_matter};
use super::{Assignment, Assignor, MemberId, Subscription, Topics};

/// Each topic's partitions in runs: the first members, in order, get one more where it does not come out even.
///
/// Where members and replicas have racks, partitions go to members in their racks as far as the numbers stay the same. Topics with as
/// many partitions and the same subscribers keep equal numbers together (co-partitioning), which comes before racks.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeAssignor;

impl Assignor for RangeAssignor {
    fn name(&self) -> &str {
        "range"
    }

    fn assign(
        &self,
        topics: &Topics,
        members: &BTreeMap<MemberId, Subscription>,
    ) -> BTreeMap<MemberId, Assignment> {
        let group = Group::new(topics, members);
        let order = group.static_first();
        let mut states: Vec<TopicState> =
            (0..group.topics.len()).map(|topic| TopicState::new(&group, topic, &order)).collect();
        let mut assigned = vec![Vec::new(); group.members.len()];
        let racks_matter = states.iter().any(|state| state.racks_matter);
        if racks_matter {
            assign_by_rack(&group, &mut states, &mut assigned);
        }
        for state in &mut states {
            state.assign_runs(&mut assigned, |_, _| true);
        }
        if racks_matter {
            assigned.iter_mut().for_each(|partitions| partitions.sort_unstable());
        }
        group.assignments(assigned)
    }
}

/// A topic on its way to be assigned.
struct TopicState {
    topic: usize,
    /// Its subscribers in order, and how many partitions each has.
    consumers: Vec<(Member, usize)>,
    unassigned: BTreeSet<Partition>,
    partitions: usize,
    /// How many partitions each gets at least.
    each: usize,
    /// How many more members get one more.
    extra: usize,
    /// Whether any subscriber has a rack.
    racks_known: bool,
    racks_matter: bool,
}

impl TopicState {
    fn new(group: &Group<'_>, topic: usize, order: &[Member]) -> TopicState {
        let subscribers = order.iter().filter(|member| group.subscribed[**member].contains(&topic));
        let consumers: Vec<(Member, usize)> = subscribers.map(|member| (*member, 0)).collect();
        let unassigned: BTreeSet<Partition> = group.partitions(topic).collect();
        let racks: Vec<&str> = consumers.iter().filter_map(|(member, _)| group.rack(*member)).collect();
        TopicState {
            topic,
            partitions: unassigned.len(),
            each: unassigned.len() / consumers.len(),
            extra: unassigned.len() % consumers.len(),
            racks_known: !racks.is_empty(),
            racks_matter: racks_matter(&racks, unassigned.iter().map(|partition| group.racks(*partition))),
            consumers,
            unassigned,
        }
    }

    /// How many more partitions this subscriber may have.
    fn room(&self, place: usize) -> usize {
        (self.each + usize::from(self.extra > 0)).saturating_sub(self.consumers[place].1)
    }

    fn assign(&mut self, place: usize, partitions: &[Partition], assigned: &mut [Vec<Partition>]) {
        let (member, count) = &mut self.consumers[place];
        assigned[*member].extend(partitions);
        *count += partitions.len();
        if *count > self.each {
            self.extra -= 1;
        }
        partitions.iter().for_each(|partition| _ = self.unassigned.remove(partition));
    }

    /// To each subscriber the first partitions that it may have, as many as it has room for.
    fn assign_runs(&mut self, assigned: &mut [Vec<Partition>], may: impl Fn(Member, Partition) -> bool) {
        for place in 0..self.consumers.len() {
            let (member, _) = self.consumers[place];
            let allowed = self.unassigned.iter().copied().filter(|partition| may(member, *partition));
            let run: Vec<Partition> = allowed.take(self.room(place)).collect();
            if !run.is_empty() {
                self.assign(place, &run, assigned);
            }
        }
    }
}

/// A member without a rack matches any.
fn racks_match(group: &Group<'_>, member: Member, partition: Partition) -> bool {
    group.rack(member).is_none_or(|rack| group.racks(partition).contains(&rack))
}

/// What can be assigned within racks. Topics that are partitioned alike are assigned together.
fn assign_by_rack(group: &Group<'_>, states: &mut [TopicState], assigned: &mut [Vec<Partition>]) {
    let mut alike: BTreeMap<(Vec<Member>, usize), Vec<&mut TopicState>> = BTreeMap::new();
    for state in states.iter_mut().filter(|state| state.racks_known) {
        let consumers = state.consumers.iter().map(|(member, _)| *member).collect();
        alike.entry((consumers, state.partitions)).or_default().push(state);
    }
    for ((_, partitions), mut states) in alike {
        if let [state] = &mut *states {
            if state.racks_matter {
                state.assign_runs(assigned, |member, partition| racks_match(group, member, partition));
            }
        } else {
            assign_together(group, partitions, &mut states, assigned);
        }
    }
}

/// The partitions of a number, of all the topics, to the first subscriber in whose rack all of them have a replica.
fn assign_together(
    group: &Group<'_>,
    partitions: usize,
    states: &mut [&mut TopicState],
    assigned: &mut [Vec<Partition>],
) {
    let places = states[0].consumers.len();
    for number in 0..partitions {
        let fits = |place: &usize| {
            states.iter().all(|state| {
                let partition = Partition { topic: state.topic, number };
                racks_match(group, state.consumers[*place].0, partition) && state.room(*place) > 0
            })
        };
        let Some(place) = (0..places).find(fits) else { continue };
        for state in states.iter_mut() {
            state.assign(place, &[Partition { topic: state.topic, number }], assigned);
        }
    }
}
