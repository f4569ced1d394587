//! The members of a classic group, and what has to be known of all of them at once.

use std::collections::{BTreeMap, HashMap};

use bytestring::ByteString;

use super::member::{Member, Protocol};
use crate::Ticket;

#[derive(Debug, Default)]
pub(crate) struct Members {
    by_id: HashMap<ByteString, Member>,
    /// The member that holds an instance ID.
    by_instance: HashMap<ByteString, ByteString>,
    /// How many members support a protocol.
    support: HashMap<ByteString, usize>,
    waiting_for_join: usize,
    /// The order in which members joined.
    order: BTreeMap<u64, ByteString>,
    next_number: u64,
}

impl Members {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Member> {
        self.by_id.get(id)
    }

    /// Its protocols and its wait for a join are changed by the methods below.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.by_id.get_mut(id)
    }

    pub(crate) fn of_instance(&self, instance_id: &str) -> Option<&ByteString> {
        self.by_instance.get(instance_id)
    }

    pub(crate) fn waiting_for_join(&self) -> usize {
        self.waiting_for_join
    }

    /// In the order in which they joined.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &Member> {
        self.order.values().map(|id| &self.by_id[id])
    }

    pub(crate) fn ids_in_order(&self) -> Vec<ByteString> {
        self.order.values().cloned().collect()
    }

    /// The one that joined first.
    pub(crate) fn first(&self) -> Option<&ByteString> {
        self.order.values().next()
    }

    /// In the order in which they joined.
    pub(crate) fn in_order_mut(&mut self) -> Vec<&mut Member> {
        let mut members: Vec<&mut Member> = self.by_id.values_mut().collect();
        members.sort_unstable_by_key(|member| member.number);
        members
    }

    pub(crate) fn insert(&mut self, mut member: Member) {
        member.number = self.next_number;
        self.next_number += 1;
        self.put(member);
    }

    fn put(&mut self, member: Member) {
        self.remove(&member.id);
        self.count(&member.protocols, true);
        self.waiting_for_join += usize::from(member.waits_for_join.is_some());
        if let Some(instance_id) = &member.instance_id {
            self.by_instance.insert(instance_id.clone(), member.id.clone());
        }
        self.order.insert(member.number, member.id.clone());
        self.by_id.insert(member.id.clone(), member);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Member> {
        let member = self.by_id.remove(id)?;
        self.order.remove(&member.number);
        self.count(&member.protocols, false);
        self.waiting_for_join -= usize::from(member.waits_for_join.is_some());
        if let Some(instance_id) = &member.instance_id {
            self.by_instance.remove(instance_id);
        }
        Some(member)
    }

    /// Puts a member in the place of one with another ID.
    pub(crate) fn replace(&mut self, old_id: &str, mut member: Member) {
        match self.remove(old_id) {
            Some(old) => {
                member.number = old.number;
                self.put(member);
            }
            None => self.insert(member),
        }
    }

    /// Lets a member wait for a join, or no longer; returns the ticket that waited before.
    pub(crate) fn set_join_wait(&mut self, id: &str, ticket: Option<Ticket>) -> Option<Ticket> {
        let member = self.by_id.get_mut(id)?;
        let before = std::mem::replace(&mut member.waits_for_join, ticket);
        self.waiting_for_join += usize::from(ticket.is_some());
        self.waiting_for_join -= usize::from(before.is_some());
        before
    }

    pub(crate) fn set_protocols(&mut self, id: &str, protocols: Vec<Protocol>) {
        let Some(member) = self.by_id.get_mut(id) else { return };
        let before = std::mem::replace(&mut member.protocols, protocols.clone());
        self.count(&before, false);
        self.count(&protocols, true);
    }

    fn count(&mut self, protocols: &[Protocol], more: bool) {
        for protocol in protocols {
            let count = self.support.entry(protocol.name.clone()).or_default();
            *count = if more { *count + 1 } else { *count - 1 };
            if *count == 0 {
                self.support.remove(&protocol.name);
            }
        }
    }

    /// Whether all members support a protocol.
    pub(crate) fn all_support(&self, protocol: &str) -> bool {
        self.support.get(protocol).copied().unwrap_or(0) == self.len()
    }

    /// The protocol with the most votes: each member votes for the first of its own that all support. Of two with as
    /// many votes, the one that the member that joined earlier voted for.
    pub(crate) fn elected_protocol(&self) -> Option<ByteString> {
        let mut votes: Vec<(&ByteString, usize)> = Vec::new();
        for member in self.in_order() {
            let vote =
                member.protocols.iter().map(|protocol| &protocol.name).find(|name| self.all_support(name))?;
            match votes.iter_mut().find(|(name, _)| *name == vote) {
                Some((_, count)) => *count += 1,
                None => votes.push((vote, 1)),
            }
        }
        votes.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name.clone())
    }

    /// The longest that any member asks for, in milliseconds.
    pub(crate) fn rebalance_timeout(&self) -> i32 {
        self.by_id.values().map(|member| member.rebalance_timeout).max().unwrap_or(0).max(0)
    }
}
