//! The command line. What a command takes is declared beside it; here is what all have in common.

use clap::{Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::applets::install::AppletsCommand;
use crate::commands::acl::AclCommand;
use crate::commands::apply::ApplyArgs;
use crate::commands::bench::BenchCommand;
use crate::commands::check::CheckCommand;
use crate::commands::cluster::ClusterCommand;
use crate::commands::completion::CompletionArgs;
use crate::commands::config::ConfigCommand;
use crate::commands::consume::ConsumeArgs;
use crate::commands::ctx::CtxCommand;
use crate::commands::debug::DebugCommand;
use crate::commands::dev::DevArgs;
use crate::commands::group::GroupCommand;
use crate::commands::log_dump::LogDumpArgs;
use crate::commands::man::ManArgs;
use crate::commands::partition::PartitionCommand;
use crate::commands::produce::ProduceArgs;
use crate::commands::quota::QuotaCommand;
use crate::commands::serve::ServeArgs;
use crate::commands::share::ShareCommand;
use crate::commands::streams::StreamsCommand;
use crate::commands::token::TokenCommand;
use crate::commands::top::TopArgs;
use crate::commands::topic::TopicCommand;
use crate::commands::txn::TxnCommand;
use crate::commands::user::UserCommand;
use crate::style::{self, Colour};

/// Help is wrapped to this, whatever the terminal, so that it can be pasted anywhere.
pub(crate) const HELP_WIDTH: usize = 79;

#[derive(Debug, Parser)]
#[command(
    name = "ottla",
    version,
    about = "Event streaming that speaks Apache Kafka's protocol, in one binary.",
    after_help = "Exit codes: 0 success, 1 failure, 2 wrong usage, 130 or 143 ended by a\n\
                  signal before it was done.\n\
                  NO_COLOR=1 or --color never turns colours off; they are off in pipes,\n\
                  unless it is --color always.\n\
                  \n\
                  Which cluster is meant is said, the strongest first, by --brokers and\n\
                  -X, --command-config, --ctx, the environment (OTTLA_BROKERS,\n\
                  OTTLA_COMMAND_CONFIG, OTTLA_CTX), and the context that `ottla ctx use`\n\
                  chose; else it is 127.0.0.1:9092.",
    term_width = HELP_WIDTH,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Colours: auto, always or never
    #[arg(
        long,
        alias = "colour",
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    #[arg(hide_possible_values = true)]
    color: Colour,
}

impl Args {
    /// Of the process. Clap itself ends it after help, the version, and usage errors.
    pub(crate) fn of_process() -> Args {
        let matches = with_negative_numbers(Args::command()).get_matches();
        let args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        style::choose(args.color);
        args
    }
}

/// `--acks -1` is no flag called 1: there is none.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let taken = |arg: Arg| {
        let takes_values = !arg.is_positional() && arg.get_action().takes_values();
        if takes_values { arg.allow_negative_numbers(true) } else { arg }
    };
    command.mut_args(taken).mut_subcommands(with_negative_numbers)
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<ServeArgs>),
    Dev(DevArgs),
    /// Create, look at, change and delete topics
    #[command(subcommand)]
    Topic(TopicCommand),
    Apply(ApplyArgs),
    Consume(Box<ConsumeArgs>),
    Produce(Box<ProduceArgs>),
    /// Look at groups, and set where they go on
    #[command(subcommand)]
    Group(GroupCommand),
    /// Groups whose members share partitions
    #[command(subcommand)]
    Share(ShareCommand),
    /// Groups of Kafka Streams programs
    #[command(subcommand)]
    Streams(StreamsCommand),
    /// Look at transactions, and end those that hang
    #[command(subcommand)]
    Txn(TxnCommand),
    /// Look at the brokers, and how they are
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Move partitions between brokers, and elect their leaders
    #[command(subcommand)]
    Partition(PartitionCommand),
    /// Allow and deny
    #[command(subcommand)]
    Acl(AclCommand),
    /// Measure how fast a cluster is
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Users that authenticate with SCRAM
    #[command(subcommand)]
    User(UserCommand),
    /// How much clients may ask of brokers
    #[command(subcommand)]
    Quota(QuotaCommand),
    /// Delegation tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Whether all is well, for monitoring
    #[command(subcommand)]
    Check(CheckCommand),
    Top(TopArgs),
    /// Gather what helps to find out what is wrong
    #[command(subcommand)]
    Debug(DebugCommand),
    /// Keep clusters by name, and choose one
    #[command(subcommand)]
    Ctx(CtxCommand),
    /// Options of brokers, groups and others, and what options there are
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look into the files of a data directory
    #[command(subcommand)]
    Log(LogCommand),
    Completion(CompletionArgs),
    Man(ManArgs),
    /// Kafka's scripts, by their names
    #[command(subcommand)]
    Applets(AppletsCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    Dump(LogDumpArgs),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_width(command: &mut clap::Command) {
        for help in [command.render_help(), command.render_long_help()] {
            for line in help.to_string().lines() {
                assert!(line.chars().count() < 80, "in the help of {}: {line}", command.get_name());
            }
        }
        command.get_subcommands_mut().for_each(check_width);
    }

    #[test]
    fn no_line_of_any_help_is_wider_than_a_terminal() {
        let mut command = Args::command().term_width(HELP_WIDTH);
        command.build();
        check_width(&mut command);
    }

    /// What all commands have stands under the same headings everywhere.
    fn ill_told(command: &clap::Command) -> Vec<String> {
        let args = command.get_arguments().filter(|arg| !arg.is_hide_set()).filter(|arg| {
            let is_common = arg.is_positional() || ["output", "yes"].contains(&arg.get_id().as_str());
            arg.get_help().is_none() || is_common && arg.get_help_heading().is_some()
        });
        let args =
            args.map(|arg| format!("{}: {}", command.get_bin_name().unwrap_or_default(), arg.get_id()));
        args.chain(command.get_subcommands().flat_map(ill_told)).collect()
    }

    #[test]
    fn every_argument_says_what_it_is_where_one_looks_for_it() {
        let mut command = Args::command();
        command.build();
        assert_eq!(ill_told(&command), Vec::<String>::new());
    }

    #[test]
    fn the_command_line_is_well_formed() {
        with_negative_numbers(Args::command()).debug_assert();
    }

    #[test]
    fn a_value_may_be_a_negative_number() {
        for line in ["ottla produce t --acks -1", "ottla bench produce --acks -1", "ottla consume t -p -1"] {
            let parsed = with_negative_numbers(Args::command()).try_get_matches_from(line.split(' '));
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}
