//! What the command line costs the processor, beside kcat: records read and written, on Ottla; and how long a command takes before it
//! talks to anybody.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::{
    Options, clock, process::Process, programs::Programs, server::Server, start::PATIENCE, variant::Variant,
};
use crate::{folder::Folder, ports::free_address};

const RECORDS: u32 = 10_000_000;
const RECORD_BYTES: usize = 100;
/// How often a command is started.
const STARTS: u32 = 20;

/// The same work by two programs: arguments behind their names. `FILE` is a file of lines, `TOPIC` an empty topic.
struct Row {
    name: &'static str,
    ottla: &'static [&'static str],
    kcat: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row { name: "consume", ottla: &["consume", "filled", "-e"], kcat: &["-C", "-t", "filled", "-e", "-q"] },
    Row {
        name: "consume, each with its partition and offset",
        ottla: &["consume", "filled", "-e", "-f", "%p %o %v\\n"],
        kcat: &["-C", "-t", "filled", "-e", "-q", "-f", "%p %o %s\\n"],
    },
    Row {
        name: "consume as JSON",
        ottla: &["consume", "filled", "-e", "-o", "ndjson"],
        kcat: &["-C", "-t", "filled", "-e", "-q", "-J"],
    },
    Row {
        name: "consume by the name of kcat",
        ottla: &["kcat", "-C", "-t", "filled", "-e", "-q"],
        kcat: &["-C", "-t", "filled", "-e", "-q"],
    },
    Row {
        name: "produce from a file",
        ottla: &["produce", "TOPIC", "FILE"],
        kcat: &["-P", "-t", "TOPIC", "-l", "FILE"],
    },
];

struct Bench {
    programs: Programs,
    server: Server,
    lines: String,
    topics: u32,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let programs = Programs::without_generator(options.ottla.as_deref())?;
    let (folder, files) = (Folder::new()?, Folder::new()?);
    let server = Server::start(&programs, Variant::OttlaOs, folder.path(), PATIENCE)?;
    let lines = files.path().join("lines");
    write_lines(&lines)?;
    let mut bench = Bench { programs, server, lines: lines.display().to_string(), topics: 0 };
    bench.ottla(&["topic", "create", "filled", "-p", "1"])?;
    bench.ottla(&["produce", "filled", &bench.lines])?;
    println!(
        "{RECORDS} records of {RECORD_BYTES} bytes; seconds of processor time of the client alone, medians of {} rounds\n",
        options.rounds
    );
    println!("| | ottla | kcat | ottla / kcat |\n|---|---|---|---|");
    for row in ROWS.iter().filter(|row| options.wants(row.name)) {
        let (mut ottlas, mut kcats) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            ottlas.push(bench.cost(row.ottla, Bench::ottla)?);
            kcats.push(bench.cost(row.kcat, Bench::kcat)?);
        }
        let [ottla, kcat] = [median(ottlas), median(kcats)].map(|time| time.as_secs_f64());
        println!("| {} | {ottla:.2} s | {kcat:.2} s | ×{:.2} |", row.name, ottla / kcat);
    }
    bench.print_starts()?;
    bench.server.stop()
}

impl Bench {
    /// The processor time of a program, in user and system mode.
    fn cost(&mut self, args: &[&str], run: impl Fn(&Bench, &[&str]) -> Result<()>) -> Result<Duration> {
        let topic = format!("written-{}", self.topics);
        if args.contains(&"TOPIC") {
            self.topics += 1;
            self.ottla(&["topic", "create", &topic, "-p", "1"])?;
        }
        let word = |arg: &&str| match *arg {
            "TOPIC" => topic.clone(),
            "FILE" => self.lines.clone(),
            arg => arg.to_owned(),
        };
        let args: Vec<String> = args.iter().map(word).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let myself = Process { id: std::process::id() };
        let before = myself.processor_of_children()?;
        run(self, &args)?;
        Ok(myself.processor_of_children()?.saturating_sub(before))
    }

    fn ottla(&self, args: &[&str]) -> Result<()> {
        let address = self.server.address().to_string();
        let by_name = args.first() == Some(&"kcat");
        let mut command = self.programs.ottla();
        command.args(args);
        if by_name {
            command.args(["-b", &address])
        } else {
            command.args(["--brokers", &address])
        };
        succeed(&mut command)
    }

    fn kcat(&self, args: &[&str]) -> Result<()> {
        succeed(Command::new("kcat").args(args).args(["-b", &self.server.address().to_string()]))
    }

    fn print_starts(&self) -> Result<()> {
        let closed: SocketAddr = free_address(1)?;
        println!("\n| until it ends | ottla | kcat |\n|---|---|---|");
        let version = started(|| {
            let mut command = self.programs.ottla();
            command.arg("--version");
            command
        })?;
        let kcat = started(|| {
            let mut command = Command::new("kcat");
            command.arg("-V");
            command
        })?;
        println!("| its version | {version:.1?} | {kcat:.1?} |");
        let refused = started(|| {
            let mut command = self.programs.ottla();
            command.args(["topic", "list", "--brokers", &closed.to_string()]);
            command
        })?;
        println!("| topics of a broker that is not there | {refused:.1?} | it tries for 5 s |");
        Ok(())
    }
}

fn write_lines(path: &Path) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    for number in 0..RECORDS {
        writeln!(out, "{number:0RECORD_BYTES$}")?;
    }
    Ok(out.flush()?)
}

fn succeed(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(status.success(), "{} failed ({status})", program.display());
    Ok(())
}

/// How long a command takes, however it ends.
fn started(command: impl Fn() -> Command) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = clock::now();
        command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
        times.push(began.elapsed());
    }
    Ok(median(times))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
