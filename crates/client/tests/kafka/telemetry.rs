//! Metrics that a broker asks for (KIP-714), and something in it, `telemetry/Receiver.java`, that takes them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use opentelemetry_proto::tonic::metrics::v1::MetricsData;
use ottla_client::Client;
use ottla_client::admin::{Admin, AlterConfig, ConfigResource};
use prost::Message as _;

use super::{config, variable};

const DEADLINE: Duration = Duration::from_secs(60);

/// The files that a client's metrics were written to, in order.
fn written(directory: &Path, id: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let name = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<_> =
        files.filter(|file| name(file).starts_with(id) && !name(file).ends_with(".part")).collect();
    files.sort_by_key(|file| name(file).rsplit('.').next().unwrap().parse::<u32>().unwrap());
    files
}

fn names(file: &Path) -> Vec<String> {
    let data = MetricsData::decode(&std::fs::read(file).unwrap()[..]).unwrap();
    let scopes = data.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name).collect()
}

/// A client that pushes metrics, and its id. One that asked before the broker knew of the subscription would not for minutes.
async fn pushes(directory: &Path) -> Option<(Client, String)> {
    let name = format!("metrics-{}", std::process::id());
    let client = Client::connect(config().client_id(name)).await.unwrap();
    let id = client.client_instance_id(DEADLINE).await.unwrap();
    let id = URL_SAFE_NO_PAD.encode(id.as_bytes());
    let pushing = async {
        while written(directory, &id).len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), pushing).await.ok()?;
    Some((client, id))
}

#[tokio::test]
async fn a_broker_gets_the_metrics_that_it_asks_for_and_the_last_ones_at_the_end() {
    let directory =
        PathBuf::from(variable("KAFKA_TELEMETRY", "the directory that the broker writes metrics to"));
    let admin = Admin::new(Client::new(config()).unwrap());
    let wanted = vec![
        AlterConfig::set("metrics", "org.apache.kafka.producer.,ottla.client."),
        AlterConfig::set("interval.ms", "200"),
        AlterConfig::set("match", "client_id=metrics-[0-9]+"),
    ];
    let subscription = ConfigResource::ClientMetrics("ottla-client-tests".into());
    for (_, altered) in admin.alter_configs(&[(subscription, wanted)].into(), false).await.unwrap() {
        altered.unwrap();
    }
    let pushing = async {
        loop {
            if let Some(found) = pushes(&directory).await {
                return found;
            }
        }
    };
    let (client, id) = tokio::time::timeout(DEADLINE, pushing).await.expect("metrics are pushed");
    client.close().await;
    let files = written(&directory, &id);
    let (last, before) = files.split_last().unwrap();
    assert!(last.to_string_lossy().contains(".last."), "{files:?}");
    for file in before.iter().chain([last]) {
        let names = names(file);
        assert!(names.iter().any(|name| name == "org.apache.kafka.producer.connection.creation.total"));
        assert!(names.iter().any(|name| name == "ottla.client.requests.total"));
        assert!(!names.iter().any(|name| name.starts_with("org.apache.kafka.consumer.")));
    }
}
