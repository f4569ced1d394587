//! `--any-port`: the configured hosts, on whatever ports are free.

use ottla_config::{Assignment, BrokerConfig, Listener};

const FLAG: &str = "--any-port";

/// Assignments that win over everything given before. What clients are told follows the ports, unless the user said
/// on the same command line what it is.
pub(super) fn assignments(config: &BrokerConfig, advertises: bool) -> Vec<Assignment> {
    let listeners = &config.network.listeners;
    let all: Vec<&Listener> = listeners.broker.iter().chain(&listeners.controller).collect();
    let mut assignments = vec![Assignment::of_flag(FLAG, "listeners", &without_ports(&all))];
    if !advertises {
        let told: Vec<&Listener> = listeners.advertised.iter().collect();
        assignments.push(Assignment::of_flag(FLAG, "advertised.listeners", &without_ports(&told)));
    }
    if let Some((host, _)) = &config.node.metrics_listener {
        let address = if host.contains(':') { format!("[{host}]:0") } else { format!("{host}:0") };
        assignments.push(Assignment::of_flag(FLAG, "ottla.metrics.listener", &address));
    }
    assignments
}

fn without_ports(listeners: &[&Listener]) -> String {
    let open = |listener: &&Listener| Listener { port: 0, ..(*listener).clone() }.to_string();
    listeners.iter().map(open).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use ottla_config::{Settings, StartConfig};

    use super::*;

    fn check(given: &[(&str, &str)], advertises: bool, expected: [&str; 3]) {
        let given: Vec<_> =
            given.iter().map(|(name, value)| Assignment::of_flag("--set", name, value)).collect();
        let resolve =
            |given: Vec<Assignment>| Settings::new(StartConfig::new(given).expect("valid").0).broker();
        let added = assignments(&resolve(given.clone()), advertises);
        let config = resolve(given.into_iter().chain(added).collect());
        let shown = |of: &[Listener]| of.iter().map(Listener::to_string).collect::<Vec<_>>().join(",");
        let metrics = config.node.metrics_listener.map(|(host, port)| format!("{host}:{port}"));
        let listeners = config.network.listeners;
        let found = [shown(&listeners.broker), shown(&listeners.advertised), metrics.unwrap_or_default()];
        assert_eq!(found, expected);
    }

    #[test]
    fn hosts_stay_and_ports_go() {
        check(&[], false, ["PLAINTEXT://127.0.0.1:0", "PLAINTEXT://127.0.0.1:0", "127.0.0.1:0"]);
        check(
            &[
                ("listeners", "A://[::1]:1,B://h:2"),
                ("listener.security.protocol.map", "A:PLAINTEXT,B:PLAINTEXT"),
            ],
            false,
            ["A://[::1]:0,B://h:0", "A://[::1]:0,B://h:0", "127.0.0.1:0"],
        );
    }

    #[test]
    fn what_clients_are_told_is_the_users_if_he_says_so_beside_it() {
        let given =
            [("listeners", "h:1"), ("advertised.listeners", "outside:7"), ("ottla.metrics.listener", "")];
        check(&given, true, ["PLAINTEXT://h:0", "PLAINTEXT://outside:7", ""]);
        check(&given, false, ["PLAINTEXT://h:0", "PLAINTEXT://outside:0", ""]);
    }
}
