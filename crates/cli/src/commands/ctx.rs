//! `ottla ctx`: clusters by name, and which of them is meant when a command does not say.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::exit::{Outcome, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::{ConnectionArgs, Contexts, ImportFormat, Kept, import};

#[derive(Debug, Subcommand)]
pub(crate) enum CtxCommand {
    /// List the contexts
    Ls(LsArgs),
    Use(UseArgs),
    Add(AddArgs),
    Import(ImportArgs),
    /// Give a context another name
    Rename {
        /// Its name now
        #[arg(value_name = "CONTEXT")]
        from: String,
        /// What it shall be called
        #[arg(value_name = "NEW-NAME")]
        to: String,
    },
    /// Forget a context
    Rm {
        /// Its name
        #[arg(value_name = "CONTEXT")]
        name: String,
    },
    /// Open the file of contexts in $VISUAL or $EDITOR
    Edit,
}

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    #[command(flatten)]
    output: OutputArgs,
}

/// Choose the context that commands use
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla ctx use prod
  ottla ctx use -         # the one before")]
pub(crate) struct UseArgs {
    /// Its name
    #[arg(value_name = "CONTEXT")]
    name: String,
}

/// Keep what --brokers, -X and --command-config say as a context
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla ctx add dev -b 127.0.0.1:9092
  ottla ctx add prod -b kafka1:9093 -X security.protocol=SSL
  ottla ctx add prod --command-config client.properties")]
pub(crate) struct AddArgs {
    /// What the context shall be called
    name: String,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Keep what another tool's file says as a context
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla ctx import prod client.properties
  ottla ctx import prod ~/.config/kcat.conf
  ottla ctx import prod ~/.config/rpk/rpk.yaml    # the profile prod
  ottla ctx import kaf-prod ~/.kaf/config --cluster prod")]
pub(crate) struct ImportArgs {
    /// What the context shall be called
    name: String,

    /// What is imported
    file: PathBuf,

    /// What kind of file it is [default: by its name]
    #[arg(long, value_enum)]
    from: Option<ImportFormat>,

    /// Of several clusters that one [default: the one with the context's name,
    /// or the one that is in use there]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ContextRow {
    name: String,
    is_current: bool,
    brokers: Option<String>,
    security_protocol: Option<String>,
}

impl Answer for ContextRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("NAME", "name"),
        Column::new("CURRENT", "isCurrent"),
        Column::new("BROKERS", "brokers"),
        Column::new("SECURITY", "securityProtocol"),
    ]);
}

pub(crate) fn run(command: CtxCommand) -> Result<Outcome> {
    let contexts = Contexts::of_user();
    match command {
        CtxCommand::Ls(args) => ls(&contexts, &args)?,
        CtxCommand::Use(args) => choose(&contexts, &args.name)?,
        CtxCommand::Add(args) => add(&contexts, &args)?,
        CtxCommand::Import(args) => {
            let cluster = args.cluster.as_ref().unwrap_or(&args.name);
            keep(&contexts, &args.name, import(&args.file, args.from, cluster)?)?
        }
        CtxCommand::Rename { from, to } => {
            let mut kept = contexts.read()?;
            kept.rename(&from, &to)?;
            contexts.write(&kept)?;
        }
        CtxCommand::Rm { name } => {
            let mut kept = contexts.read()?;
            kept.remove(&name)?;
            contexts.write(&kept)?;
        }
        CtxCommand::Edit => edit(&contexts)?,
    }
    Ok(Outcome::Success)
}

fn ls(contexts: &Contexts, args: &LsArgs) -> Result<()> {
    let kept = contexts.read()?;
    let row = |(name, properties): (&String, &BTreeMap<String, String>)| ContextRow {
        name: name.clone(),
        is_current: kept.current.as_ref() == Some(name),
        brokers: properties.get("bootstrap.servers").or(properties.get("metadata.broker.list")).cloned(),
        security_protocol: properties.get("security.protocol").cloned(),
    };
    args.output.print_all(&kept.contexts.iter().map(row).collect::<Vec<_>>())
}

fn choose(contexts: &Contexts, name: &str) -> Result<()> {
    let mut kept = contexts.read()?;
    let name = kept.choose(name)?;
    contexts.write(&kept)?;
    sayln!("commands use {name} now");
    Ok(())
}

/// What the flags say alone: a context is not made of another one.
fn add(contexts: &Contexts, args: &AddArgs) -> Result<()> {
    let properties = args.connection.properties_of_flags()?;
    if properties.is_empty() {
        return Err(usage("name its brokers, for example with --brokers host:9092"));
    }
    keep(contexts, &args.name, properties)
}

fn keep(contexts: &Contexts, name: &str, properties: BTreeMap<String, String>) -> Result<()> {
    let mut kept = contexts.read()?;
    let before = kept.contexts.insert(name.to_owned(), properties);
    // The first one is the one that is meant.
    let is_used = kept.current.get_or_insert_with(|| name.to_owned()) == name;
    contexts.write(&kept)?;
    let done = if before.is_some() { "changed" } else { "made" };
    let used = if is_used {
        "commands use it".to_owned()
    } else {
        format!("`ottla ctx use {name}` has commands use it")
    };
    sayln!("context {name} {done}: {used}");
    Ok(())
}

fn edit(contexts: &Contexts) -> Result<()> {
    let path = contexts.path()?;
    // So that nobody else may read it; what is there may be broken, and wants to be mended.
    if !path.exists() {
        contexts.write(&Kept::default())?;
    }
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".into());
    // It may have flags of its own, so that a shell reads it, as with all tools that know $EDITOR.
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(path);
    let status = command.status().with_context(|| format!("cannot start the editor {editor}"))?;
    if !status.success() {
        bail!("the editor {editor} failed: {status}");
    }
    contexts.read().map(drop)
}
