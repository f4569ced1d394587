//! Command lines of scripts that have commands of their own, and of some that have none, whose library has other rules than
//! [`super::options`]:
//!
//! - what stands before the command belongs to the script, what stands behind it to the command;
//! - of an option's name the beginning is enough, if no other begins so;
//! - an argument does not look like an option, unless it is attached by `=` or a negative number;
//! - of an option that is given twice the last counts;
//! - there is nothing that stands alone but the command.

use super::ending::Misuse;
use super::options::{Argument, COMMON, Opt, Options, Syntax, named};

/// A script that has commands.
#[derive(Debug)]
pub(super) struct Subcommands {
    pub(super) script: &'static str,
    pub(super) common: Syntax,
    pub(super) commands: &'static [Subcommand],
}

#[derive(Debug)]
pub(super) struct Subcommand {
    pub(super) name: &'static str,
    pub(super) syntax: Syntax,
    /// Options without which it makes no sense.
    pub(super) required: &'static [&'static str],
}

/// What was given.
#[derive(Debug)]
pub(super) struct Invocation {
    /// To the script.
    pub(super) common: Options,
    pub(super) command: &'static str,
    /// To the command.
    pub(super) options: Options,
}

impl Subcommands {
    pub(super) fn parse(&'static self, args: &[String]) -> Result<Invocation, Misuse> {
        let (common, rest) = self.scan(&self.common, args)?;
        let Some((name, rest)) = rest.split_first() else { return Err(self.misuse("too few arguments")) };
        let Some(command) = self.commands.iter().find(|command| command.name == name) else {
            let names: Vec<String> = self.names().map(|name| format!("'{name}'")).collect();
            let reason = format!("invalid choice: '{name}' (choose from {})", names.join(", "));
            return Err(self.misuse(&reason));
        };
        let (options, rest) = self.scan(&command.syntax, rest)?;
        if let Some(left) = rest.first() {
            return Err(self.misuse(&format!("unrecognized arguments: '{left}'")));
        }
        match command.required.iter().find(|name| !options.has(name)) {
            Some(missing) => Err(self.misuse(&format!("argument --{missing} is required"))),
            None => Ok(Invocation { common, command: command.name, options }),
        }
    }

    /// Of a script without commands.
    pub(super) fn parse_alone(&'static self, args: &[String]) -> Result<Options, Misuse> {
        let (options, rest) = self.scan(&self.common, args)?;
        match rest.first() {
            Some(left) => Err(self.misuse(&format!("unrecognized arguments: '{left}'"))),
            None => Ok(options),
        }
    }

    /// That no more than one of brokers and controllers are named, or just one.
    pub(super) fn check_bootstrap(&self, common: &Options, is_required: bool) -> Result<(), Misuse> {
        match common.count(&["bootstrap-server", "bootstrap-controller"]) {
            0 if is_required => {
                let reason = "one of the arguments --bootstrap-server --bootstrap-controller is required";
                Err(self.misuse(reason))
            }
            0 | 1 => Ok(()),
            _ => {
                let reason = "argument --bootstrap-controller: not allowed with argument --bootstrap-server";
                Err(self.misuse(reason))
            }
        }
    }

    /// What is wrong with the command line.
    pub(super) fn misuse(&self, reason: &str) -> Misuse {
        Misuse::Bare(format!("{}\n{}: error: {reason}", self.usage(), self.script))
    }

    /// Options up to what is none; then that and the rest.
    fn scan<'a>(
        &self,
        syntax: &'static Syntax,
        args: &'a [String],
    ) -> Result<(Options, &'a [String]), Misuse> {
        let mut given = Vec::new();
        let mut rest = args.iter();
        while let Some((name, attached)) = rest.as_slice().first().and_then(|arg| named(arg)) {
            rest.next();
            if name == "h" {
                return Err(Misuse::HelpAsked(self.help()));
            }
            let option = self.find(syntax, name)?;
            let wants = |reason| self.misuse(&format!("argument --{}: {reason}", option.name));
            let argument = match (option.argument, attached) {
                (Argument::None, None) => None,
                (Argument::None, Some(_)) => return Err(wants("ignored explicit argument")),
                (_, Some(attached)) => Some(attached.to_owned()),
                (Argument::Required(_) | Argument::Optional(_) | Argument::Several(_), None) => {
                    let next = rest.next().filter(|next| named(next).is_none() || is_number(next));
                    Some(next.ok_or_else(|| wants("expected one argument"))?.clone())
                }
            };
            match option.name {
                "help" => return Err(Misuse::HelpAsked(self.help())),
                "version" => return Err(Misuse::VersionAsked),
                name => given.push((name, argument)),
            }
            if matches!(option.argument, Argument::Several(_)) {
                while let Some(next) = rest.as_slice().first().filter(|next| named(next).is_none()) {
                    given.push((option.name, Some(next.clone())));
                    rest.next();
                }
            }
        }
        Ok((Options::of(syntax, given), rest.as_slice()))
    }

    fn find(&self, syntax: &'static Syntax, given: &str) -> Result<&'static Opt, Misuse> {
        let options = || syntax.options.iter().chain(&COMMON);
        let is_it = |option: &&Opt| option.name == given || option.letter == Some(given);
        if let Some(option) = options().find(is_it) {
            return Ok(option);
        }
        let begun: Vec<&'static Opt> = options().filter(|option| option.name.starts_with(given)).collect();
        match begun[..] {
            [option] => Ok(option),
            [] => Err(self.misuse(&format!("unrecognized arguments: '--{given}'"))),
            [..] => {
                let names: Vec<String> = begun.iter().map(|option| format!("--{}", option.name)).collect();
                let reason = format!("ambiguous option: --{given} could match {}", names.join(", "));
                Err(self.misuse(&reason))
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.commands.iter().map(|command| command.name)
    }

    fn usage(&self) -> String {
        let names: Vec<&str> = self.names().collect();
        match names[..] {
            [] => format!("usage: {} [-h] [options]", self.script),
            [..] => format!("usage: {} [-h] [options] {{{}}} [options]", self.script, names.join(",")),
        }
    }

    pub(super) fn help(&self) -> String {
        let mut help = format!("{}\n\n{}\n\n{}", self.usage(), self.common.about, self.common.help());
        for Subcommand { name, syntax, .. } in self.commands {
            help.push_str(&format!("\n{name}: {}\n{}", syntax.about, syntax.help()));
        }
        help
    }
}

fn is_number(arg: &str) -> bool {
    arg.parse::<f64>().is_ok()
}

/// How options of these scripts are read: the last one counts.
impl Options {
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.values(name).last()
    }

    pub(super) fn last_number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Misuse> {
        let Some(text) = self.last(name) else { return Ok(None) };
        let wrong = || Misuse::Bare(format!("argument --{name}: could not convert '{text}' to a number"));
        text.parse().map(Some).map_err(|_not_a_number| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SCRIPT: Subcommands = Subcommands {
        script: "kafka-things",
        common: Syntax { about: "Does things.", options: &[Opt::value("bootstrap-server", "at", "Where.")] },
        commands: &[
            Subcommand {
                name: "list",
                syntax: Syntax {
                    about: "List.",
                    options: &[Opt::flag("dry-run", "Not really."), Opt::flag("dry", "Without water.")],
                },
                required: &[],
            },
            Subcommand {
                name: "remove",
                syntax: Syntax { about: "Remove.", options: &[Opt::value("id", "n", "Which.").or("i")] },
                required: &["id"],
            },
        ],
    };

    fn parse(line: &str) -> Result<Invocation, Misuse> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        SCRIPT.parse(&args)
    }

    #[test]
    fn options_belong_to_the_script_or_to_its_command() {
        for (line, server, command, id) in [
            ("--bootstrap-server a:1 list", Some("a:1"), "list", None),
            ("--boot=a:1 list --dry-run", Some("a:1"), "list", None),
            ("remove --id 3", None, "remove", Some("3")),
            ("remove -i 3 -i -4", None, "remove", Some("-4")),
        ] {
            let given = parse(line).unwrap_or_else(|misuse| panic!("{line}: {misuse}"));
            assert_eq!((given.common.last("bootstrap-server"), given.command), (server, command), "{line}");
            if command == "remove" {
                assert_eq!(given.options.last("id"), id, "{line}");
            }
        }
    }

    static ALONE: Subcommands = Subcommands {
        script: "kafka-thing",
        common: Syntax {
            about: "Does one thing.",
            options: &[Opt::several("set", "k=v", "Options."), Opt::value("rate", "n", "How fast.")],
        },
        commands: &[],
    };

    #[test]
    fn a_script_without_commands_has_options_alone() {
        let parse =
            |line: &str| ALONE.parse_alone(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let given = parse("--set a=1 b=2 --rate -1 --set c=3").expect("it parses");
        assert_eq!(given.values("set").collect::<Vec<_>>(), ["a=1", "b=2", "c=3"]);
        assert_eq!(given.last("rate"), Some("-1"));
        let said = parse("more").expect_err("nothing stands alone").to_string();
        assert!(said.ends_with("kafka-thing: error: unrecognized arguments: 'more'"), "{said}");
    }

    #[test]
    fn what_is_wrong_is_said_below_the_usage() {
        for (line, expected) in [
            ("", "too few arguments"),
            ("--bootstrap-server a:1", "too few arguments"),
            ("show", "invalid choice: 'show' (choose from 'list', 'remove')"),
            ("list --bootstrap-server a:1", "unrecognized arguments: '--bootstrap-server'"),
            ("list more", "unrecognized arguments: 'more'"),
            ("list --d", "ambiguous option: --d could match --dry-run, --dry"),
            ("list --dry=1", "argument --dry: ignored explicit argument"),
            ("remove", "argument --id is required"),
            ("remove --id", "argument --id: expected one argument"),
            ("remove --id --id", "argument --id: expected one argument"),
        ] {
            let said = parse(line).expect_err(line).to_string();
            let usage = "usage: kafka-things [-h] [options] {list,remove} [options]";
            assert_eq!(said, format!("{usage}\nkafka-things: error: {expected}"), "{line}");
        }
        assert!(matches!(parse("list -h"), Err(Misuse::HelpAsked(_))));
        assert!(matches!(parse("--version"), Err(Misuse::VersionAsked)));
    }
}
