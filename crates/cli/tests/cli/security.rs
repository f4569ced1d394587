//! `ottla user`, `quota` and `token`, as far as they need no broker that serves them; `tests/apache_kafka` has the rest.

use super::Visit;

#[test]
fn a_broker_that_does_not_serve_it_says_so_in_a_line() {
    let visit = Visit::new();
    for (line, api) in [
        ("user list", "DescribeUserScramCredentials"),
        ("user create alice --password secret", "DescribeUserScramCredentials"),
        ("user alter alice --password secret", "DescribeUserScramCredentials"),
        ("user delete alice --yes", "DescribeUserScramCredentials"),
        ("quota describe", "DescribeClientQuotas"),
        ("quota set --user alice producer_byte_rate=1MB", "AlterClientQuotas"),
        ("quota unset --default client consumer_byte_rate", "AlterClientQuotas"),
        ("token list", "DescribeDelegationToken"),
        ("token create", "CreateDelegationToken"),
        ("token renew AAAA", "RenewDelegationToken"),
        ("token expire AAAA --yes", "ExpireDelegationToken"),
    ] {
        let refused = visit.refused(&line.split(' ').collect::<Vec<_>>(), 1);
        assert!(refused.contains(api), "{line}: {refused}");
        assert!(refused.lines().count() <= 2, "{line}: {refused}");
        assert!(!refused.contains("secret"), "{line}: {refused}");
    }
}

#[test]
fn a_line_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let visit = Visit::new();
    for (line, expected) in [
        ("user create alice --mechanism md5", "give SCRAM-SHA-256 or SCRAM-SHA-512"),
        ("user create alice --iterations 4095", "4095 is not in 4096..=16384"),
        ("user alter alice --iterations 16385", "16385 is not in 4096..=16384"),
        ("user create alice --password a --password-file b", "cannot be used with"),
        ("user delete alice", "delete alice: give --yes"),
        ("quota set producer_byte_rate=1MB", "name whose quotas are meant"),
        ("quota set --user alice producer_byte_rate=fast", "give it as quota=number"),
        ("quota set --user alice --default user request_percentage=1", "exclude each other"),
        ("quota describe --user alice --any user", "--any user: one user is named already"),
        ("quota describe --any topic", "invalid value 'topic'"),
        ("token create --owner alice", "'--owner <KIND:NAME>': say what kind it is, too: User:alice"),
        ("token list --owner User:", "it has no name: say User:alice"),
        ("token create --lifetime long", "--lifetime long: say it as"),
        ("token renew AAAA --by tomorrow", "--by tomorrow: say it as"),
        ("token renew !", "the HMAC is not base64"),
        ("token expire AAAA", "give --yes"),
    ] {
        let refused = visit.refused(&line.split(' ').collect::<Vec<_>>(), 2);
        assert!(refused.contains(expected), "{line}: {refused}");
    }
}
