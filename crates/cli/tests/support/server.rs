//! A running `ottla serve`.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{Ended, ottla};

/// No step of any test takes longer, on however slow a machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    stdout: String,
    stderr: Option<JoinHandle<String>>,
}

fn send(signal: Signal, process: u32) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, signal).expect("the process is there");
}

/// `ottla serve` on this folder and on any port.
pub(crate) fn serve(data_dir: &Path) -> Command {
    let mut command = ottla(["serve", "--any-port", "--log-format", "text", "--data-dir"]);
    command.arg(data_dir);
    command
}

/// `ottla serve` on this folder and this port, so that clients find it again after a restart.
pub(crate) fn serve_at(data_dir: &Path, port: u16) -> Command {
    let listen = format!("127.0.0.1:{port}");
    let mut command =
        ottla(["serve", "--listen", &listen, "--metrics-listen", "", "--log-format", "text", "--data-dir"]);
    command.arg(data_dir);
    command
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Server {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the executable starts");
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut stderr = child.stderr.take().expect("a pipe");
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text).expect("the log is UTF-8")
        });
        Server { child, lines, stdout: String::new(), stderr: Some(stderr) }
    }

    /// Reads what it prints up to a line that holds `text`, which it returns.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => {
                    self.stdout.push_str(&line);
                    self.stdout.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {text:?} in time after: {}", self.stdout),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("it ended without {text:?}: {:?}", self.ended());
                }
            }
        }
    }

    /// Where it listens, from what it says when it is ready.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let line = self.wait_for("listening");
        let address = line.split_whitespace().nth(1).expect("an address");
        address.parse().unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    /// Whether it has printed a line that holds `text`.
    pub(crate) fn has_said(&mut self, text: &str) -> bool {
        for line in self.lines.try_iter() {
            self.stdout.push_str(&line);
            self.stdout.push('\n');
        }
        self.stdout.contains(text)
    }

    /// How many system calls that write it has made.
    pub(crate) fn writes(&self) -> usize {
        self.number_of("io", "syscw:")
    }

    /// The most memory that it has had in use, in bytes.
    pub(crate) fn memory_peak(&self) -> usize {
        self.number_of("status", "VmHWM:") * 1024
    }

    /// Its files, sockets and pipes.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs").count()
    }

    /// What the kernel tells of the process under this name.
    fn number_of(&self, file: &str, name: &str) -> usize {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("it runs");
        let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        value.split_whitespace().next().map_or(0, |number| number.parse().expect("a number"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(signal, self.child.id());
    }

    /// Where the command is one that runs the executable as its only child.
    pub(crate) fn signal_child(&self, signal: Signal) {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("it runs");
        send(signal, children.trim().parse().expect("one child"));
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> Ended {
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            self.stdout.push_str(&line);
            self.stdout.push('\n');
        }
        let code = self.child.wait().expect("it is our child").code();
        let stderr = self.stderr.take().map(|thread| thread.join().expect("the log is read"));
        Ended { code, stdout: std::mem::take(&mut self.stdout), stderr: stderr.unwrap_or_default() }
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self, signal: Signal) -> Ended {
        self.signal(signal);
        self.ended()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}
