//! Access control lists.

use super::Comparison;

#[test]
fn access_is_granted_shown_and_taken_alike() {
    let mut it = Comparison::with(&[
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS",
    ]);
    let empty = it.file("empty.properties", "");
    for line in [
        "--list",
        "--add --allow-principal User:{who} --topic {who}-a",
        "--add --allow-principal User:{who} --topic {who}-a",
        "--add --allow-principal User:{who} --operation Read --operation write --topic {who}-b --topic {who}-c",
        "--add --allow-principal User:{who} --operation Read --topic {who}-b --allow-host 10.0.0.1 --allow-host 10.0.0.2",
        "--add --deny-principal User:{who} --deny-host 10.0.0.3 --operation Describe --group {who}-g",
        "--add --allow-principal User:{who} --topic {who}- --resource-pattern-type prefixed --operation All",
        "--add --allow-principal User:{who} --transactional-id {who}-t --operation Write",
        "--add --allow-principal User:{who} --delegation-token {who}-d --operation Describe",
        "--add --allow-principal User:{who} --user-principal User:{who} --operation CreateTokens",
        "--add --allow-principal User:{who} --producer --topic {who}-p --transactional-id {who}-p",
        "--add --allow-principal User:{who} --producer --idempotent --topic {who}-p",
        "--add --allow-principal User:{who} --consumer --topic {who}-p --group {who}-p",
        "--add --allow-principal User:{who} --consumer --producer --topic {who}-q --group {who}-q",
        "--add --allow-principal User:{who} --cluster --operation Alter",
        "--list --topic {who}-b",
        "--list --topic {who}-b --topic {who}-c",
        "--list --topic {who}-b --resource-pattern-type match",
        "--list --topic {who}- --resource-pattern-type prefixed",
        "--list --topic {who}-b --resource-pattern-type any",
        "--list --group {who}-g --transactional-id {who}-t --delegation-token {who}-d",
        "--list --user-principal User:{who}",
        "--list --principal User:{who} --topic {who}-b",
        "--list --principal User:{who}",
        "--list --principal User:nobody",
        "--list --principal nobody",
        &format!("--list --topic {{who}}-none --command-config {empty}"),
        "--remove --allow-principal User:{who} --operation Read --topic {who}-b --force",
        "--list --topic {who}-b",
        "--remove --topic {who}-b --force",
        "--remove --allow-principal User:{who} --consumer --topic {who}-p --group {who}-p --force",
        "--list --topic {who}-p --group {who}-p",
        "--remove --topic {who}-q --resource-pattern-type match --force",
        "--list --principal User:{who} --topic {who}-q",
        "--remove --force",
        "--add --topic {who}-a",
        "--add --allow-principal User:{who}",
        "--add --allow-principal {who} --topic {who}-a",
        "--add --allow-principal User:{who} --operation nonsense --topic {who}-a",
        "--add --allow-principal User:{who} --operation Write --group {who}-a",
        "--add --allow-principal User:{who} --topic {who}-a --resource-pattern-type match",
        "--add --allow-principal User:{who} --topic {who}-a --resource-pattern-type nonsense",
        "--list --allow-principal User:{who}",
        "--add --consumer --topic a --allow-principal User:{who}",
        "--add --producer --allow-principal User:{who}",
        "--add --producer --topic a --operation Read --allow-principal User:{who}",
        "--add --idempotent --topic a --allow-principal User:{who}",
        "--add --principal User:{who} --topic a",
        "--list --add",
        "--nonsense",
        "",
    ] {
        it.compare_unordered("kafka-acls", &format!("{{at}} {line}"));
    }
    it.compare("kafka-acls", "--list");
    it.done();
}

#[test]
fn a_broker_without_an_authorizer_refuses_alike() {
    let mut it = Comparison::new();
    for line in [
        "{at} --list",
        "{at} --add --allow-principal User:{who} --topic a",
        "{at} --remove --topic a --force",
    ] {
        it.compare("kafka-acls", line);
    }
    it.done();
}
