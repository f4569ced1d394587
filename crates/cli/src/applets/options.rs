//! Command lines as Kafka's scripts read them.
//!
//! Most of the scripts use a library whose rules differ from those of `ottla` itself:
//!
//! - `--topic a`, `--topic=a` and `-topic a` are the same; names are not abbreviated;
//! - an option that wants an argument takes whatever comes next, also what looks like an option;
//! - an option whose argument may be missing takes what does not look like an option, and a negative number;
//! - an option that is read once must not be given twice, which is seen when it is read;
//! - arguments without an option are taken, and ignored where the script has no use for them;
//! - behind `--` there are no options.

use std::str::FromStr;

use super::ending::Misuse;

/// What an option wants behind it, with a word for it in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    Required(&'static str),
    Optional(&'static str),
    /// One or more, which only [`super::subcommands`] reads.
    Several(&'static str),
}

/// An option of a script.
#[derive(Debug)]
pub(super) struct Opt {
    pub(super) name: &'static str,
    /// A letter that stands for the name.
    pub(super) letter: Option<&'static str>,
    pub(super) argument: Argument,
    help: &'static str,
}

impl Opt {
    pub(super) const fn flag(name: &'static str, help: &'static str) -> Opt {
        Opt { name, letter: None, argument: Argument::None, help }
    }

    pub(super) const fn value(name: &'static str, shown: &'static str, help: &'static str) -> Opt {
        Opt { name, letter: None, argument: Argument::Required(shown), help }
    }

    pub(super) const fn optional(name: &'static str, shown: &'static str, help: &'static str) -> Opt {
        Opt { name, letter: None, argument: Argument::Optional(shown), help }
    }

    pub(super) const fn several(name: &'static str, shown: &'static str, help: &'static str) -> Opt {
        Opt { name, letter: None, argument: Argument::Several(shown), help }
    }

    pub(super) const fn or(self, letter: &'static str) -> Opt {
        Opt { letter: Some(letter), ..self }
    }
}

/// What a script takes.
#[derive(Debug)]
pub(super) struct Syntax {
    /// What the script is for, as Kafka's says it above the list of options.
    pub(super) about: &'static str,
    pub(super) options: &'static [Opt],
}

/// What all scripts take.
pub(super) const COMMON: [Opt; 2] =
    [Opt::flag("help", "Print usage information."), Opt::flag("version", "Display Kafka version.")];

/// What was given.
#[derive(Debug)]
pub(super) struct Options {
    syntax: &'static Syntax,
    given: Vec<(&'static str, Option<String>)>,
}

impl Syntax {
    /// An error here is told by most scripts with their help, and by some without: that is theirs to say.
    pub(super) fn parse(&'static self, args: &[String]) -> Result<Options, Misuse> {
        let mut given = Vec::new();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if arg == "--" {
                break;
            }
            let Some((name, attached)) = named(arg) else { continue };
            let option = self.option(name).ok_or_else(|| Misuse::Bare(unrecognized(name)))?;
            let argument = match (option.argument, attached) {
                (Argument::None, Some(_)) => return Err(Misuse::Bare(unrecognized(name))),
                (Argument::None, None) => None,
                (_, Some(attached)) => Some(attached.to_owned()),
                (Argument::Required(_) | Argument::Several(_), None) => {
                    let next = rest.next().cloned();
                    Some(next.ok_or_else(|| Misuse::Bare(format!("Option {name} requires an argument")))?)
                }
                (Argument::Optional(_), None) => {
                    let is_argument = |next: &String| named(next).is_none() || next.parse::<i64>().is_ok();
                    let is_argument = rest.as_slice().first().is_some_and(is_argument);
                    is_argument.then(|| rest.next().cloned()).flatten()
                }
            };
            given.push((option.name, argument));
        }
        Ok(Options { syntax: self, given })
    }

    /// Whether the script has such an option.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.option(name).is_some()
    }

    fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().chain(&COMMON).find(|option| option.name == name)
    }

    /// A message and the help below it.
    pub(super) fn misuse(&self, message: impl Into<String>) -> Misuse {
        Misuse::WithHelp { message: message.into(), help: self.help() }
    }

    pub(super) fn help(&self) -> String {
        let mut options: Vec<&Opt> = self.options.iter().chain(&COMMON).collect();
        options.sort_by_key(|option| option.name);
        let names: Vec<String> = options.iter().map(|option| option.shown()).collect();
        let width = names.iter().map(String::len).max().unwrap_or_default();
        let mut help = format!("{:width$}  {}\n", "Option", "Description");
        help.push_str(&format!("{:width$}  {}\n", "------", "-----------"));
        for (name, option) in names.iter().zip(options) {
            help.push_str(&format!("{name:width$}  {}\n", option.help));
        }
        help
    }
}

impl Opt {
    fn shown(&self) -> String {
        let name = match self.letter {
            Some(letter) => format!("--{}, -{letter}", self.name),
            None => format!("--{}", self.name),
        };
        match self.argument {
            Argument::None => name,
            Argument::Required(shown) => format!("{name} <{shown}>"),
            Argument::Optional(shown) => format!("{name} [{shown}]"),
            Argument::Several(shown) => format!("{name} <{shown}> ..."),
        }
    }
}

fn unrecognized(name: &str) -> String {
    format!("{name} is not a recognized option")
}

/// The name of an option, without its dashes, and what is attached to it.
pub(super) fn named(arg: &str) -> Option<(&str, Option<&str>)> {
    let body = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')).filter(|body| !body.is_empty())?;
    Some(body.split_once('=').map_or((body, None), |(name, attached)| (name, Some(attached))))
}

impl Options {
    pub(super) fn of(syntax: &'static Syntax, given: Vec<(&'static str, Option<String>)>) -> Options {
        Options { syntax, given }
    }

    /// Whether the script has such an option.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.syntax.declares(name)
    }

    /// Several options as they were given, in their order.
    pub(super) fn in_order(&self, names: &[&str]) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let given = self.given.iter().filter(|(name, _)| names.contains(name));
        given.map(|(name, value)| (*name, value.as_deref()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        debug_assert!(self.syntax.option(name).is_some(), "{name} is declared");
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// The name by which an option is given that was renamed.
    pub(super) fn name_of<'a>(&self, new: &'a str, old: &'a str) -> &'a str {
        if self.has(old) { old } else { new }
    }

    /// All arguments of an option, in the order in which they were given.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        debug_assert!(self.syntax.option(name).is_some(), "{name} is declared");
        self.given.iter().filter(move |(given, _)| *given == name).filter_map(|(_, value)| value.as_deref())
    }

    /// The only argument of an option.
    pub(super) fn value(&self, name: &str) -> Result<Option<&str>, Misuse> {
        let mut values = self.values(name);
        let value = values.next();
        match values.next() {
            Some(_) => Err(Misuse::Bare(format!(
                "Found multiple arguments for option {name}, but you asked for only one"
            ))),
            None => Ok(value),
        }
    }

    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Misuse> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        let wrong = || Misuse::Bare(format!("Cannot parse argument '{text}' of option {name}"));
        text.parse().map(Some).map_err(|_not_a_number| wrong())
    }

    /// A message and the help below it.
    pub(super) fn misuse(&self, message: impl Into<String>) -> Misuse {
        self.syntax.misuse(message)
    }

    /// Answers `--help` and `--version`, which are asked before anything else is.
    pub(super) fn answer_help(&self) -> Result<(), Misuse> {
        if self.given.is_empty() || self.has("help") {
            return Err(self.misuse(self.syntax.about));
        }
        if self.has("version") { Err(Misuse::VersionAsked) } else { Ok(()) }
    }

    pub(super) fn require(&self, names: &[&str]) -> Result<(), Misuse> {
        match names.iter().find(|name| !self.has(name)) {
            Some(missing) => Err(self.misuse(format!("Missing required argument \"[{missing}]\""))),
            None => Ok(()),
        }
    }

    /// None of these beside that one.
    pub(super) fn exclude(&self, used: &str, invalid: &[&str]) -> Result<(), Misuse> {
        if !self.has(used) {
            return Ok(());
        }
        match invalid.iter().find(|name| self.has(name)) {
            Some(name) => {
                Err(self.misuse(format!("Option \"[{used}]\" can't be used with option \"[{name}]\"")))
            }
            None => Ok(()),
        }
    }

    /// How many of these were given.
    pub(super) fn count(&self, names: &[&str]) -> usize {
        names.iter().filter(|name| self.has(name)).count()
    }

    pub(super) fn require_one_of(&self, names: &[&str]) -> Result<(), Misuse> {
        if self.count(names) == 1 {
            return Ok(());
        }
        let shown: Vec<String> = names.iter().map(|name| format!("[{name}]")).collect();
        Err(self.misuse(format!("Exactly one of the following arguments is required: {}", shown.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SYNTAX: Syntax = Syntax {
        about: "Does things.",
        options: &[
            Opt::flag("list", "List."),
            Opt::value("topic", "topic", "The topic."),
            Opt::value("partitions", "n", "How many."),
            Opt::optional("state", "states", "Of these states."),
        ],
    };

    fn parse(line: &str) -> Result<Options, Misuse> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        SYNTAX.parse(&args)
    }

    fn check(line: &str, expected: &[(&str, Option<&str>)]) {
        let given = parse(line).unwrap_or_else(|misuse| panic!("{line}: {misuse}")).given;
        let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_deref())).collect();
        assert_eq!(given, expected, "{line}");
    }

    #[test]
    fn options_and_arguments_are_told_apart_as_kafkas_scripts_do() {
        check("--topic a", &[("topic", Some("a"))]);
        check("-topic=a=b", &[("topic", Some("a=b"))]);
        check("--topic --list", &[("topic", Some("--list"))]);
        check("x --list y", &[("list", None)]);
        check("--state --list", &[("state", None), ("list", None)]);
        check("--state Empty,Stable --list", &[("state", Some("Empty,Stable")), ("list", None)]);
        check("--state -1", &[("state", Some("-1"))]);
        check("--state", &[("state", None)]);
        check("--list -- --topic", &[("list", None)]);
        check("--topic a --topic b", &[("topic", Some("a")), ("topic", Some("b"))]);
    }

    fn check_refusal(outcome: Result<impl Sized, Misuse>, message: &str, is_with_help: bool) {
        let Err(misuse) = outcome else { panic!("nobody said: {message}") };
        assert_eq!(
            (misuse.to_string().as_str(), matches!(misuse, Misuse::WithHelp { .. })),
            (message, is_with_help)
        );
    }

    #[test]
    fn what_is_wrong_is_said_in_kafkas_words() {
        check_refusal(parse("--lis"), "lis is not a recognized option", false);
        check_refusal(parse("--list=all"), "list is not a recognized option", false);
        check_refusal(parse("--topic"), "Option topic requires an argument", false);
        let given = parse("--topic a --topic b --partitions x --list").expect("it parses");
        let twice = "Found multiple arguments for option topic, but you asked for only one";
        check_refusal(given.value("topic"), twice, false);
        let no_number = "Cannot parse argument 'x' of option partitions";
        check_refusal(given.number::<i32>("partitions"), no_number, false);
        check_refusal(given.require(&["list", "state"]), "Missing required argument \"[state]\"", true);
        let both = "Option \"[list]\" can't be used with option \"[topic]\"";
        check_refusal(given.exclude("list", &["state", "topic"]), both, true);
        let one = "Exactly one of the following arguments is required: [list], [topic]";
        check_refusal(given.require_one_of(&["list", "topic"]), one, true);
        check_refusal(parse("").expect("it parses").answer_help(), "Does things.", true);
        check_refusal(parse("--list --help").expect("it parses").answer_help(), "Does things.", true);
    }
}
