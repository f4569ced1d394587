//! What the command line costs beside kcat, on Ottla: the same records read and written by both, in turn; and how long a command
//! takes that need not wait for anybody.

mod measured;
mod starts;
mod table;

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    Options,
    figure::Sample,
    programs::{Programs, output},
    server::Server,
    start::PATIENCE,
    variant::Variant,
};
use crate::folder::Folder;
use measured::measured;
use table::Table;

const RECORD_BYTES: usize = 100;

/// Whose command line does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Ottla,
    Kcat,
}

/// The same work by two programs: arguments behind their names. `FILE` is a file of lines, `KEYED` one whose lines begin with a key,
/// `TOPIC` an empty topic, and `filled` one that has all that is in the file.
struct Row {
    name: &'static str,
    ottla: &'static [&'static str],
    kcat: &'static [&'static str],
    /// Whether standard input is a pipe that the file comes through.
    piped: bool,
}

impl Row {
    const fn new(name: &'static str, ottla: &'static [&'static str], kcat: &'static [&'static str]) -> Row {
        Row { name, ottla, kcat, piped: false }
    }

    const fn piped(self) -> Row {
        Row { piped: true, ..self }
    }
}

const ROWS: &[Row] = &[
    Row::new(
        "consume to /dev/null: `consume T -e`, `-C -e -q`",
        &["consume", "filled", "-e"],
        &["-C", "-t", "filled", "-e", "-q"],
    ),
    Row::new(
        "consume with partition and offset: `-f '%p %o %v\\n'`",
        &["consume", "filled", "-e", "-f", "%p %o %v\\n"],
        &["-C", "-t", "filled", "-e", "-q", "-f", "%p %o %s\\n"],
    ),
    Row::new(
        "consume as JSON: `-o ndjson`, `-J`",
        &["consume", "filled", "-e", "-o", "ndjson"],
        &["-C", "-t", "filled", "-e", "-q", "-J"],
    ),
    Row::new(
        "produce from a file: `produce T FILE`, `-P -l FILE`",
        &["produce", "TOPIC", "FILE"],
        &["-P", "-t", "TOPIC", "-l", "FILE"],
    ),
    Row::new("produce from a pipe: `produce T`, `-P`", &["produce", "TOPIC"], &["-P", "-t", "TOPIC"]).piped(),
    Row::new(
        "produce with keys: `produce T -K : FILE`, `-P -K : -l FILE`",
        &["produce", "TOPIC", "-K", ":", "KEYED"],
        &["-P", "-t", "TOPIC", "-K", ":", "-l", "KEYED"],
    ),
    Row::new(
        "produce with lz4: `produce T -z lz4 FILE`, `-P -z lz4 -l FILE`",
        &["produce", "TOPIC", "-z", "lz4", "FILE"],
        &["-P", "-t", "TOPIC", "-z", "lz4", "-l", "FILE"],
    ),
];

struct Bench<'a> {
    programs: &'a Programs,
    server: &'a Server,
    /// Where the lines are.
    lines: &'a Path,
    keyed: &'a Path,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let programs = Programs::without_kit(options.ottla.as_deref())?;
    output(Command::new("kcat").arg("-V")).context("kcat is what ottla is measured beside")?;
    let (folder, files) = (Folder::new()?, Folder::new()?);
    let (lines, keyed) = (files.path().join("lines"), files.path().join("keyed"));
    write_lines(&lines, options.records, |number| format!("{number:0RECORD_BYTES$}"))?;
    write_lines(&keyed, options.records, |number| {
        let key = format!("{:09}:", number % 100_000);
        format!("{key}{number:0width$}", width = RECORD_BYTES - key.len())
    })?;
    // The clients are measured: the server does as little as it may.
    let server = Server::start(&programs, Variant::OttlaOs, folder.path(), PATIENCE)?;
    let bench = Bench { programs: &programs, server: &server, lines: &lines, keyed: &keyed };
    println!(
        "{} records of {RECORD_BYTES} bytes, {} rounds\n\n{}",
        options.records,
        options.rounds,
        bench.table(options)?
    );
    starts::print(&programs)?;
    server.stop()
}

impl Bench<'_> {
    fn table(&self, options: &Options) -> Result<Table> {
        self.create("filled")?;
        measured(self.ottla(&["produce", "filled", &self.lines.display().to_string()]), None)?;
        let mut table = Table::default();
        // In turn, so that what the machine does meanwhile comes to both.
        for _ in 0..options.rounds {
            for row in ROWS.iter().filter(|row| options.wants(row.name)) {
                for (program, args) in [(Program::Ottla, row.ottla), (Program::Kcat, row.kcat)] {
                    let sample = self.measure(program, args, row.piped)?;
                    let figures: Vec<String> = sample.iter().map(ToString::to_string).collect();
                    eprintln!("{program:?}: {}: {}", row.name, figures.join(", "));
                    table.add(row.name, program, sample);
                }
            }
        }
        Ok(table)
    }

    /// One run. What it writes goes into a new topic, which is deleted afterwards.
    fn measure(&self, program: Program, args: &[&str], piped: bool) -> Result<Sample> {
        const TOPIC: &str = "written";
        let writes = args.contains(&"TOPIC");
        if writes {
            self.create(TOPIC)?;
        }
        let word = |arg: &&str| match *arg {
            "TOPIC" => TOPIC.to_owned(),
            "FILE" => self.lines.display().to_string(),
            "KEYED" => self.keyed.display().to_string(),
            arg => arg.to_owned(),
        };
        let args: Vec<String> = args.iter().map(word).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let command = match program {
            Program::Ottla => self.ottla(&args),
            Program::Kcat => self.kcat(&args),
        };
        let sample = measured(command, piped.then_some(self.lines))?;
        if writes {
            self.server.delete_topics(&[TOPIC.to_owned()])?;
        }
        Ok(sample)
    }

    fn create(&self, topic: &str) -> Result<()> {
        output(&mut self.ottla(&["topic", "create", topic, "-p", "1"])).map(drop)
    }

    fn ottla(&self, args: &[&str]) -> Command {
        let mut command = self.programs.ottla();
        command.args(args).args(["--brokers", &self.server.address().to_string()]);
        command
    }

    fn kcat(&self, args: &[&str]) -> Command {
        let mut command = Command::new("kcat");
        command.args(args).args(["-b", &self.server.address().to_string()]);
        command
    }
}

fn write_lines(path: &Path, count: u32, line: impl Fn(u32) -> String) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    for number in 0..count {
        writeln!(out, "{}", line(number))?;
    }
    Ok(out.flush()?)
}
