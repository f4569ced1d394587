//! SASL/OAUTHBEARER.

use crate::option::{ConfigOption, boolean, class, int, list, long, password, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    class("sasl.oauthbearer.jwt.retriever.class")
        .default("org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever").ignored()
        .doc("A Java plug-in that fetches tokens."),
    class("sasl.oauthbearer.jwt.validator.class")
        .default("org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator").ignored()
        .doc("A Java plug-in that checks tokens."),
    string("sasl.oauthbearer.scope").ignored()
        .doc("The scope that is asked for."),
    string("sasl.oauthbearer.client.credentials.client.id").ignored()
        .doc("The client id at the identity provider."),
    password("sasl.oauthbearer.client.credentials.client.secret").ignored()
        .doc("The client's secret."),
    string("sasl.oauthbearer.assertion.algorithm").default("RS256").one_of_any_case(&["ES256", "RS256"])
        .ignored()
        .doc("The algorithm that assertions are signed with."),
    string("sasl.oauthbearer.assertion.claim.aud").ignored()
        .doc("The audience in assertions."),
    int("sasl.oauthbearer.assertion.claim.exp.seconds").default("300").between(0, 86_400).low().ignored()
        .doc("How long an assertion holds."),
    string("sasl.oauthbearer.assertion.claim.iss").ignored()
        .doc("The issuer in assertions."),
    boolean("sasl.oauthbearer.assertion.claim.jti.include").default("false").ignored()
        .doc("Whether assertions carry an id of their own."),
    int("sasl.oauthbearer.assertion.claim.nbf.seconds").default("60").between(0, 3600).low().ignored()
        .doc("How far before now an assertion begins to hold."),
    string("sasl.oauthbearer.assertion.claim.sub").ignored()
        .doc("The subject in assertions."),
    string("sasl.oauthbearer.assertion.file").ignored()
        .doc("A file with a ready assertion."),
    string("sasl.oauthbearer.assertion.private.key.file").ignored()
        .doc("The file with the key that signs assertions."),
    password("sasl.oauthbearer.assertion.private.key.passphrase").ignored()
        .doc("The password of that key."),
    string("sasl.oauthbearer.assertion.template.file").ignored()
        .doc("A file with more headers and claims for assertions."),
    string("sasl.oauthbearer.scope.claim.name").default("scope").low().ignored()
        .doc("The claim that holds the scope."),
    string("sasl.oauthbearer.sub.claim.name").default("sub").low().ignored()
        .doc("The claim that holds the subject."),
    string("sasl.oauthbearer.token.endpoint.url").ignored()
        .doc("Where tokens are fetched."),
    string("sasl.oauthbearer.jwks.endpoint.url").ignored()
        .doc("Where the identity provider's keys are fetched."),
    long("sasl.oauthbearer.jwks.endpoint.refresh.ms").default("3600000").low().ignored()
        .doc("How often they are fetched anew."),
    long("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms").default("100").low().ignored()
        .doc("The pause between two tries to fetch them."),
    long("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms").default("10000").low().ignored()
        .doc("The longest such pause."),
    int("sasl.oauthbearer.clock.skew.seconds").default("30").low().ignored()
        .doc("How far the clocks may differ."),
    list("sasl.oauthbearer.expected.audience").default("").high().ignored()
        .doc("The audience that a token must name."),
    string("sasl.oauthbearer.expected.issuer").high().ignored()
        .doc("The issuer that a token must name."),
];
