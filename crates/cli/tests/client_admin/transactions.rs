//! Transactions, as far as the broker serves them.

use ottla_client::ErrorCode;
use ottla_client::admin::TransactionsFilter;

use super::{Visit, name, only, served};

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_is_fenced_and_then_listed_and_described() {
    let visit = Visit::new().await;
    let id = name("till");
    let unknown = only(visit.admin.describe_transactions(&[&id]).await.unwrap()).unwrap_err();
    if unknown.code() != Some(ErrorCode::TransactionalIdNotFound) {
        assert!(served::<()>(Err(unknown)).is_none());
        return;
    }
    let first = only(visit.admin.fence_producers(&[&id]).await.unwrap()).unwrap();
    let second = only(visit.admin.fence_producers(&[&id]).await.unwrap()).unwrap();
    assert_eq!(second, (first.0, first.1 + 1));
    visit.admin.force_terminate_transaction(&id).await.unwrap();

    let described = only(visit.admin.describe_transactions(&[&id]).await.unwrap()).unwrap();
    assert_eq!((described.producer_id, &*described.state), (first.0, "Empty"));
    assert_eq!((described.started_at, described.partitions), (None, vec![]));

    let listed = visit.admin.list_transactions(&TransactionsFilter::default()).await.unwrap();
    let all: Vec<_> = listed.into_values().flat_map(|it| it.unwrap()).collect();
    assert!(all.iter().any(|it| *it.transactional_id == *id && it.producer_id == first.0));
    let filter = TransactionsFilter { producer_ids: vec![first.0 + 1_000_000], ..Default::default() };
    let none = only(visit.admin.list_transactions(&filter).await.unwrap()).unwrap();
    assert!(none.is_empty());
}
