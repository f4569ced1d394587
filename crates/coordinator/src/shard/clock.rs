//! What happens with time.

use std::time::Duration;

use super::{Parts, Shard, classic};
use crate::{
    Effect, Now,
    group::classic::{ClassicGroup, TimerKey},
};

impl Shard {
    /// Nothing happens by itself before this moment; it may have passed already.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next_deadline()
    }

    /// Lets happen what is due.
    pub fn advance(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some((entry, key)) = self.timers.pop(now.uptime) {
            if self.is_due(entry, &key, now) {
                self.fire(key, now, out);
            }
        }
    }

    fn is_due(&mut self, entry: Duration, key: &TimerKey, now: Now) -> bool {
        let groups = &mut self.groups;
        let timer = match key {
            TimerKey::Session { group, member } => {
                classic(groups, group).and_then(|group| group.session_timer(member))
            }
            TimerKey::Join { group } => classic(groups, group).map(ClassicGroup::join_timer),
            TimerKey::Sync { group } => classic(groups, group).map(ClassicGroup::sync_timer),
            TimerKey::Expiry => Some(&mut self.expiry_timer),
        };
        timer.is_some_and(|timer| self.timers.is_due(timer, entry, now.uptime, key))
    }

    fn fire(&mut self, key: TimerKey, now: Now, out: &mut Vec<Effect>) {
        let (TimerKey::Session { group, .. } | TimerKey::Join { group } | TimerKey::Sync { group }) = &key
        else {
            self.expire_offsets(now, out);
            return self.schedule_expiry(now);
        };
        let Parts { groups, mut turn } = self.parts(now, out);
        let Some(classic) = classic(groups, group) else { return };
        match &key {
            TimerKey::Session { member, .. } => classic.session_ended(member, &mut turn),
            TimerKey::Join { .. } => classic.join_timer_fired(&mut turn),
            TimerKey::Sync { .. } => classic.sync_timer_fired(&mut turn),
            TimerKey::Expiry => {}
        }
    }

    pub(super) fn schedule_expiry(&mut self, now: Now) {
        let deadline = now.uptime + self.config.offsets_retention_check_interval;
        self.timers.set(&mut self.expiry_timer, deadline, || TimerKey::Expiry);
    }
}
