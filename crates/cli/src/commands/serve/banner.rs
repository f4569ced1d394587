//! What a user sees when the broker is ready: where it is, how safe it is, and what to try.

use std::fmt;

use ottla_broker::{Address, Running};
use tracing::info;

use crate::remote::DEFAULT_BROKERS;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Banner {
    /// Where it listens, and what clients are told if that is another address.
    listening: Vec<String>,
    /// What to type: this executable, and where it is to go.
    command: String,
    bootstrap: String,
    data_dir: String,
    durable: bool,
    /// Where they are served, if they are.
    metrics: Option<String>,
    /// What else there is to say.
    more: Vec<(&'static str, String)>,
}

impl Banner {
    pub(super) fn new(running: &Running, more: Vec<(&'static str, String)>) -> Banner {
        Banner {
            listening: running.addresses().iter().map(listening).collect(),
            command: std::env::args().next().unwrap_or_else(|| "ottla".into()),
            bootstrap: running.addresses().first().map(advertised).unwrap_or_default(),
            data_dir: running.data_dir().display().to_string(),
            durable: running.is_durable(),
            metrics: running.metrics_address().map(|address| address.to_string()),
            more,
        }
    }

    fn durability(&self) -> &'static str {
        if self.durable {
            "journal: acknowledged records are on stable storage"
        } else {
            "os: acknowledged records are in the page cache, as with Kafka"
        }
    }

    /// The same for programs that read the log.
    pub(super) fn log(&self) {
        info!(
            listening = self.listening.join(", "),
            data_dir = self.data_dir,
            durability = if self.durable { "journal" } else { "os" },
            metrics = self.metrics,
            version = env!("CARGO_PKG_VERSION"),
            "serving"
        );
    }
}

/// `127.0.0.1:9092`, or `0.0.0.0:9092 (clients are told kafka1:9092)`.
fn listening(address: &Address) -> String {
    let (bound, told) = (address.bound.to_string(), advertised(address));
    let is_same = bound == told || (address.bound.ip().is_loopback() && address.advertised.0 == "localhost");
    if is_same { bound } else { format!("{bound} (clients are told {told})") }
}

fn advertised(address: &Address) -> String {
    let (host, port) = &address.advertised;
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = &self.command;
        let brokers = match &*self.bootstrap {
            DEFAULT_BROKERS => String::new(),
            other => format!(" -b {other}"),
        };
        writeln!(f, "Ottla {} is ready.", env!("CARGO_PKG_VERSION"))?;
        writeln!(f, "  listening   {}", self.listening.join(", "))?;
        writeln!(f, "  data        {}", self.data_dir)?;
        writeln!(f, "  durability  {}", self.durability())?;
        if let Some(metrics) = &self.metrics {
            writeln!(f, "  metrics     http://{metrics}/metrics")?;
        }
        for (name, text) in &self.more {
            writeln!(f, "  {name:<11} {text}")?;
        }
        writeln!(f, "  produce     echo hello | {command} produce greetings{brokers}")?;
        writeln!(f, "  consume     {command} consume greetings -e{brokers}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(bound: &str, host: &str, port: u16) -> Address {
        let bound = bound.parse().expect("an address");
        Address { listener: "PLAINTEXT".into(), bound, advertised: (host.into(), port) }
    }

    #[test]
    fn what_clients_are_told_is_said_where_it_differs() {
        for (address, expected) in [
            (address("127.0.0.1:9092", "localhost", 9092), "127.0.0.1:9092"),
            (address("127.0.0.1:9092", "127.0.0.1", 9092), "127.0.0.1:9092"),
            (address("0.0.0.0:9092", "kafka1", 19092), "0.0.0.0:9092 (clients are told kafka1:19092)"),
            (address("[::]:9092", "::1", 9092), "[::]:9092 (clients are told [::1]:9092)"),
        ] {
            assert_eq!(listening(&address), expected);
        }
    }

    #[test]
    fn it_is_short_and_can_be_pasted() {
        let mut banner = Banner {
            listening: vec!["127.0.0.1:9092".into()],
            command: "target/release/ottla".into(),
            bootstrap: "127.0.0.1:9092".into(),
            data_dir: "/data".into(),
            durable: true,
            metrics: Some("127.0.0.1:9644".into()),
            more: vec![("demo", "of nothing".into())],
        };
        let text = banner.to_string();
        assert!(text.lines().count() <= 8 && text.lines().all(|line| line.len() < 80), "{text}");
        assert!(text.contains("echo hello | target/release/ottla produce greetings\n"), "{text}");
        assert!(text.contains("http://127.0.0.1:9644/metrics"), "{text}");
        assert!(text.contains("\n  demo        of nothing\n"), "{text}");
        banner.bootstrap = "kafka1:9092".into();
        assert!(banner.to_string().contains("consume greetings -e -b kafka1:9092\n"));
    }
}
