//! The flags of `ottla serve` that stand for options.

use clap::Args;
use ottla_config::Assignment;

#[derive(Debug, Clone, Default, Args)]
pub(super) struct ServeFlags {
    /// Where to listen, or Kafka's NAME://host:port,…
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,

    /// What clients are told to connect to
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<String>,

    /// Where records are kept
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,

    /// Where metrics and health checks are served; "" for nowhere
    #[arg(long, value_name = "HOST:PORT")]
    metrics_listen: Option<String>,
}

impl ServeFlags {
    pub(super) fn assignments(&self) -> Vec<Assignment> {
        let flags = [
            ("--listen", "listeners", &self.listen),
            ("--advertise", "advertised.listeners", &self.advertise),
            ("--data-dir", "log.dirs", &self.data_dir),
            ("--metrics-listen", "ottla.metrics.listener", &self.metrics_listen),
        ];
        let given = |(flag, name, value): (&str, &str, &Option<String>)| {
            value.as_deref().map(|value| Assignment::of_flag(flag, name, value))
        };
        flags.into_iter().filter_map(given).collect()
    }

    pub(super) fn advertises(&self) -> bool {
        self.advertise.is_some()
    }
}
