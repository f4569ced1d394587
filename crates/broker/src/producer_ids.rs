//! Producer ids, from blocks that the controller has set aside for this broker for good: none is given twice, also
//! after a kill, which leaves a gap.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Mutex, MutexGuard},
};

use ottla_wire::messages::{AllocateProducerIdsRequest, AllocateProducerIdsResponse};

use crate::api::Context;

type ProducerId = i64;

/// The ids that may still be given.
#[derive(Debug, Default)]
pub(crate) struct ProducerIds {
    blocks: Mutex<VecDeque<Range<ProducerId>>>,
}

/// The controller set no block aside; the code is its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no producer ids, error code {0}")]
pub(crate) struct NoBlock(i16);

impl ProducerIds {
    /// Cancel-safe.
    pub(crate) async fn next(&self, context: &Context<'_>) -> Result<ProducerId, NoBlock> {
        loop {
            self.provide(context).await?;
            if let Some(id) = self.take() {
                return Ok(id);
            }
        }
    }

    /// Sees to it that there are ids to take. Cancel-safe.
    pub(crate) async fn provide(&self, context: &Context<'_>) -> Result<(), NoBlock> {
        if self.lock().iter().all(Range::is_empty) {
            let block = allocate(context).await?;
            // Whoever else ran out meanwhile has brought one too: it is used after this one.
            self.lock().push_back(block);
        }
        Ok(())
    }

    /// None if others took the last one.
    pub(crate) fn take(&self) -> Option<ProducerId> {
        let mut blocks = self.lock();
        loop {
            match blocks.front_mut()?.next() {
                Some(id) => return Some(id),
                None => drop(blocks.pop_front()),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Range<ProducerId>>> {
        self.blocks.lock().expect("nobody panics with the lock held")
    }
}

async fn allocate(context: &Context<'_>) -> Result<Range<ProducerId>, NoBlock> {
    let broker_id = context.broker.identity.node_id;
    let broker_epoch = context.broker.metadata.image().cluster().broker(broker_id).map_or(-1, |b| b.epoch);
    let request = AllocateProducerIdsRequest { broker_id, broker_epoch };
    let AllocateProducerIdsResponse { error_code, producer_id_start, producer_id_len, .. } =
        context.decide(move |controller| controller.allocate_producer_ids(&request)).await;
    if error_code != 0 {
        tracing::error!(error_code, "the controller gives no producer ids");
        return Err(NoBlock(error_code));
    }
    Ok(producer_id_start..producer_id_start + ProducerId::from(producer_id_len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_block_after_block_and_each_once() {
        let ids = ProducerIds::default();
        assert_eq!(ids.take(), None);
        ids.lock().extend([0..2, 1000..1001]);
        assert_eq!([ids.take(), ids.take(), ids.take(), ids.take()], [Some(0), Some(1), Some(1000), None]);
    }
}
