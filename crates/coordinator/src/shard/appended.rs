//! What follows when records are appended, durable, or refused.

use ottla_wire::ErrorCode;

use super::{NO_PRODUCER_ID, Parts, Shard, classic};
use crate::{
    AppendId, Effect, Now,
    appends::{Then, Waiting},
    errors,
};

impl Shard {
    /// The records of an [`Effect::Append`] stand in the log from that offset on, or could not be appended. To be told
    /// before anything else happens to the shard.
    pub fn appended(
        &mut self,
        id: AppendId,
        result: Result<i64, ErrorCode>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        match result {
            Ok(base_offset) => {
                let producer_id = match *self.appends.then(id) {
                    Then::End { producer_id, committed } => {
                        return self.end_of_transaction_appended(producer_id, committed, id);
                    }
                    Then::Open { producer_id } => producer_id,
                    Then::Nothing | Then::Created { .. } | Then::Assigned { .. } | Then::Replaced { .. } => {
                        NO_PRODUCER_ID
                    }
                };
                for (record, offset) in self.appends.take_records(id).into_iter().zip(base_offset..) {
                    self.apply_live(record, offset, producer_id, id);
                }
            }
            Err(error) => {
                let waiting = self.appends.fail(id);
                self.not_appended(waiting, error, now, out);
            }
        }
    }

    /// The records of all appends up to that one are durable.
    pub fn committed(&mut self, id: AppendId, now: Now, out: &mut Vec<Effect>) {
        while let Some(mut waiting) = self.appends.next_up_to(id) {
            let then = std::mem::replace(&mut waiting.then, Then::Nothing);
            let Parts { groups, mut turn } = self.parts(now, out);
            match then {
                Then::Nothing | Then::Open { .. } | Then::End { .. } | Then::Created { .. } => {}
                Then::Assigned { group, assignments } => {
                    if let Some(classic) = classic(groups, &group) {
                        classic.assignment_stored(waiting.id, assignments, &mut turn);
                    }
                }
                Then::Replaced { group, replaced } => {
                    if let Some(classic) = classic(groups, &group) {
                        classic.static_member_stored(&replaced, &mut turn);
                    }
                }
            }
            waiting.answer(out);
        }
    }

    fn not_appended(&mut self, mut waiting: Waiting, error: ErrorCode, now: Now, out: &mut Vec<Effect>) {
        let then = std::mem::replace(&mut waiting.then, Then::Nothing);
        let id = waiting.id;
        waiting.refuse(error, out);
        let error = errors::told_for(error);
        let Parts { groups, mut turn } = self.parts(now, out);
        match then {
            Then::Nothing | Then::Open { .. } | Then::End { .. } => {}
            Then::Created { group, before } => {
                if let Some(classic) = classic(groups, &group) {
                    classic.not_created(error, &mut turn);
                }
                self.restore(&group, before);
            }
            Then::Assigned { group, .. } => {
                if let Some(classic) = classic(groups, &group) {
                    classic.assignment_not_stored(id, error, &mut turn);
                }
            }
            Then::Replaced { group, replaced } => {
                if let Some(classic) = classic(groups, &group) {
                    classic.static_member_not_stored(*replaced, error, &mut turn);
                }
            }
        }
    }
}
