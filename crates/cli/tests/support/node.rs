//! A broker that tests restart.

use std::net::SocketAddr;

use rustix::process::Signal;
use tempfile::TempDir;

use super::support::ports::quiet_address;
use super::support::server::{Server, serve_at};

/// A broker that keeps its folder and its address over restarts.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    /// Where clients are told to go, if that is not where it listens.
    advertised: Option<SocketAddr>,
    dir: TempDir,
    server: Option<Server>,
}

impl Node {
    pub(crate) fn start() -> Node {
        Node::start_at(quiet_address(), None)
    }

    /// A broker that has clients go to another address, where something stands before it.
    pub(crate) fn start_at(address: SocketAddr, advertised: Option<SocketAddr>) -> Node {
        let dir = TempDir::new().expect("a temporary directory");
        let mut node = Node { address, advertised, dir, server: None };
        node.serve();
        node
    }

    fn serve(&mut self) {
        let mut command = serve_at(self.dir.path(), self.address.port());
        command.args([
            "--set",
            "group.initial.rebalance.delay.ms=0",
            "--set",
            "offsets.topic.num.partitions=2",
        ]);
        if let Some(advertised) = self.advertised {
            command.args(["--advertise", &advertised.to_string()]);
        }
        let mut server = Server::start(&mut command);
        server.wait_for("listening");
        self.server = Some(server);
    }

    #[allow(dead_code, reason = "not every test file restarts it")]
    pub(crate) fn restart(&mut self, signal: Signal) {
        let ended = self.server.take().expect("it runs").stop(signal);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        self.serve();
    }
}
