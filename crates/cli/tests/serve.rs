//! `ottla serve` as an operator meets it: what it says, what it refuses, and how it ends.

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use ottla_wire::messages::ApiVersionsRequest;
use ottla_wire::{ApiKey, Message as _, Writer};
use rustix::process::Signal;
use serde_json::Value;
use support::server::{Server, serve};
use support::{json_lines, ottla, run};
use tempfile::TempDir;

fn temporary() -> TempDir {
    TempDir::new().expect("a temporary directory")
}

/// What an answer has that names no request: correlation, error, count.
const HEADER_AND_COUNT: usize = 10;

/// A request that every client begins with, and the size of its answer.
fn ask_for_versions(address: SocketAddr) -> usize {
    size_of_answer(&mut begin(address)).expect("it answers")
}

/// Connects and sends the request.
fn begin(address: SocketAddr) -> TcpStream {
    let mut body = Writer::new();
    body.i16(ApiKey::ApiVersions.code());
    body.i16(0);
    body.i32(7);
    body.i16(-1);
    ApiVersionsRequest::default().encode(&mut body, 0);
    let body: Bytes = body.into_bytes();
    let size = u32::try_from(body.len()).expect("small").to_be_bytes();

    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(&[&size, &body[..]].concat()).expect("it reads");
    stream
}

fn size_of_answer(stream: &mut TcpStream) -> std::io::Result<usize> {
    let mut size = [0; 4];
    stream.read_exact(&mut size)?;
    Ok(usize::try_from(u32::from_be_bytes(size)).expect("small"))
}

#[test]
fn without_any_configuration_it_serves_and_says_how_to_try_it() {
    let dir = temporary();
    let data = dir.path().join("data");
    let mut server = Server::start(&mut serve(&data));
    let address = server.address();
    assert!(address.ip().is_loopback(), "{address}");
    assert!(server.wait_for("data").ends_with(&data.display().to_string()));
    assert!(server.wait_for("durability").contains("on stable storage"));
    let pasted = |line: &str, name: &str| {
        let text = line.trim_start().strip_prefix(name).expect("what to type").to_owned();
        let output = Command::new("sh").arg("-c").arg(text).output().expect("a shell");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    pasted(&server.wait_for("produce"), "produce");
    assert_eq!(pasted(&server.wait_for("consume"), "consume"), "hello\n");
    assert!(ask_for_versions(address) > HEADER_AND_COUNT);
    assert!(data.join("meta.properties").exists());
}

#[test]
fn a_listener_keeps_those_waiting_who_come_beyond_its_limit() {
    let dir = temporary();
    let ports = dir.path().join("ports.json");
    let settings = [
        "listeners=PLAINTEXT://127.0.0.1:0,NARROW://127.0.0.1:0",
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,NARROW:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listener.name.narrow.max.connections=1",
        "ottla.metrics.listener=",
    ];
    let mut command = ottla(["serve", "--log-format", "text", "--data-dir"]);
    command.arg(dir.path().join("data")).arg("--ports-file").arg(&ports);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let mut server = Server::start(&mut command);
    server.wait_for("consume");
    let told: Value = serde_json::from_str(&fs::read_to_string(&ports).expect("the file")).expect("JSON");
    let address = |listener: &str| -> SocketAddr {
        told["listeners"][listener].as_str().and_then(|text| text.parse().ok()).expect("an address")
    };
    let (wide, narrow) = (address("PLAINTEXT"), address("NARROW"));

    let mut first = begin(narrow);
    assert!(size_of_answer(&mut first).expect("it answers") > HEADER_AND_COUNT);
    let mut second = begin(narrow);
    second.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    size_of_answer(&mut second).unwrap_err();
    assert!(ask_for_versions(wide) > HEADER_AND_COUNT);
    drop(first);
    second.set_read_timeout(None).expect("no timeout");
    assert!(size_of_answer(&mut second).expect("it answers") > HEADER_AND_COUNT);
}

#[test]
fn both_signals_end_it_cleanly() {
    for signal in [Signal::INT, Signal::TERM] {
        let dir = temporary();
        let mut server = Server::start(&mut serve(dir.path()));
        server.wait_for("consume");
        let ended = server.stop(signal);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(dir.path().join(".kafka_cleanshutdown").exists());
        assert!(ended.stderr.contains("stopping"), "{}", ended.stderr);
    }
}

#[test]
fn a_killed_one_starts_again_on_its_folder() {
    let dir = temporary();
    let mut server = Server::start(&mut serve(dir.path()));
    server.wait_for("consume");
    assert_eq!(server.stop(Signal::KILL).code, None);
    let mut server = Server::start(&mut serve(dir.path()));
    let address = server.address();
    assert!(ask_for_versions(address) > HEADER_AND_COUNT);
}

#[test]
fn the_ports_file_tells_where_it_listens_and_goes_with_it() {
    let dir = temporary();
    let ports = dir.path().join("ports.json");
    let mut server = Server::start(serve(&dir.path().join("data")).arg("--ports-file").arg(&ports));
    let address = server.address();
    let told: Value = serde_json::from_str(&fs::read_to_string(&ports).expect("the file")).expect("JSON");
    assert_eq!(told["listeners"]["PLAINTEXT"], address.to_string());
    assert_eq!(server.stop(Signal::TERM).code, Some(0));
    assert!(!ports.exists());
}

#[test]
fn a_second_one_on_the_same_folder_is_refused() {
    let dir = temporary();
    let mut server = Server::start(&mut serve(dir.path()));
    server.wait_for("consume");
    let second = run(&mut serve(dir.path()));
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("in use by another process"), "{}", second.stderr);
    assert!(second.stderr.contains("--data-dir DIR"), "{}", second.stderr);
}

#[test]
fn a_taken_port_is_refused_before_anything_is_written() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("a port").to_string();
    let dir = temporary();
    let data = dir.path().join("data");
    let ended = run(ottla(["serve", "--listen", &address, "--metrics-listen", "", "--data-dir"]).arg(&data));
    assert_eq!(ended.code, Some(1));
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.stderr);
    assert!(lines[0].contains(&address) && lines[0].contains("Address already in use"), "{}", lines[0]);
    assert!(lines[1].contains("--listen HOST:PORT") && lines[1].contains("--any-port"), "{}", lines[1]);
    assert!(!data.exists());
}

#[test]
fn a_file_gives_options_and_is_named_where_it_is_in_the_way() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("a port").port();
    let dir = temporary();
    let file = dir.path().join("server.properties");
    let data = dir.path().join("data");
    fs::write(&file, format!("listeners=PLAINTEXT://127.0.0.1:{port}\nlog.dirs={}\n", data.display()))
        .expect("a file");
    let ended = run(ottla(["serve", "--set", "ottla.metrics.listener=", "--config"]).arg(&file));
    assert_eq!(ended.code, Some(1));
    let origin = format!("which wins over listeners in {}:1", file.display());
    assert!(ended.stderr.contains(&origin), "{}", ended.stderr);
}

#[test]
fn logs_are_json_on_request_and_then_nothing_else_is_printed() {
    let dir = temporary();
    let ports = dir.path().join("ports.json");
    let mut command = ottla(["serve", "--any-port", "--log-format", "json", "--data-dir"]);
    command.arg(dir.path().join("data")).arg("--ports-file").arg(&ports).arg("--set").arg("no.such.key=1");
    let server = Server::start(&mut command);
    support::wait_until("it is ready", || ports.exists());
    let ended = server.stop(Signal::TERM);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    let events = json_lines(&ended.stderr);
    let event = |message: &str| events.iter().find(|event| event["message"] == message);
    assert_eq!(event("serving").expect("it says so")["durability"], "journal");
    let warning = events.iter().find(|event| event["level"] == "WARN").expect("a warning");
    assert!(warning["message"].as_str().expect("text").contains("no.such.key"), "{warning}");
}

#[test]
fn a_misspelt_option_of_ours_is_refused_with_a_suggestion() {
    let dir = temporary();
    let ended = run(serve(dir.path()).args(["--set", "ottla.log.durabilty=os"]));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("did you mean ottla.log.durability?"), "{}", ended.stderr);
}
