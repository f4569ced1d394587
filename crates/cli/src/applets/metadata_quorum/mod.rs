//! `kafka-metadata-quorum`.
//!
//! ```text
//! describe     who leads, votes and follows, and how far behind they are
//! membership   controllers that begin or cease to vote
//! controller   what a controller's own files say of it
//! ```

mod controller;
mod describe;
mod membership;

use std::io::Write;

use anyhow::Result;

use super::connection::Properties;
use super::options::{Opt, Options, Syntax};
use super::subcommands::{Invocation, Subcommand, Subcommands};
use crate::exit::Outcome;
use crate::remote::block_on;

static SCRIPT: Subcommands = Subcommands {
    script: "kafka-metadata-quorum",
    common: Syntax {
        about: "This tool describes kraft metadata quorum status.",
        options: &[
            Opt::value("bootstrap-server", "servers", "REQUIRED: The servers to connect to."),
            Opt::value(
                "bootstrap-controller",
                "controllers",
                "The controllers to connect to, instead of brokers.",
            ),
            Opt::value(
                "command-config",
                "file",
                "Options of the client; for add-controller, of the controller too.",
            ),
        ],
    },
    commands: &[
        Subcommand {
            name: "describe",
            syntax: Syntax {
                about: "Describe the metadata quorum info",
                options: &[
                    Opt::flag("status", "A short summary of the quorum."),
                    Opt::flag("replication", "How far behind each node is."),
                    Opt::flag("human-readable", "With --replication, times as how long ago."),
                ],
            },
            required: &[],
        },
        Subcommand {
            name: "add-controller",
            syntax: Syntax {
                about: "Add a controller to the KRaft controller cluster",
                options: &[Opt::flag("dry-run", "Print what would be done, but do not do it.")],
            },
            required: &[],
        },
        Subcommand {
            name: "remove-controller",
            syntax: Syntax {
                about: "Remove a controller from the KRaft controller cluster",
                options: &[
                    Opt::value("controller-id", "id", "The id of the controller to remove.").or("i"),
                    Opt::value("controller-directory-id", "id", "The ID of its directory.").or("d"),
                    Opt::flag("dry-run", "Print what would be done, but do not do it."),
                ],
            },
            required: &["controller-id", "controller-directory-id"],
        },
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let invocation = SCRIPT.parse(args)?;
    SCRIPT.check_bootstrap(&invocation.common, true)?;
    block_on(Box::pin(act(&invocation, out))).map(|()| Outcome::Success)
}

async fn act(invocation: &Invocation, out: &mut dyn Write) -> Result<()> {
    let Invocation { common, command, options } = invocation;
    match *command {
        "describe" => {
            let wanted = describe::Wanted::of(options)?;
            describe::run(wanted, &properties(common)?.connect().await?.admin, out).await
        }
        "add-controller" => membership::add(common, options, out).await,
        _ => membership::remove(common, options, out).await,
    }
}

fn properties(common: &Options) -> Result<Properties> {
    let mut properties = Properties::of_file(common, "command-config")?;
    properties.set_bootstrap(common.last("bootstrap-server"), common.last("bootstrap-controller"));
    Ok(properties)
}
