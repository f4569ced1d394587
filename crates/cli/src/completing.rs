//! What shells complete on the command line: commands and flags, and the names of topics, groups and contexts as they are while
//! somebody types.
//!
//! The script of `ottla completion` calls this executable with what was typed, and with `COMPLETE` set. What takes a topic or a
//! group says so by how its value is called, so nothing has to be said here of any command.

use std::ffi::{OsStr, OsString};
use std::future::Future;
use std::time::Duration;

use anyhow::Result;
use clap::{Arg, Command, CommandFactory as _, Parser};
use clap_complete::env::CompleteEnv;
use clap_complete::{ArgValueCompleter, CompletionCandidate};
use ottla_client::admin::GroupsFilter;
use tokio::time::timeout;

use crate::args::Args;
use crate::remote::{ConnectionArgs, Contexts, Remote, block_on};

/// Whoever types does not wait longer for a cluster.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which environment variable says that a shell asks.
pub(crate) const VARIABLE: &str = "COMPLETE";

/// Answers a shell and ends the process, if one asks.
pub(crate) fn answer_if_asked() {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

fn command() -> Command {
    let command = with_names(Args::command());
    let word = word_in_question(std::env::args_os(), std::env::var_os(INDEX));
    let wants_options = word.is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    if wants_options { command } else { without_options(command) }
}

/// Which environment variable says which word of the line it is about; without one it is the last.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";

/// What stands so far of what is to be completed, in `ottla -- WORDS`.
fn word_in_question(arguments: impl Iterator<Item = OsString>, index: Option<OsString>) -> Option<OsString> {
    let words: Vec<OsString> = arguments.skip_while(|word| word != "--").skip(1).collect();
    let index = index.and_then(|index| index.to_str()?.parse().ok());
    words.get(index.unwrap_or(words.len().checked_sub(1)?)).cloned()
}

/// Names are not to be looked for among options, which a hyphen asks for. Where there is nothing else hidden ones are shown.
fn without_options(command: Command) -> Command {
    let hidden = |arg: Arg| if arg.is_positional() { arg } else { arg.hide(true) };
    let command = command.mut_args(hidden).disable_help_flag(true).disable_version_flag(true);
    command.mut_subcommands(without_options)
}

fn with_names(command: Command) -> Command {
    command.mut_args(with_completer).mut_subcommands(with_names)
}

fn with_completer(arg: Arg) -> Arg {
    let value = arg.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    match value {
        Some("TOPIC" | "TOPIC[:N,…]") => arg.add(ArgValueCompleter::new(topics)),
        Some("GROUP") => arg.add(ArgValueCompleter::new(groups)),
        Some("NAME") if arg.get_id() == "ctx" => arg.add(ArgValueCompleter::new(contexts)),
        Some("CONTEXT") => arg.add(ArgValueCompleter::new(contexts)),
        _ => arg,
    }
}

fn topics(typed: &OsStr) -> Vec<CompletionCandidate> {
    // Those of Kafka itself are asked for by their underscores.
    let internal = typed.as_encoded_bytes().starts_with(b"_");
    let names = asked(async |remote| {
        let listed = remote.admin.list_topics(internal).await?;
        Ok(listed.into_iter().map(|topic| topic.name.to_string()).collect())
    });
    beginning_with(typed, names)
}

fn groups(typed: &OsStr) -> Vec<CompletionCandidate> {
    let names = asked(async |remote| {
        let brokers = remote.admin.list_groups(&GroupsFilter::default()).await?;
        let listed = brokers.into_values().filter_map(Result::ok).flatten();
        Ok(listed.map(|group| group.id.to_string()).collect())
    });
    beginning_with(typed, names)
}

fn contexts(typed: &OsStr) -> Vec<CompletionCandidate> {
    let kept = Contexts::of_user().read().unwrap_or_default();
    beginning_with(typed, kept.contexts.into_keys().collect())
}

fn beginning_with(typed: &OsStr, mut names: Vec<String>) -> Vec<CompletionCandidate> {
    names.retain(|name| name.as_bytes().starts_with(typed.as_encoded_bytes()));
    names.sort();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// What the cluster knows; nothing where it cannot be asked: there is nobody to be told why.
fn asked<F: Future<Output = Result<Vec<String>>>>(question: impl FnOnce(Remote) -> F) -> Vec<String> {
    let answering = async {
        let connection = said_of_connection(std::env::args_os());
        timeout(PATIENCE, async { question(connection.connect().await?).await }).await?
    };
    block_on(answering).unwrap_or_default()
}

/// What a command line says so far of the cluster that it is about.
#[derive(Debug, Parser)]
struct Said {
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Flags of connections alone, each with its value, whatever else is there: the line is not finished.
fn said_of_connection(words: impl Iterator<Item = OsString>) -> ConnectionArgs {
    let flags: Vec<String> = Said::command().get_arguments().flat_map(spellings).collect();
    let mut said = vec![OsString::from("ottla")];
    let mut words = words.skip_while(|word| word != "--").skip(2);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        let (flag, value) = text.split_once('=').map_or((&*text, None), |(flag, value)| (flag, Some(value)));
        if flags.iter().any(|known| known == flag) {
            said.push(word);
            said.extend(if value.is_none() { words.next() } else { None });
        }
    }
    Said::try_parse_from(said).map(|said| said.connection).unwrap_or_default()
}

/// What a flag is called: `-b`, `--brokers`, `--bootstrap-server`.
fn spellings(arg: &Arg) -> Vec<String> {
    let short = arg.get_short_and_visible_aliases().into_iter().flatten().map(|name| format!("-{name}"));
    let long = arg.get_long().into_iter().chain(arg.get_all_aliases().into_iter().flatten());
    short.chain(long.map(|name| format!("--{name}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_finished_says_which_cluster_is_meant() {
        for (line, brokers, ctx) in [
            ("ottla topic describe", None, None),
            ("ottla topic describe -b a:1 or", Some("a:1"), None),
            ("ottla --wrong consume t --brokers=a:1 --ctx prod -X client.id=x", Some("a:1"), Some("prod")),
            ("ottla consume --brokers", None, None),
        ] {
            let words = ["ottla", "--"].into_iter().chain(line.split(' '));
            let said = said_of_connection(words.map(OsString::from));
            assert_eq!((said.brokers.as_deref(), said.ctx.as_deref()), (brokers, ctx), "{line}");
        }
    }

    #[test]
    fn the_word_in_question_is_the_last_unless_the_shell_says_which() {
        for (line, index, expected) in [
            ("ottla -- ottla topic", None, Some("topic")),
            ("ottla -- ottla topic describe", Some("1"), Some("topic")),
            ("ottla -- ottla", Some("1"), None),
            ("ottla", None, None),
        ] {
            let word = word_in_question(line.split(' ').map(OsString::from), index.map(OsString::from));
            assert_eq!(word, expected.map(OsString::from), "{line} {index:?}");
        }
    }

    #[test]
    fn whatever_takes_a_topic_or_a_group_completes_it() {
        let mut command = command();
        command.build();
        for (path, id) in
            [(&["consume"][..], "topics"), (&["topic", "describe"], "topics"), (&["group", "seek"], "group")]
        {
            let found =
                path.iter().fold(&command, |command, name| command.find_subcommand(name).expect("a command"));
            let arg = found.get_arguments().find(|arg| arg.get_id() == id).expect("an argument");
            assert!(arg.get::<ArgValueCompleter>().is_some(), "{path:?} {id}");
        }
    }
}
