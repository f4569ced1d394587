//! DescribeTransactions: the state of transactional ids (KIP-664).

use bytestring::ByteString;
use ottla_wire::messages::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, describe_transactions_response::TransactionState,
};

use super::Context;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let describe = |transactional_id: ByteString| {
        let found = context.broker.transactions.look(&transactional_id, |shard, _| shard.describe(&transactional_id));
        found.unwrap_or_else(|error| TransactionState {
            error_code: error.code(),
            transactional_id,
            ..Default::default()
        })
    };
    DescribeTransactionsResponse {
        transaction_states: request.transactional_ids.into_iter().map(describe).collect(),
        ..Default::default()
    }
}
