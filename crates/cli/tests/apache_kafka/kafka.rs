//! Apache Kafka with an authorizer, users who authenticate, and delegation tokens.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use ottla_wire::messages::broker_registration_request::{Feature, Listener};
use ottla_wire::messages::{BrokerRegistrationRequest, BrokerRegistrationResponse};
use ottla_wire::{ApiKey, Message as _, Reader, Writer, frame};
use tempfile::TempDir;
use uuid::Uuid;

/// Stopped when dropped.
pub(crate) struct Kafka {
    kit: PathBuf,
    dir: TempDir,
    port: u16,
}

impl Kafka {
    pub(crate) fn start() -> Kafka {
        let kit = env::var_os("OTTLA_CONFORMANCE").expect("OTTLA_CONFORMANCE names the kit's folder");
        let kafka = Kafka { kit: kit.into(), dir: TempDir::new().unwrap(), port: free_ports() };
        let mut command = kafka.kit_command("start");
        let [(broker, _), (controller, _), (sasl, _)] = kafka.ports();
        let listeners = format!(
            "PLAINTEXT://127.0.0.1:{broker},SASL_PLAINTEXT://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}"
        );
        command.arg(broker.to_string());
        command.args([format!("listeners={listeners}"), format!("advertised.listeners={listeners}")]);
        command.args(OPTIONS);
        assert!(command.status().unwrap().success(), "Apache Kafka starts");
        kafka.write_client_properties(sasl);
        kafka
    }

    /// With the names that transcripts have instead.
    pub(crate) fn ports(&self) -> [(u16, &'static str); 3] {
        [(self.port, "PORT"), (self.port + 1, "CONTROLLER-PORT"), (self.port + 2, "SASL-PORT")]
    }

    pub(crate) fn folder(&self) -> String {
        self.dir.path().display().to_string()
    }

    /// A line for the shell, where `ottla` is the executable and the cluster is this one.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let executable = Path::new(env!("CARGO_BIN_EXE_ottla")).parent().expect("a folder");
        let path = format!("{}:{}", executable.display(), env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(self.dir.path());
        command.env("PATH", path).env("HOME", self.dir.path()).env_remove("XDG_CONFIG_HOME");
        command.env_remove("OTTLA_CTX").env_remove("OTTLA_COMMAND_CONFIG");
        command.env("OTTLA_BROKERS", format!("127.0.0.1:{}", self.port));
        command
    }

    fn kit_command(&self, what: &str) -> Command {
        let mut command = Command::new(self.kit.join("kafka/kafka"));
        command.arg(what).arg(self.dir.path().join("node")).env("HEAP", "256m");
        command
    }

    /// What alice's programs are given to authenticate with.
    fn write_client_properties(&self, port: u16) {
        let text = format!(
            "bootstrap.servers=127.0.0.1:{port}\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n\
             sasl.username=alice\nsasl.password=secret\n"
        );
        std::fs::write(self.dir.path().join("alice.properties"), text).unwrap();
    }

    /// Makes a broker known to the controller that never lives.
    pub(crate) fn register_broker(&self, broker_id: i32) {
        let meta = std::fs::read_to_string(self.dir.path().join("node/data/meta.properties")).unwrap();
        let cluster_id =
            meta.lines().find_map(|line| line.strip_prefix("cluster.id=")).expect("it has an id");
        let feature = |name: &&str| Feature {
            name: (*name).into(),
            min_supported_version: 0,
            max_supported_version: i16::MAX,
        };
        let request = BrokerRegistrationRequest {
            broker_id,
            cluster_id: cluster_id.into(),
            incarnation_id: Uuid::from_u128(u128::MAX / 2),
            listeners: vec![Listener {
                name: "PLAINTEXT".into(),
                host: "127.0.0.1".into(),
                port: 1,
                security_protocol: 0,
            }],
            features: FEATURES.iter().map(feature).collect(),
            // Small numbers are reserved.
            log_dirs: vec![Uuid::from_u128(u128::MAX / 3)],
            ..Default::default()
        };
        let mut out = Writer::new();
        frame::encode_request(&mut out, ApiKey::BrokerRegistration, VERSION, 1, None, &request);
        let mut controller = TcpStream::connect(("127.0.0.1", self.port + 1)).unwrap();
        controller.write_all(&out.into_bytes()).unwrap();
        let mut size = [0; 4];
        controller.read_exact(&mut size).unwrap();
        let mut answer = vec![0; usize::try_from(i32::from_be_bytes(size)).unwrap()];
        controller.read_exact(&mut answer).unwrap();
        // Behind the correlation id and the header's tagged fields.
        let mut body = Reader::new(Bytes::from(answer).slice(5..));
        let response = BrokerRegistrationResponse::decode(&mut body, VERSION).unwrap();
        assert_eq!(response.error_code, 0, "{response:?}");
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        // Nothing more can be done about it here.
        let _stopped = self.kit_command("stop").status();
    }
}

const VERSION: i16 = 4;

/// What brokers have to support to be registered.
const FEATURES: [&str; 7] = [
    "metadata.version",
    "kraft.version",
    "transaction.version",
    "group.version",
    "share.version",
    "streams.version",
    "eligible.leader.replicas.version",
];

const OPTIONS: [&str; 7] = [
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users=User:ANONYMOUS;User:alice",
    "sasl.enabled.mechanisms=PLAIN",
    "listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
     required user_alice=\"secret\";",
    "delegation.token.secret.key=of-this-test",
    "share.coordinator.state.topic.num.partitions=1",
];

/// Three neighbours: the broker's, its controller's, and the one where users authenticate.
fn free_ports() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port < u16::MAX - 1 && is_free(port + 1) && is_free(port + 2) {
            return port;
        }
    }
}
