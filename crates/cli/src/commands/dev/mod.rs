//! `ottla dev`: a broker to try things out, which keeps nothing.

mod context;
mod demo;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Command, FromArgMatches as _};
use ottla_broker::Running;
use ottla_client::Client;
use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::ClientConfig;
use tempfile::TempDir;

use super::serve::{self, Companion, ServeArgs};
use crate::exit::{Outcome, usage};
use crate::remote::Contexts;
use context::DevContext;
use demo::Demo;

/// Start a broker to try things out: nothing is kept
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla dev
  ottla dev --topic orders:3 --topic payments
  ottla dev --demo
  ottla dev --any-port --ports-file ports.json")]
pub(crate) struct DevArgs {
    /// A topic that is there when the broker is ready
    #[arg(short, long = "topic", value_name = "NAME[:PARTITIONS]")]
    topics: Vec<String>,

    /// Have data that keep flowing, to look at
    #[arg(long)]
    demo: bool,

    /// Leave contexts alone, where else commands would come here while it runs
    #[arg(long)]
    no_context: bool,

    /// Keep records here after all
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Where to listen [default: 127.0.0.1:9092]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,

    /// Listen on ports that are free
    #[arg(long)]
    any_port: bool,

    /// Write the addresses to this file as JSON when ready
    #[arg(long, value_name = "FILE")]
    ports_file: Option<PathBuf>,
}

pub(crate) fn run(args: &DevArgs) -> Result<Outcome> {
    let mut topics = args.topics.iter().map(|text| new_topic(text)).collect::<Result<Vec<_>>>()?;
    if args.demo {
        topics.extend(Demo::topics());
    }
    // It goes when the broker has stopped.
    let ephemeral = TempDir::with_prefix("ottla-dev-").context("cannot make a temporary directory")?;
    let data_dir = args.data_dir.clone().unwrap_or_else(|| ephemeral.path().join("data"));
    let serve_args = args.serve_args(data_dir)?;
    serve::run_with(&serve_args, async |running| Box::pin(args.accompany(running, &topics)).await)
}

/// What is there while the broker runs, and goes before it.
#[derive(Debug)]
struct Accompanied {
    context: Option<DevContext>,
    demo: Option<Demo>,
}

impl Companion for Accompanied {
    fn lines(&self) -> Vec<(&'static str, String)> {
        let context = self
            .context
            .as_ref()
            .map(|_| ("context", format!("{}: commands of this user come here meanwhile", DevContext::NAME)));
        let demo = self.demo.as_ref().map(|_| ("demo", Demo::line()));
        context.into_iter().chain(demo).collect()
    }
}

impl DevArgs {
    async fn accompany(&self, running: &Running, topics: &[NewTopic]) -> Result<Accompanied> {
        let Some(address) = running.addresses().first() else { bail!("it listens nowhere") };
        let bootstrap = address.bound.to_string();
        let client = Client::connect(ClientConfig::new(&bootstrap)).await?;
        create(&client, topics).await?;
        let demo = self.demo.then(|| Demo::start(&client)).transpose()?;
        if demo.is_none() {
            client.close().await;
        }
        let context = match self.no_context {
            true => None,
            false => DevContext::choose(Contexts::of_user(), bootstrap)?,
        };
        Ok(Accompanied { context, demo })
    }

    /// The same as somebody would give to `ottla serve`.
    fn serve_args(&self, data_dir: PathBuf) -> Result<ServeArgs> {
        let mut words: Vec<OsString> =
            ["serve", "--log-format", "text", "--log-level", "warn", "--data-dir"].map(Into::into).into();
        words.push(data_dir.into());
        if let Some(listen) = &self.listen {
            words.extend(["--listen".into(), listen.into()]);
        }
        if self.any_port {
            words.push("--any-port".into());
        }
        if let Some(file) = &self.ports_file {
            words.extend(["--ports-file".into(), file.into()]);
        }
        let matches = ServeArgs::augment_args(Command::new("serve")).try_get_matches_from(words)?;
        Ok(ServeArgs::from_arg_matches(&matches)?)
    }
}

/// `orders`, or `orders:3`.
fn new_topic(text: &str) -> Result<NewTopic> {
    let Some((name, partitions)) = text.split_once(':') else { return Ok(NewTopic::new(text)) };
    let partitions = partitions.parse().ok().filter(|partitions| *partitions > 0);
    let partitions =
        partitions.ok_or_else(|| usage(format!("--topic {text}: give it as orders or orders:3")))?;
    Ok(NewTopic::new(name).partitions(partitions))
}

/// Those that are there already, in a directory that was kept, stay as they are.
async fn create(client: &Client, topics: &[NewTopic]) -> Result<()> {
    if topics.is_empty() {
        return Ok(());
    }
    for (name, created) in Admin::new(client.clone()).create_topics(topics).await? {
        match created {
            Err(error) if error.code() != Some(ottla_client::ErrorCode::TopicAlreadyExists) => {
                return Err(error).with_context(|| format!("cannot create {name}"));
            }
            _ => {}
        }
    }
    Ok(())
}
