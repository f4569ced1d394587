//! Apache Kafka with an authorizer, users who authenticate, and delegation tokens.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ottla_wire::ApiKey;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::requests::{ask, registration, share_member, streams_member};
use crate::support::ports::quiet_ports;
use crate::support::search_path;

pub(crate) struct Kafka {
    // Stopped before its folder goes.
    node: Node,
    dir: TempDir,
    port: u16,
}

/// Stopped when dropped.
pub(crate) struct Node {
    folder: PathBuf,
}

impl Kafka {
    pub(crate) fn start() -> Kafka {
        let (dir, port) = (TempDir::new().unwrap(), quiet_ports(4));
        let [(broker, _), (controller, _), (sasl, _), _] = ports(port);
        let listeners = format!(
            "PLAINTEXT://127.0.0.1:{broker},SASL_PLAINTEXT://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}"
        );
        let options = [format!("listeners={listeners}"), format!("advertised.listeners={listeners}")];
        let node = Node::start(dir.path().join("node"), port, &options);
        let kafka = Kafka { node, dir, port };
        kafka.write_client_properties(sasl);
        kafka
    }

    /// A broker more, in a rack of its own.
    pub(crate) fn start_another(&self, broker_id: i32) -> Node {
        let folder = self.dir.path().join(format!("node-{broker_id}"));
        let [_, (controller, _), _, (other, _)] = ports(self.port);
        let options = [
            "process.roles=broker".to_owned(),
            format!("node.id={broker_id}"),
            format!("broker.rack=rack-{broker_id}"),
            format!("controller.quorum.voters=1@127.0.0.1:{controller}"),
            format!("listeners=PLAINTEXT://127.0.0.1:{other}"),
            format!("advertised.listeners=PLAINTEXT://127.0.0.1:{other}"),
        ];
        // The kit would format it for a cluster of its own.
        fs::create_dir_all(&folder).unwrap();
        let properties = folder.join("format.properties");
        let all = options.iter().map(String::as_str).chain(OPTIONS).collect::<Vec<_>>().join("\n");
        let of_format = "controller.listener.names=CONTROLLER";
        let data = folder.join("data");
        fs::write(&properties, format!("{all}\n{of_format}\nlog.dirs={}\n", data.display())).unwrap();
        let mut format = kit();
        format.args(["tool", "kafka.tools.StorageTool", "format", "-t", &self.cluster_id(), "-c"]);
        assert!(format.arg(properties).output().unwrap().status.success(), "its directory is formatted");
        Node::start(folder, other, &options)
    }

    /// With the names that transcripts have instead.
    pub(crate) fn ports(&self) -> [(u16, &'static str); 4] {
        ports(self.port)
    }

    pub(crate) fn folder(&self) -> String {
        self.dir.path().display().to_string()
    }

    /// A line for the shell, where `ottla` is the executable and the cluster is this one.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(self.dir.path());
        command.env("PATH", search_path()).env("HOME", self.dir.path()).env_remove("XDG_CONFIG_HOME");
        command.env_remove("OTTLA_CTX").env_remove("OTTLA_COMMAND_CONFIG");
        command.env("OTTLA_BROKERS", format!("127.0.0.1:{}", self.port));
        command
    }

    /// What alice's programs are given to authenticate with.
    fn write_client_properties(&self, port: u16) {
        let text = format!(
            "bootstrap.servers=127.0.0.1:{port}\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n\
             sasl.username=alice\nsasl.password={ALICES_PASSWORD}\n"
        );
        fs::write(self.dir.path().join("alice.properties"), text).unwrap();
    }

    /// Where the node has its options, its log and its data.
    pub(crate) fn node_folder(&self) -> PathBuf {
        self.node.folder.clone()
    }

    fn cluster_id(&self) -> String {
        let meta = fs::read_to_string(self.node.folder.join("data/meta.properties")).unwrap();
        let id = meta.lines().find_map(|line| line.strip_prefix("cluster.id="));
        id.expect("it has an id").to_owned()
    }

    /// Makes a broker known to the controller that never lives.
    pub(crate) fn register_broker(&self, broker_id: i32) {
        let request = registration(&self.cluster_id(), broker_id);
        let response = ask(self.port + 1, ApiKey::BrokerRegistration, 4, &request);
        assert_eq!(response.error_code, 0, "{response:?}");
    }

    /// A member that is never heard of again.
    pub(crate) fn join_share_group(&self, group: &str, topic: &str) {
        let response = ask(self.port, ApiKey::ShareGroupHeartbeat, 1, &share_member(group, topic));
        assert_eq!(response.error_code, 0, "{response:?}");
    }

    /// A member that is never heard of again.
    pub(crate) fn join_streams_group(&self, group: &str, topic: &str) {
        let response = ask(self.port, ApiKey::StreamsGroupHeartbeat, 0, &streams_member(group, topic));
        assert_eq!(response.error_code, 0, "{response:?}");
    }
}

impl Node {
    fn start(folder: PathBuf, port: u16, options: &[String]) -> Node {
        let mut command = kit();
        command.arg("start").arg(&folder).arg(port.to_string()).args(options).args(OPTIONS);
        assert!(command.env("HEAP", "256m").status().unwrap().success(), "Apache Kafka starts");
        Node { folder }
    }

    /// As if its machine were gone.
    pub(crate) fn kill(&self) {
        let pid = fs::read_to_string(self.folder.join("pid")).unwrap();
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).expect("a process id");
        kill_process(pid, Signal::KILL).expect("it is alive");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Nothing more can be done about it here.
        let _stopped = kit().arg("stop").arg(&self.folder).status();
    }
}

/// The conformance kit's command that runs Apache Kafka.
fn kit() -> Command {
    let kit = env::var_os("OTTLA_CONFORMANCE").expect("OTTLA_CONFORMANCE names the kit's folder");
    Command::new(Path::new(&kit).join("kafka/kafka"))
}

pub(crate) const ALICES_PASSWORD: &str = "hush-alice";

const OPTIONS: [&str; 9] = [
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users=User:ANONYMOUS;User:alice",
    "sasl.enabled.mechanisms=PLAIN",
    "listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
     required user_alice=\"hush-alice\" user_guest=\"guest\";",
    "delegation.token.secret.key=hush-tokens",
    "share.coordinator.state.topic.num.partitions=1",
    "group.share.initial.rebalance.delay.ms=0",
    "group.streams.initial.rebalance.delay.ms=0",
];

/// The broker's, its controller's, that where users authenticate, and another broker's.
fn ports(first: u16) -> [(u16, &'static str); 4] {
    [(first, "PORT"), (first + 1, "CONTROLLER-PORT"), (first + 2, "SASL-PORT"), (first + 3, "OTHER-PORT")]
}
