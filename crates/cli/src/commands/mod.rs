//! What `ottla` can do: one module for each command.

pub(crate) mod acl;
pub(crate) mod apply;
pub(crate) mod bench;
mod changes;
pub(crate) mod check;
pub(crate) mod cluster;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod consume;
pub(crate) mod ctx;
pub(crate) mod debug;
pub(crate) mod dev;
pub(crate) mod group;
pub(crate) mod log_dump;
pub(crate) mod man;
mod next_records;
pub(crate) mod offsets_of;
pub(crate) mod partition;
pub(crate) mod partitions_of;
pub(crate) mod produce;
pub(crate) mod quota;
mod rounds;
pub(crate) mod serve;
pub(crate) mod share;
pub(crate) mod streams;
pub(crate) mod token;
pub(crate) mod top;
pub(crate) mod topic;
pub(crate) mod txn;
pub(crate) mod user;

use anyhow::Result;

use crate::args::{Command, LogCommand};
use crate::exit::Outcome;

pub(crate) fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Serve(args) => serve::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Topic(command) => topic::run(command),
        Command::Consume(args) => consume::run(&args),
        Command::Produce(args) => produce::run(&args),
        Command::Group(command) => group::run(command),
        Command::Bench(command) => bench::run(&command),
        Command::Check(command) => check::run(&command),
        Command::Top(args) => top::run(&args),
        Command::Txn(command) => txn::run(command),
        Command::Cluster(command) => cluster::run(command),
        Command::Share(command) => share::run(command),
        Command::Streams(command) => streams::run(command),
        Command::Apply(args) => apply::run(&args),
        Command::Partition(command) => partition::run(command),
        Command::Acl(command) => acl::run(command),
        Command::User(command) => user::run(command),
        Command::Quota(command) => quota::run(command),
        Command::Token(command) => token::run(command),
        Command::Debug(command) => debug::run(&command),
        Command::Ctx(command) => ctx::run(command),
        Command::Completion(args) => completion::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Applets(command) => crate::applets::install::run(&command),
        Command::Config(command) => config::run(command),
        Command::Log(LogCommand::Dump(args)) => log_dump::run(&args),
    }
}
