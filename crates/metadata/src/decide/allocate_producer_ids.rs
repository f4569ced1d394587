//! AllocateProducerIds.

use ottla_wire::{
    ErrorCode,
    messages::{AllocateProducerIdsRequest, AllocateProducerIdsResponse, ProducerIdsRecord},
};

use super::{Controller, Decision};

/// How many producer ids a broker gets at a time.
pub const PRODUCER_ID_BLOCK_SIZE: i32 = 1000;

impl Controller<'_> {
    /// The next block. A broker that dies with a block half used leaves a gap: ids are never given twice.
    pub fn allocate_producer_ids(
        &self,
        request: &AllocateProducerIdsRequest,
    ) -> Decision<AllocateProducerIdsResponse> {
        let broker = self.image.cluster().broker(request.broker_id);
        if broker.is_none_or(|broker| broker.epoch != request.broker_epoch) {
            return refused(ErrorCode::StaleBrokerEpoch);
        }
        let start = self.image.next_producer_id();
        let Some(next) = start.checked_add(PRODUCER_ID_BLOCK_SIZE.into()) else {
            return refused(ErrorCode::UnknownServerError);
        };
        let record = ProducerIdsRecord {
            broker_id: request.broker_id,
            broker_epoch: request.broker_epoch,
            next_producer_id: next,
        };
        let response = AllocateProducerIdsResponse {
            producer_id_start: start,
            producer_id_len: PRODUCER_ID_BLOCK_SIZE,
            ..Default::default()
        };
        Decision { records: vec![record.into()], response }
    }
}

fn refused(error: ErrorCode) -> Decision<AllocateProducerIdsResponse> {
    Decision::none(AllocateProducerIdsResponse { error_code: error.code(), ..Default::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::{NODE, Node};

    #[test]
    fn blocks_follow_each_other_and_are_for_brokers_that_are_registered() {
        let mut node = Node::new();
        let broker_epoch = node.start();
        for start in [0, 1000, 2000] {
            let request = AllocateProducerIdsRequest { broker_id: NODE, broker_epoch };
            let decision = node.controller().allocate_producer_ids(&request);
            let (response, _) = node.replay(decision);
            assert_eq!((response.producer_id_start, response.producer_id_len), (start, 1000));
        }
        for (broker_id, broker_epoch) in [(NODE, broker_epoch - 1), (9, broker_epoch)] {
            let decision = node
                .controller()
                .allocate_producer_ids(&AllocateProducerIdsRequest { broker_id, broker_epoch });
            assert_eq!(decision.response.error_code, ErrorCode::StaleBrokerEpoch.code());
        }
    }
}
