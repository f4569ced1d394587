//! ListTransactions: the transactional ids that pass all filters (KIP-664, KIP-994, KIP-1152).

use bytestring::ByteString;
use ottla_coordinator::{ListFilter, TransactionState};
use ottla_wire::{
    ErrorCode,
    messages::{ListTransactionsRequest, ListTransactionsResponse},
};
use regex::bytes::{Regex, RegexBuilder};

use super::Context;

/// Of a compiled pattern, in bytes.
const PATTERN_SIZE_MAX: usize = 1 << 20;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: ListTransactionsRequest,
) -> ListTransactionsResponse {
    match list(context, &request) {
        Ok(response) => response,
        Err(error) => ListTransactionsResponse { error_code: error.code(), ..Default::default() },
    }
}

fn list(
    context: &Context<'_>,
    request: &ListTransactionsRequest,
) -> Result<ListTransactionsResponse, ErrorCode> {
    let pattern = pattern(request.transactional_id_pattern.as_ref())?;
    let (states, unknown_state_filters) = states(&request.state_filters);
    let filter = ListFilter {
        producer_ids: &request.producer_id_filters,
        states: (!request.state_filters.is_empty()).then_some(&states[..]),
        duration_ms: request.duration_filter,
        names: &|id| pattern.as_ref().is_none_or(|pattern| pattern.is_match(id.as_bytes())),
    };
    let listed = context.broker.transactions.look_at_all(|shard, now| shard.list(&filter, now))?;
    Ok(ListTransactionsResponse {
        unknown_state_filters,
        transaction_states: listed.into_iter().flatten().collect(),
        ..Default::default()
    })
}

/// Kafka matches the whole id, and knows the classes of ASCII alone.
fn pattern(pattern: Option<&ByteString>) -> Result<Option<Regex>, ErrorCode> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else { return Ok(None) };
    let compiled =
        RegexBuilder::new(&format!("^(?:{pattern})$")).unicode(false).size_limit(PATTERN_SIZE_MAX).build();
    compiled.map(Some).map_err(|_invalid| ErrorCode::InvalidRegularExpression)
}

/// The states that are named, and the names that no state has.
fn states(names: &[ByteString]) -> (Vec<TransactionState>, Vec<ByteString>) {
    let states = names.iter().filter_map(|name| TransactionState::from_name(name)).collect();
    let unknown = names.iter().filter(|name| !TransactionState::is_known_name(name)).cloned().collect();
    (states, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_ids() {
        let cases = [
            (None, "anything", Ok(true)),
            (Some(""), "anything", Ok(true)),
            (Some("a|b"), "a", Ok(true)),
            (Some("a|b"), "ab", Ok(false)),
            (Some("orders-.*"), "orders-7", Ok(true)),
            (Some("orders-.*"), "my-orders-7", Ok(false)),
            (Some("("), "(", Err(ErrorCode::InvalidRegularExpression)),
        ];
        for (text, id, expected) in cases {
            let matches = pattern(text.map(ByteString::from).as_ref());
            let matches = matches.map(|pattern| pattern.is_none_or(|pattern| pattern.is_match(id.as_bytes())));
            assert_eq!(matches, expected, "{text:?} {id}");
        }
    }

    #[test]
    fn states_are_named_as_kafka_spells_them() {
        let names = ["Ongoing", "ongoing", "Dead", "CompleteAbort"].map(ByteString::from);
        let (states, unknown) = states(&names);
        assert_eq!(states, [TransactionState::Ongoing, TransactionState::CompleteAbort]);
        assert_eq!(unknown, ["ongoing"]);
    }
}
