//! Whose tool is meant by a name that both sarama and Kafka have.
//!
//! | what is called | means |
//! |---|---|
//! | the name with `.sh` | Kafka's, as sarama's never have that: the table of scripts sees to it |
//! | with a flag that one of them alone has, as `-brokers` or `--bootstrap-server` | that one's; the first such flag counts |
//! | with other flags, the first of them with one hyphen, as `-topic a` or `-help` | sarama's |
//! | with `KAFKA_PEERS` in the environment, which names brokers to sarama's | sarama's |
//! | otherwise, as with `--help` or without arguments | Kafka's |
//!
//! Both take both spellings of their flags, so that hyphens alone do not tell: `--brokers` is sarama's, and
//! `-bootstrap-server` Kafka's.

use std::env;

use super::flags::{FlagSet, flag_of};
use crate::applets::options::Syntax;

/// The environment's list of brokers.
pub(super) const PEERS: &str = "KAFKA_PEERS";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Saramas,
    Kafkas,
}

pub(super) fn whose(args: &[String], saramas: &FlagSet, kafkas: &Syntax) -> Whose {
    let has_peers = env::var_os(PEERS).is_some_and(|peers| !peers.is_empty());
    decide(args, saramas, kafkas, has_peers)
}

fn decide(args: &[String], saramas: &FlagSet, kafkas: &Syntax, has_peers: bool) -> Whose {
    let flags = || args.iter().filter_map(|arg| flag_of(arg));
    let of_one = flags().find_map(|(_, name, _)| {
        // Go knows these without being told.
        let is_saramas = saramas.declares(name) || matches!(name, "h" | "help");
        match (is_saramas, kafkas.declares(name)) {
            (true, false) => Some(Whose::Saramas),
            (false, true) => Some(Whose::Kafkas),
            _ => None,
        }
    });
    let has_one_hyphen = flags().next().is_some_and(|(hyphens, ..)| hyphens == "-");
    of_one.unwrap_or(if has_one_hyphen || has_peers { Whose::Saramas } else { Whose::Kafkas })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::applets::sarama::{console_consumer, console_producer, kafka_consumer, kafka_producer};

    fn check(line: &str, has_peers: bool, expected: Whose) {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        for (saramas, kafkas) in [
            (&console_producer::FLAGS, &kafka_producer::SYNTAX),
            (&console_consumer::FLAGS, &kafka_consumer::SYNTAX),
        ] {
            assert_eq!(decide(&args, saramas, kafkas, has_peers), expected, "{} {line}", saramas.program);
        }
    }

    #[test]
    fn a_flag_that_one_of_them_alone_has_tells_however_it_is_written() {
        for has_peers in [false, true] {
            for line in [
                "-brokers a:1 -topic t",
                "--brokers a:1 --topic t",
                "--topic t --brokers=a:1",
                "-topic t -tls-enabled",
                "-h",
                "-brokers a:1 --bootstrap-server a:1",
            ] {
                check(line, has_peers, Whose::Saramas);
            }
            for line in [
                "--bootstrap-server a:1 --topic t",
                "-bootstrap-server a:1 -topic t",
                "--topic t --bootstrap-server=a:1 -brokers",
                "--version",
                "-version",
            ] {
                check(line, has_peers, Whose::Kafkas);
            }
        }
    }

    #[test]
    fn flags_of_both_are_saramas_with_one_hyphen_or_if_the_environment_names_brokers() {
        for (line, without_peers) in [
            ("", Whose::Kafkas),
            ("more", Whose::Kafkas),
            ("--topic t", Whose::Kafkas),
            ("--help", Whose::Kafkas),
            ("-topic t", Whose::Saramas),
            ("-topic=t", Whose::Saramas),
            ("-help", Whose::Saramas),
        ] {
            check(line, false, without_peers);
            check(line, true, Whose::Saramas);
        }
    }
}
