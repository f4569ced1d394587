//! Command lines as Go's package `flag` reads them, and the help that it prints.
//!
//! - one hyphen or two; `-topic a`, `-topic=a`; a switch takes a value behind `=` alone;
//! - the last word counts;
//! - the first argument that is no flag ends them, and so does `--`;
//! - `-h` and `-help` ask for the help, on standard error.

use std::fmt::Write as _;

use super::numbers::{NotANumber, parse_bool, parse_duration, parse_int};
use super::told::Ended;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    Int,
    Text,
    Duration,
}

impl Kind {
    fn check(self, text: &str) -> Result<(), NotANumber> {
        match self {
            Kind::Switch => parse_bool(text).map(drop),
            Kind::Int => parse_int(text).map(drop),
            Kind::Duration => parse_duration(text).map(drop),
            Kind::Text => Ok(()),
        }
    }

    /// What the help calls the value of a flag that names it no better.
    fn shown(self) -> &'static str {
        match self {
            Kind::Switch => "",
            Kind::Int => "int",
            Kind::Text => "string",
            Kind::Duration => "duration",
        }
    }

    /// What goes without saying.
    fn zero(self) -> &'static str {
        match self {
            Kind::Switch => "false",
            Kind::Int => "0",
            Kind::Text => "",
            Kind::Duration => "0s",
        }
    }
}

/// A flag. Its usage may have the name of its value between backquotes.
#[derive(Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    kind: Kind,
    default: &'static str,
    usage: &'static str,
}

impl Flag {
    pub(super) const fn switch(name: &'static str, usage: &'static str) -> Flag {
        Flag { name, kind: Kind::Switch, default: "false", usage }
    }

    pub(super) const fn int(name: &'static str, default: &'static str, usage: &'static str) -> Flag {
        Flag { name, kind: Kind::Int, default, usage }
    }

    pub(super) const fn text(name: &'static str, default: &'static str, usage: &'static str) -> Flag {
        Flag { name, kind: Kind::Text, default, usage }
    }

    pub(super) const fn duration(name: &'static str, default: &'static str, usage: &'static str) -> Flag {
        Flag { name, kind: Kind::Duration, default, usage }
    }
}

/// The flags of a program, in the order of their names.
#[derive(Debug)]
pub(super) struct FlagSet {
    pub(super) program: &'static str,
    pub(super) flags: &'static [Flag],
    /// The variable of the environment that has the default of `-brokers`.
    pub(super) brokers_variable: Option<&'static str>,
}

/// What was given.
#[derive(Debug)]
pub(super) struct Flags {
    set: &'static FlagSet,
    given: Vec<(&'static str, String)>,
}

/// Hyphens, name and value of an argument that is written as a flag. A name cannot begin with a hyphen or an equals sign.
pub(super) fn flag_of(arg: &str) -> Option<(&str, &str, Option<&str>)> {
    let rest = arg.strip_prefix('-')?;
    let bare = rest.strip_prefix('-').unwrap_or(rest);
    let hyphens = &arg[..arg.len() - bare.len()];
    match bare.split_once('=') {
        Some((name, value)) => Some((hyphens, name, Some(value))),
        None => Some((hyphens, bare, None)),
    }
}

impl FlagSet {
    pub(super) fn declares(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&'static Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    pub(super) fn parse(&'static self, args: &[String]) -> Result<Flags, Ended> {
        let mut flags = Flags { set: self, given: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some((_, name, value)) = flag_of(arg).filter(|_| !matches!(arg.as_str(), "-" | "--")) else {
                break;
            };
            if name.is_empty() || name.starts_with('-') {
                return Err(self.refusal(&format!("bad flag syntax: {arg}")));
            }
            let Some(flag) = self.find(name) else {
                return Err(match name {
                    "h" | "help" => Ended::with_help(self.usage()),
                    _ => self.refusal(&format!("flag provided but not defined: -{name}")),
                });
            };
            let value = match (value, flag.kind) {
                (Some(value), _) => value,
                (None, Kind::Switch) => "true",
                (None, Kind::Int | Kind::Text | Kind::Duration) => {
                    args.next().ok_or_else(|| self.refusal(&format!("flag needs an argument: -{name}")))?
                }
            };
            flag.kind.check(value).map_err(|reason| self.refusal(&flag.refusal(value, reason)))?;
            flags.given.push((flag.name, value.to_owned()));
        }
        Ok(flags)
    }

    /// As Go ends a program whose command line it cannot read.
    fn refusal(&self, reason: &str) -> Ended {
        const CODE: u8 = 2;
        Ended::new(CODE, format!("{reason}\n{}", self.usage()))
    }

    fn usage(&self) -> String {
        format!("Usage of {}:\n{}", self.program, self.defaults())
    }

    /// Every flag with its default.
    pub(super) fn defaults(&self) -> String {
        let mut help = String::new();
        for flag in self.flags {
            let (value, usage) = flag.unquoted();
            let value = if value.is_empty() { String::new() } else { format!(" {value}") };
            let default = self.default_of(flag);
            let default = match flag.kind {
                kind if default == kind.zero() => String::new(),
                Kind::Text => format!(" (default {default:?})"),
                Kind::Switch | Kind::Int | Kind::Duration => format!(" (default {default})"),
            };
            writeln!(help, "  -{}{value}\n    \t{usage}{default}", flag.name).expect("a string takes it");
        }
        help
    }

    fn default_of(&self, flag: &Flag) -> String {
        let of_environment = self.brokers_variable.filter(|_| flag.name == "brokers");
        let of_environment = of_environment.and_then(|name| std::env::var(name).ok());
        of_environment.unwrap_or_else(|| flag.default.to_owned())
    }
}

impl Flag {
    /// What the help calls the value, and the usage without the backquotes around that.
    fn unquoted(&self) -> (&'static str, String) {
        let mut parts = self.usage.splitn(3, '`');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(before), Some(name), Some(after)) => (name, format!("{before}{name}{after}")),
            _ => (self.kind.shown(), self.usage.to_owned()),
        }
    }

    fn refusal(&self, value: &str, reason: NotANumber) -> String {
        match self.kind {
            Kind::Switch => format!("invalid boolean value {value:?} for -{}: {reason}", self.name),
            Kind::Int | Kind::Text | Kind::Duration => {
                format!("invalid value {value:?} for flag -{}: {reason}", self.name)
            }
        }
    }
}

impl Flags {
    /// What was said last, or the default.
    pub(super) fn text(&self, name: &str) -> String {
        match self.given.iter().rev().find(|(given, _)| *given == name) {
            Some((_, value)) => value.clone(),
            None => self.set.default_of(self.set.find(name).expect("the program declares what it reads")),
        }
    }

    pub(super) fn int(&self, name: &str) -> i64 {
        parse_int(&self.text(name)).expect("it was checked when it was read")
    }

    pub(super) fn has(&self, name: &str) -> bool {
        parse_bool(&self.text(name)).expect("it was checked when it was read")
    }

    /// In nanoseconds.
    pub(super) fn duration(&self, name: &str) -> i64 {
        parse_duration(&self.text(name)).expect("it was checked when it was read")
    }

    /// A message, and the flags below it.
    pub(super) fn misuse(&self, message: &str) -> Ended {
        const CODE: u8 = 64;
        let defaults = self.set.defaults();
        Ended::new(CODE, format!("ERROR: {message}\n\nAvailable command line options:\n{defaults}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SET: FlagSet = FlagSet {
        program: "program",
        brokers_variable: None,
        flags: &[
            Flag::int("count", "-1", "How many."),
            Flag::text("offset", "newest", "Where. Can be `oldest`, `newest`"),
            Flag::switch("quiet", "Whether to be quiet"),
            Flag::text("topic", "", "The topic"),
            Flag::duration("wait", "10s", "How long."),
        ],
    };

    const HELP: &str = "  -count int\n    \tHow many. (default -1)\n  \
                        -offset oldest\n    \tWhere. Can be oldest, `newest` (default \"newest\")\n  \
                        -quiet\n    \tWhether to be quiet\n  -topic string\n    \tThe topic\n  \
                        -wait duration\n    \tHow long. (default 10s)\n";

    fn parse(line: &str) -> Result<Flags, Ended> {
        SET.parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn check(line: &str, expected: &[(&str, &str)]) {
        let given = parse(line).unwrap_or_else(|ended| panic!("{line}: {ended}")).given;
        let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(given, expected, "{line}");
    }

    #[test]
    fn flags_are_read_as_go_reads_them() {
        check("", &[]);
        check("-topic a --count 5", &[("topic", "a"), ("count", "5")]);
        check("-topic=a=b --count=0x1f", &[("topic", "a=b"), ("count", "0x1f")]);
        check("-topic -quiet -quiet=F", &[("topic", "-quiet"), ("quiet", "F")]);
        check("-quiet x -topic a", &[("quiet", "true")]);
        check("-quiet -- -topic a", &[("quiet", "true")]);
        check("-quiet - -topic a", &[("quiet", "true")]);
        let flags = parse("-topic a -topic b").expect("it parses");
        assert_eq!((flags.text("topic").as_str(), flags.int("count"), flags.has("quiet")), ("b", -1, false));
        assert_eq!((flags.text("offset").as_str(), flags.duration("wait")), ("newest", 10_000_000_000));
    }

    #[test]
    fn what_is_wrong_is_said_in_gos_words_above_the_help() {
        for (line, expected) in [
            ("-x", "flag provided but not defined: -x"),
            ("---topic a", "bad flag syntax: ---topic"),
            ("-=a", "bad flag syntax: -=a"),
            ("-topic", "flag needs an argument: -topic"),
            ("-count x", "invalid value \"x\" for flag -count: parse error"),
            (
                "-count 9223372036854775808",
                "invalid value \"9223372036854775808\" for flag -count: value out of range",
            ),
            ("-wait 3", "invalid value \"3\" for flag -wait: parse error"),
            ("-quiet=x", "invalid boolean value \"x\" for -quiet: parse error"),
        ] {
            let ended = parse(line).expect_err(line);
            assert_eq!(ended, Ended::new(2, format!("{expected}\nUsage of program:\n{HELP}")), "{line}");
        }
        for line in ["-h", "--help", "-quiet -help -x"] {
            assert_eq!(parse(line).expect_err(line), Ended::with_help(format!("Usage of program:\n{HELP}")));
        }
    }
}
