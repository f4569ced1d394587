//! `ottla cluster`.

use super::Visit;
use super::support::json_lines;

#[test]
fn a_cluster_tells_of_itself() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "3"]);
    let (host, port) = visit.brokers.split_once(':').unwrap();

    let info = &json_lines(&visit.ok(&["cluster", "info", "-o", "ndjson"]))[0];
    assert_eq!((&info["brokerCount"], &info["controller"]), (&1.into(), &1.into()));
    let brokers = visit.ok(&["cluster", "brokers", "-o", "tsv"]);
    assert_eq!(
        brokers,
        format!("ID\tHOST\tPORT\tRACK\tCONTROLLER\tFENCED\n1\t{host}\t{port}\t-\ttrue\tfalse\n")
    );

    let health = &json_lines(&visit.ok(&["cluster", "health", "-o", "ndjson"]))[0];
    assert_eq!((&health["isHealthy"], &health["partitionCount"]), (&true.into(), &3.into()));
    let quorum = &json_lines(&visit.ok(&["cluster", "quorum", "-o", "ndjson"]))[0];
    assert_eq!((&quorum["leader"], &quorum["replicas"][0]["status"]), (&1.into(), &"leader".into()));
    let features = json_lines(&visit.ok(&["cluster", "features", "-o", "ndjson"]));
    assert!(features.iter().any(|row| row["feature"] == "metadata.version"), "{features:?}");
    let dirs = json_lines(&visit.ok(&["cluster", "log-dirs", "-o", "ndjson"]));
    assert_eq!((dirs.len(), &dirs[0]["replicas"]), (1, &3.into()), "{dirs:?}");
}
