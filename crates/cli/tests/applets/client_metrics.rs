//! Which metrics clients push.

use super::Comparison;

#[test]
fn client_metrics_are_shown_and_changed_alike() {
    let mut it = Comparison::new();
    let name = "kafka-client-metrics";
    for line in [
        "--list",
        "--describe",
        "--alter --name {who}-a --interval 5000 --metrics org.apache.kafka.,other. --match client_id=a.*",
        "--alter --name {who}-a --interval 6000",
        "--alter --name {who}-b --metrics a --metrics b,,c",
        "--alter --name {who}-b --match client_software_name=x,client_source_port=1",
        "--alter --name {who}-b --match=",
        "--alter --name {who}-c",
    ] {
        it.compare_unordered(name, &format!("{{at}} {line}"));
    }
    for line in ["--name {who}-a", "--name {who}-b", "--name {who}-none"] {
        it.compare_unordered(name, &format!("{{at}} --describe {line}"));
    }
    let generated = "[A-Za-z0-9_-]{22}";
    it.compare_masked(name, "{at} --alter --generate-name --interval 7000", "", &[generated]);
    for line in [
        "--alter --name {who}-a --interval 1",
        "--alter --name {who}-a --interval x",
        "--alter --name {who}-a --match nonsense=x",
        "--alter --name {who}-a --generate-name",
        "--alter --interval 5000",
        "--delete",
        "--delete --name {who}-a",
        "--delete --name {who}-none",
        "--delete --name {who}-a --interval 5",
        "--describe --name {who}-a",
        "--describe --interval 5",
        "--list --name {who}-a",
        "--list --describe",
        "",
    ] {
        it.compare(name, &format!("{{at}} {line}"));
    }
    it.compare(name, "--list");
    it.done();
}
