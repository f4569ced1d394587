//! `kafka-storage`.
//!
//! ```text
//! directories  which ones a file of options names
//! format       makes them ready for a first start
//! info         tells what is in them
//! ```

mod directories;
mod format;
mod info;

use std::io::Write;

use anyhow::Result;

use super::features::{FEATURE, RELEASE, dependencies, version_mapping};
use super::options::{Opt, Syntax};
use super::subcommands::{Invocation, Subcommand, Subcommands};
use crate::exit::Outcome;
use crate::kafka_id::kafka_id;
use crate::random;
use directories::Directories;

const CONFIG: Opt = Opt::value("config", "CONFIG", "The Kafka configuration file to use.").or("c");

static SCRIPT: Subcommands = Subcommands {
    script: "kafka-storage",
    common: Syntax { about: "The Kafka storage tool.", options: &[] },
    commands: &[
        Subcommand {
            name: "info",
            syntax: Syntax {
                about: "Get information about the Kafka log directories on this node.",
                options: &[CONFIG],
            },
            required: &["config"],
        },
        Subcommand {
            name: "format",
            syntax: Syntax {
                about: "Format the Kafka log directories on this node. `ottla serve` does so by itself.",
                options: &[
                    CONFIG,
                    Opt::value("cluster-id", "CLUSTER_ID", "The cluster ID to use.").or("t"),
                    Opt::value("add-scram", "ADD_SCRAM", "Not there yet.").or("S"),
                    Opt::flag("ignore-formatted", "Pass over directories that are formatted.").or("g"),
                    Opt::value("release-version", "RELEASE", "The release whose features are used.").or("r"),
                    Opt::value("feature", "FEATURE", "A level of a feature, as feature=level.").or("f"),
                    Opt::flag("standalone", "The only controller of its quorum.").or("s"),
                    Opt::flag("no-initial-controllers", "A quorum that is not known yet.").or("N"),
                    Opt::value("initial-controllers", "CONTROLLERS", "The quorum of controllers.").or("I"),
                ],
            },
            required: &["config", "cluster-id"],
        },
        Subcommand {
            name: "version-mapping",
            syntax: Syntax { about: "Look up the features of a release.", options: &[RELEASE.or("r")] },
            required: &[],
        },
        Subcommand {
            name: "feature-dependencies",
            syntax: Syntax { about: "Look up what levels of features need.", options: &[FEATURE.or("f")] },
            required: &["feature"],
        },
        Subcommand {
            name: "random-uuid",
            syntax: Syntax { about: "Print a random UUID.", options: &[] },
            required: &[],
        },
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let Invocation { command, options, .. } = SCRIPT.parse(args)?;
    match command {
        "version-mapping" => version_mapping(&options, out),
        "feature-dependencies" => dependencies(&options, out),
        "random-uuid" => {
            writeln!(out, "{}", kafka_id(random::uuid()))?;
            Ok(Outcome::Success)
        }
        "info" => info::print(&Directories::of_file(&options)?, out),
        _ => format::run(&options, &Directories::of_file(&options)?, out),
    }
}
