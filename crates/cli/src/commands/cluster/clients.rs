//! `ottla cluster clients`.

use std::net::IpAddr;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use ottla_client::BrokerId;
use ottla_client::admin::{Admin, ConfigResource, DescribeConfigs, DescribedBroker};
use serde::{Deserialize, Serialize};

use crate::exit::{Outcome, print_error};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::{ConnectionArgs, http_get};

/// Where a broker says that it answers over HTTP.
const OPTION: &str = "ottla.metrics.listener";
pub(crate) const PATH: &str = "/legacy-clients";

/// List clients that use request versions which Apache Kafka 4.0 removed
#[derive(Debug, Args)]
#[command(after_help = "\
Each broker is asked where it serves metrics, which is where it tells of its
clients; a broker that serves them on its loopback address alone can be asked
on its own machine.

Examples:
  ottla cluster clients
  ottla cluster clients -o wide
  ottla cluster clients --http 10.0.0.1:9644 --http 10.0.0.2:9644")]
pub(crate) struct ClientsArgs {
    /// Ask here instead of where brokers say that they serve metrics
    #[arg(long, value_name = "HOST:PORT")]
    http: Vec<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// As the broker tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    clients: Vec<ClientRow>,
    other_requests: u64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientRow {
    /// None where its address alone is known.
    #[serde(skip_deserializing)]
    broker: Option<BrokerId>,
    address: IpAddr,
    client_id: String,
    software: String,
    software_version: String,
    api: String,
    api_version: i16,
    requests: u64,
    idle_seconds: u64,
}

impl Answer for ClientRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::wide("BROKER", "broker"),
        Column::new("ADDRESS", "address"),
        Column::new("CLIENT-ID", "clientId"),
        Column::new("SOFTWARE", "software"),
        Column::new("VERSION", "softwareVersion"),
        Column::new("API", "api"),
        Column::new("API-VERSION", "apiVersion"),
        Column::new("REQUESTS", "requests"),
        Column::wide("IDLE-SECONDS", "idleSeconds"),
    ]);
}

/// A broker, if it is known which, and where it answers over HTTP.
type Place = (Option<BrokerId>, Result<String>);

pub(super) async fn run(args: &ClientsArgs) -> Result<Outcome> {
    let mut outcome = Outcome::Success;
    let mut rows = Vec::new();
    for (broker, place) in args.places().await? {
        match ask(place).await {
            Ok(told) => {
                rows.extend(told.clients.into_iter().map(|row| ClientRow { broker, ..row }));
                if told.other_requests > 0 {
                    sayln!("{} requests of clients that were too many to be told apart", told.other_requests);
                }
            }
            Err(error) => {
                let name = broker.map(|id| format!("broker {id}: ")).unwrap_or_default();
                print_error(&format!("{name}{error:#}"));
                outcome = Outcome::Failure;
            }
        }
    }
    args.output.print_all(&rows)?;
    Ok(outcome)
}

impl ClientsArgs {
    async fn places(&self) -> Result<Vec<Place>> {
        if !self.http.is_empty() {
            return Ok(self.http.iter().map(|address| (None, Ok(address.clone()))).collect());
        }
        let admin = self.connection.connect().await?.admin;
        let mut places = Vec::new();
        for broker in admin.describe_cluster(false).await?.brokers {
            let place = place_of(&admin, &broker).await;
            let served =
                place.and_then(|place| place.context("it is no Ottla: only Ottla tells of such clients"));
            places.push((Some(broker.id), served));
        }
        Ok(places)
    }
}

async fn ask(place: Result<String>) -> Result<Told> {
    let body = http_get(&place?, PATH).await?;
    serde_json::from_slice(&body).context("the answer is none of Ottla's")
}

/// Where a broker answers over HTTP; none if it is no Ottla.
pub(crate) async fn place_of(admin: &Admin, broker: &DescribedBroker) -> Result<Option<String>> {
    let resource = ConfigResource::Broker(Some(broker.id));
    let what = DescribeConfigs { names: Some(vec![OPTION.into()]), ..DescribeConfigs::default() };
    let described = admin.describe_configs(&[resource], &what).await?;
    let entries = described.into_iter().next().context("nothing was answered")?.1?;
    let entry = entries.into_iter().find(|entry| entry.name == OPTION);
    entry.map(|entry| address(&entry.value.unwrap_or_default(), &broker.host)).transpose()
}

/// Where to ask a broker of this host whose option has this value.
fn address(listener: &str, host: &str) -> Result<String> {
    match listener.rsplit_once(':') {
        None => bail!("it serves no metrics, nor tells of clients: {OPTION} is empty"),
        Some((_, "0")) => {
            bail!("{OPTION} is any port: say with --http which it is (its banner and ports file do)")
        }
        Some(("0.0.0.0" | "[::]" | "::", port)) if host.contains(':') => Ok(format!("[{host}]:{port}")),
        Some(("0.0.0.0" | "[::]" | "::", port)) => Ok(format!("{host}:{port}")),
        Some(_) => Ok(listener.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_asked_where_it_serves_metrics() {
        for (listener, host, expected) in [
            ("127.0.0.1:9644", "broker-1", Some("127.0.0.1:9644")),
            ("0.0.0.0:9644", "broker-1", Some("broker-1:9644")),
            ("[::]:9644", "fe80::1", Some("[fe80::1]:9644")),
            ("127.0.0.1:0", "broker-1", None),
            ("", "broker-1", None),
        ] {
            assert_eq!(address(listener, host).ok().as_deref(), expected, "{listener}");
        }
    }
}
