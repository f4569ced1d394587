//! `ottla cluster`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;
use tempfile::TempDir;

use super::support::server::{Server, serve};
use super::support::{json_lines, run};
use super::{Visit, user};

#[test]
fn a_cluster_tells_of_itself() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "3"]);
    let (host, port) = visit.brokers.split_once(':').unwrap();

    let info = &json_lines(&visit.ok(&["cluster", "info", "-o", "ndjson"]))[0];
    assert_eq!((&info["brokerCount"], &info["controller"]), (&1.into(), &1.into()));
    let brokers = visit.ok(&["cluster", "brokers", "-o", "tsv"]);
    assert_eq!(
        brokers,
        format!("ID\tHOST\tPORT\tRACK\tCONTROLLER\tFENCED\n1\t{host}\t{port}\t-\ttrue\tfalse\n")
    );

    let health = &json_lines(&visit.ok(&["cluster", "health", "-o", "ndjson"]))[0];
    assert_eq!((&health["isHealthy"], &health["partitionCount"]), (&true.into(), &3.into()));
    let quorum = &json_lines(&visit.ok(&["cluster", "quorum", "-o", "ndjson"]))[0];
    assert_eq!((&quorum["leader"], &quorum["replicas"][0]["status"]), (&1.into(), &"leader".into()));
    let features = json_lines(&visit.ok(&["cluster", "features", "-o", "ndjson"]));
    assert!(features.iter().any(|row| row["feature"] == "metadata.version"), "{features:?}");
    let dirs = json_lines(&visit.ok(&["cluster", "log-dirs", "-o", "ndjson"]));
    assert_eq!((dirs.len(), &dirs[0]["replicas"]), (1, &3.into()), "{dirs:?}");
}

#[test]
fn clients_that_use_removed_versions_are_listed() {
    /// ListOffsets 0 of a client that calls itself `billing`, about no topic.
    const OLD_REQUEST: &[u8] = b"\0\0\0\x19\0\x02\0\0\0\0\0\x01\0\x07billing\xff\xff\xff\xff\0\0\0\0";
    let home = TempDir::new().unwrap();
    let ports = home.path().join("ports.json");
    let mut command = serve(&home.path().join("data"));
    let mut server = Server::start(command.arg("--ports-file").arg(&ports));
    let brokers = server.address();
    let metrics: Value = serde_json::from_slice(&fs::read(&ports).unwrap()).unwrap();
    let metrics = metrics["metrics"].as_str().expect("an address").to_owned();
    let bootstrap = brokers.to_string();
    let clients = |args: &[&str]| {
        let args = [&["cluster", "clients", "-b", &bootstrap], args].concat();
        run(&mut user(home.path(), &args))
    };
    assert_eq!(clients(&["--http", &metrics, "-o", "ndjson"]).stdout, "");

    let mut old = TcpStream::connect(brokers).unwrap();
    old.write_all(OLD_REQUEST).unwrap();
    old.read_exact(&mut [0; 4]).unwrap();
    let found = json_lines(&clients(&["--http", &metrics, "-o", "ndjson"]).stdout);
    assert_eq!(found.len(), 1, "{found:?}");
    let expected: [(&str, Value); 5] = [
        ("clientId", "billing".into()),
        ("address", "127.0.0.1".into()),
        ("api", "ListOffsets".into()),
        ("apiVersion", 0.into()),
        ("requests", 1.into()),
    ];
    for (field, value) in expected {
        assert_eq!(found[0][field], value, "{field}");
    }

    // It listens on any port, which its options do not tell.
    let ended = clients(&[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("say with --http which it is"), "{}", ended.stderr);
    let ended = clients(&["--http", "127.0.0.1:1"]);
    assert!(
        ended.stderr.contains("http://127.0.0.1:1/legacy-clients: Connection refused"),
        "{}",
        ended.stderr
    );
}
