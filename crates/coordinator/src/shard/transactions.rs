//! Offsets that are committed within transactions, and the ends of these.

use ottla_wire::{ErrorCode, messages::OffsetCommitRequest};

use super::{Shard, membership::check_group_id};
use crate::{
    Context, Effect, GroupState, GroupType, Response, Ticket, TransactionEnd, TransactionalProducer,
    appends::Then, group::Membership, offsets,
};

impl Shard {
    /// TxnOffsetCommit. As with [`Shard::commit_offsets`], but the offsets count once the producer's transaction is
    /// committed; until then partitions that have some are unstable. That the producer may write in its transaction was
    /// asked of the transaction's coordinator.
    pub fn commit_offsets_in_transaction(
        &mut self,
        context: &Context,
        producer: TransactionalProducer,
        request: &OffsetCommitRequest,
        ticket: Ticket,
        out: &mut Vec<Effect>,
    ) {
        if let Err(error) = self.check_transactional_commit(request) {
            let response = Response::OffsetCommit(offsets::refuse_commit(request, error));
            return out.push(Effect::Reply { ticket, response });
        }
        let metadata_max = self.config.offset_metadata_max;
        let (response, records) = offsets::commit(request, metadata_max, context.now.unix_millis);
        let response = Response::OffsetCommit(response);
        if records.is_empty() {
            return out.push(Effect::Reply { ticket, response });
        }
        self.stats.offset_commits += records.len() as u64;
        let then = Then::Open { producer_id: producer.id };
        let append = |id, records| Effect::AppendInTransaction { id, producer, records };
        let id = self.appends.start_as(records, then, out, append);
        self.appends.reply_after(id, ticket, response, out);
    }

    fn check_transactional_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let from_nobody = request.generation_id_or_member_epoch < 0;
        check_group_id(&request.group_id)?;
        if !offsets::has_storable_names(request) {
            return Err(ErrorCode::InvalidRequest);
        }
        match self.groups.get(&request.group_id).map(|group| &group.membership) {
            Some(Membership::Classic(classic)) => classic.check_transactional_commit(request),
            Some(Membership::Simple) if from_nobody => Ok(()),
            Some(Membership::Simple) => Err(ErrorCode::UnknownMemberId),
            Some(Membership::Other(other)) if other.group_type() == GroupType::Share => {
                Err(ErrorCode::GroupIdNotFound)
            }
            Some(Membership::Other(other)) if from_nobody && other.state() == GroupState::Empty => Ok(()),
            Some(Membership::Other(_)) => Err(ErrorCode::UnknownMemberId),
            None if from_nobody => Ok(()),
            None => Err(ErrorCode::IllegalGeneration),
        }
    }

    /// WriteTxnMarkers, of this shard's partition: offsets of the transaction count from here on, or are forgotten. The
    /// answer comes once the marker is durable.
    pub fn end_transaction(&mut self, end: TransactionEnd, ticket: Ticket, out: &mut Vec<Effect>) {
        let then = Then::End { producer_id: end.producer.id, committed: end.committed };
        let id = self.appends.start_as(Vec::new(), then, out, |id, _none| Effect::AppendMarker { id, end });
        self.appends.reply_after(id, ticket, Response::TransactionEnded(ErrorCode::None), out);
    }
}
