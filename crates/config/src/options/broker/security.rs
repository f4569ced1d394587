//! TLS, SASL, tokens and authorization. None of these acts yet: a listener that needs one is refused.

use crate::option::{ConfigOption, boolean, class, double, int, list, long, password, short, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    string("authorizer.class.name").default("").low()
        .doc("The authorizer; it must be empty, because access is not controlled yet."),
    class("principal.builder.class")
        .default("org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder").per_broker()
        .ignored()
        .doc("A Java plug-in that makes principals."),
    string("security.providers").low().ignored()
        .doc("Java security providers."),
    long("connections.max.reauth.ms").default("0").ignored()
        .doc("How long an authentication holds; 0 for the whole connection."),
    string("ssl.client.auth").default("none").one_of(&["required", "requested", "none"]).per_broker()
        .ignored()
        .doc("Whether clients must show a certificate."),
    string("ssl.principal.mapping.rules").default("DEFAULT").low().ignored()
        .doc("How a certificate's name becomes a principal."),
    boolean("ssl.allow.dn.changes").default("false").low().ignored()
        .doc("Whether a new key store may carry another name."),
    boolean("ssl.allow.san.changes").default("false").low().ignored()
        .doc("Whether a new key store may carry other alternative names."),
    string("ssl.protocol").default("TLSv1.3").per_broker().ignored()
        .doc("The TLS version to start from."),
    string("ssl.provider").per_broker().ignored()
        .doc("The Java provider of TLS."),
    list("ssl.enabled.protocols").default("TLSv1.2,TLSv1.3").per_broker().ignored()
        .doc("The TLS versions that are accepted."),
    string("ssl.keystore.type").default("JKS").per_broker().ignored()
        .doc("The format of the key store."),
    string("ssl.keystore.location").per_broker().ignored()
        .doc("The file with the key store."),
    password("ssl.keystore.password").per_broker().ignored()
        .doc("The password of the key store."),
    password("ssl.key.password").per_broker().ignored()
        .doc("The password of the private key."),
    password("ssl.keystore.key").per_broker().ignored()
        .doc("The private key itself, in PEM."),
    password("ssl.keystore.certificate.chain").per_broker().ignored()
        .doc("The certificate chain itself, in PEM."),
    string("ssl.truststore.type").default("JKS").per_broker().ignored()
        .doc("The format of the trust store."),
    string("ssl.truststore.location").per_broker().ignored()
        .doc("The file with the trust store."),
    password("ssl.truststore.password").per_broker().ignored()
        .doc("The password of the trust store."),
    password("ssl.truststore.certificates").per_broker().ignored()
        .doc("The trusted certificates themselves, in PEM."),
    string("ssl.keymanager.algorithm").default("SunX509").per_broker().ignored()
        .doc("The Java key manager."),
    string("ssl.trustmanager.algorithm").default("PKIX").per_broker().ignored()
        .doc("The Java trust manager."),
    string("ssl.endpoint.identification.algorithm").default("https").low().per_broker().ignored()
        .doc("How the name of a host is checked."),
    string("ssl.secure.random.implementation").low().per_broker().ignored()
        .doc("The Java random source for TLS."),
    list("ssl.cipher.suites").default("").per_broker().ignored()
        .doc("The cipher suites that are accepted."),
    class("ssl.engine.factory.class").low().per_broker().ignored()
        .doc("A Java plug-in that makes TLS engines."),
    string("sasl.mechanism.controller.protocol").default("GSSAPI").high().ignored()
        .doc("The SASL mechanism among controllers."),
    string("sasl.mechanism.inter.broker.protocol").default("GSSAPI").per_broker().ignored()
        .doc("The SASL mechanism among brokers."),
    list("sasl.enabled.mechanisms").default("GSSAPI").per_broker().ignored()
        .doc("The SASL mechanisms that are offered."),
    password("sasl.jaas.config").per_broker().ignored()
        .doc("The login of SASL listeners, in JAAS form."),
    class("sasl.server.callback.handler.class").ignored()
        .doc("A Java plug-in that checks SASL logins."),
    class("sasl.client.callback.handler.class").ignored()
        .doc("A Java plug-in for the broker's own SASL logins."),
    class("sasl.login.class").ignored()
        .doc("A Java plug-in that logs in."),
    class("sasl.login.callback.handler.class").ignored()
        .doc("A Java plug-in that supplies credentials to it."),
    int("sasl.server.max.receive.size").default("524288").ignored()
        .doc("The largest SASL message that is accepted."),
    string("sasl.kerberos.service.name").per_broker().ignored()
        .doc("The Kerberos name of the brokers."),
    string("sasl.kerberos.kinit.cmd").default("/usr/bin/kinit").per_broker().ignored()
        .doc("The kinit command."),
    list("sasl.kerberos.principal.to.local.rules").default("DEFAULT").per_broker().ignored()
        .doc("How a Kerberos principal becomes a short name."),
    double("sasl.kerberos.ticket.renew.window.factor").default("0.8").per_broker().ignored()
        .doc("The part of a ticket's life after which it is renewed."),
    double("sasl.kerberos.ticket.renew.jitter").default("0.05").per_broker().ignored()
        .doc("The random part of that time."),
    long("sasl.kerberos.min.time.before.relogin").default("60000").per_broker().ignored()
        .doc("The least time between two Kerberos logins."),
    double("sasl.login.refresh.window.factor").default("0.8").per_broker().ignored()
        .doc("The part of a login's life after which it is refreshed."),
    double("sasl.login.refresh.window.jitter").default("0.05").per_broker().ignored()
        .doc("The random part of that time."),
    short("sasl.login.refresh.min.period.seconds").default("60").per_broker().ignored()
        .doc("The least time between two refreshes."),
    short("sasl.login.refresh.buffer.seconds").default("300").per_broker().ignored()
        .doc("How long before its end a login is refreshed at the latest."),
    int("sasl.login.connect.timeout.ms").low().ignored()
        .doc("How long a connection to the identity provider may take."),
    int("sasl.login.read.timeout.ms").low().ignored()
        .doc("How long the identity provider's answer may take."),
    long("sasl.login.retry.backoff.ms").default("100").low().ignored()
        .doc("The pause between two tries to log in."),
    long("sasl.login.retry.backoff.max.ms").default("10000").low().ignored()
        .doc("The longest such pause."),
    password("delegation.token.secret.key").ignored()
        .doc("The key that delegation tokens are made with."),
    long("delegation.token.max.lifetime.ms").default("604800000").at_least(1).ignored()
        .doc("How long a token may be renewed."),
    long("delegation.token.expiry.time.ms").default("86400000").at_least(1).ignored()
        .doc("How long a token holds without renewal."),
    long("delegation.token.expiry.check.interval.ms").default("3600000").at_least(1).low().ignored()
        .doc("How often expired tokens are removed."),
];
