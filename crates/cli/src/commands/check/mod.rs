//! `ottla check`: whether all is well, for monitoring: one line, and exit codes as Nagios' plugins have them.

mod consume;
mod lag;
mod limits;
mod offsets;
mod probe;
mod produce;
mod verdict;

use std::io::{self, Write as _};

use anyhow::Result;
use clap::Subcommand;

use crate::exit::{Outcome, UsageError};
use crate::output::OutputArgs;
use crate::remote::block_on;
use verdict::{Status, Verdict};

#[derive(Debug, Subcommand)]
#[command(after_help = "\
A line says how it is, with what was measured behind `|`, and the exit code
says it to programs: 0 ok, 1 warning, 2 critical, 3 unknown (it could not be
found out). A command line that makes no sense ends with 2.")]
pub(crate) enum CheckCommand {
    Produce(produce::ProduceArgs),
    Consume(consume::ConsumeArgs),
    Lag(lag::LagArgs),
    Offsets(offsets::OffsetsArgs),
}

pub(crate) fn run(command: &CheckCommand) -> Result<Outcome> {
    let found = block_on(async {
        match command {
            CheckCommand::Produce(args) => Box::pin(produce::run(args)).await,
            CheckCommand::Consume(args) => Box::pin(consume::run(args)).await,
            CheckCommand::Lag(args) => Box::pin(lag::run(args)).await,
            CheckCommand::Offsets(args) => Box::pin(offsets::run(args)).await,
        }
    });
    let verdict = match found {
        Ok(verdict) => verdict,
        Err(error) if error.is::<UsageError>() => return Err(error),
        // Monitoring reads standard output.
        Err(error) => Verdict::new(Status::Unknown, format!("{error:#}")),
    };
    let output = command.output();
    if output.is_table() {
        writeln!(io::stdout(), "{} {verdict}", command.subject())?;
    } else {
        output.print_one(&verdict)?;
    }
    Ok(Outcome::Code(verdict.status.code()))
}

impl CheckCommand {
    fn output(&self) -> OutputArgs {
        match self {
            CheckCommand::Produce(args) => args.probe.output,
            CheckCommand::Consume(args) => args.probe.output,
            CheckCommand::Lag(args) => args.output,
            CheckCommand::Offsets(args) => args.output,
        }
    }

    fn subject(&self) -> &'static str {
        match self {
            CheckCommand::Produce(_) => "PRODUCE",
            CheckCommand::Consume(_) => "CONSUME",
            CheckCommand::Lag(_) => "LAG",
            CheckCommand::Offsets(_) => "OFFSETS",
        }
    }
}
