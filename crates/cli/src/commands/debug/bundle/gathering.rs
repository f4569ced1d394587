//! All parts, one after the other. What one of them lacks keeps no other from being gathered.

use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ottla_client::ApiKey;
use ottla_client::admin::{DescribedBroker, GroupsFilter, TransactionsFilter};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::BundleArgs;
use super::archive::{Archive, Spool};
use super::asking::Asking;
use super::local::{MACHINE, copy_small_files, copy_tail, copy_text, list_files, tell_disk};
use super::plan::{Asked, Names, once, sampled};
use super::redaction::{redact_answer, redact_file, redact_text};
use crate::api_versions::served_by;
use crate::clock::{now, wall_ms};
use crate::commands::cluster::clients::{self, place_of};
use crate::remote::{Property, Remote, connect_with, http_get};

pub(super) struct Gathering {
    archive: Archive,
    asking: Asking,
}

/// A broker that answers over HTTP, and what it is called here.
#[derive(Debug, Clone)]
struct Place {
    name: String,
    address: String,
}

impl Gathering {
    pub(super) fn new(archive: Archive, args: &BundleArgs, within: Duration) -> Gathering {
        Gathering { archive, asking: Asking { connection: args.connection.flags(), within } }
    }

    pub(super) fn into_archive(self) -> Archive {
        self.archive
    }

    /// Fails if there is nothing to be told: of no cluster, and not of this machine.
    pub(super) async fn gather(
        &mut self,
        args: &BundleArgs,
        properties: &[Property],
        interval: Duration,
    ) -> Result<()> {
        self.versions()?;
        self.connection(properties)?;
        self.local(args)?;
        let connected = self.within(async { connect_with(properties).await }).await;
        let remote = match connected {
            Ok(remote) => remote,
            Err(error) if !args.tells_of_this_machine() => return Err(error),
            Err(error) => return self.keep("cluster", "The cluster", |_| Err(error)),
        };
        let brokers = self.brokers(&remote).await?;
        let names = self.names(&remote, &brokers).await;
        let places = self.places(&remote, &brokers, &args.http).await?;
        self.sample(1, &names, &places).await?;
        let sampled_at = now();
        self.served(&remote, &brokers).await?;
        for asked in once(&names) {
            self.ask(asked).await?;
        }
        self.probes(&places).await?;
        if !interval.is_zero() {
            sleep(interval.saturating_sub(now() - sampled_at)).await;
            self.sample(2, &names, &places).await?;
        }
        Ok(())
    }

    fn versions(&mut self) -> Result<()> {
        let told = json!({
            "ottla": env!("CARGO_PKG_VERSION"), "os": std::env::consts::OS, "architecture": std::env::consts::ARCH,
        });
        self.keep("version.json", "The executable that gathered this", |out| Ok(writeln!(out, "{told}")?))
    }

    /// What decides how the cluster is reached, the weakest word first.
    fn connection(&mut self, properties: &[Property]) -> Result<()> {
        let about = "Options of this client, and who said them; the last one counts";
        self.keep("client.ndjson", about, |out| {
            properties.iter().try_for_each(|it| {
                let mut row = json!({ "name": it.name, "value": it.value, "origin": it.origin });
                redact_answer(&mut row);
                Ok(writeln!(out, "{row}")?)
            })
        })
    }

    fn local(&mut self, args: &BundleArgs) -> Result<()> {
        if let Some(data_dir) = &args.data_dir {
            for (part, about, path) in MACHINE {
                self.keep(part, about, |out| copy_text(Path::new(path), out))?;
            }
            self.keep("data-dir/disk.json", "Room on the disk of the data directory", |out| {
                tell_disk(data_dir, out)
            })?;
            self.keep("data-dir/files.ndjson", "Files of the data directory", |out| {
                list_files(data_dir, out)
            })?;
            let about = "Checkpoints and other small files of the data directory";
            self.keep("data-dir/small-files.txt", about, |out| copy_small_files(data_dir, out))?;
        }
        if let Some(config) = &args.config {
            self.keep("server-config.txt", "The file of a broker's options", |out| copy_tail(config, out))?;
        }
        if let Some(log) = &args.log_file {
            self.keep("log-tail.txt", "The end of the log", |out| copy_tail(log, out))?;
        }
        Ok(())
    }

    /// Those of the cluster, also the ones that are not alive; none if nobody tells.
    async fn brokers(&mut self, remote: &Remote) -> Result<Vec<DescribedBroker>> {
        let told = self.within(async { Ok(remote.admin.describe_cluster(true).await?.brokers) }).await;
        match told {
            Ok(brokers) => Ok(brokers),
            Err(error) => {
                self.keep("cluster/brokers", "The brokers", |_| Err(error))?;
                Ok(Vec::new())
            }
        }
    }

    /// Where something cannot be listed, the command that lists it tells why.
    async fn names(&self, remote: &Remote, brokers: &[DescribedBroker]) -> Names {
        let admin = &remote.admin;
        let topics = self.within(async { Ok(admin.list_topics(true).await?) }).await.unwrap_or_default();
        let filter = GroupsFilter::default();
        let groups = self.within(async { Ok(admin.list_groups(&filter).await?) }).await.unwrap_or_default();
        let filter = TransactionsFilter::default();
        let producers =
            self.within(async { Ok(admin.list_transactions(&filter).await?) }).await.unwrap_or_default();
        let mut names = Names {
            brokers: brokers.iter().map(|broker| broker.id).collect(),
            topics: topics.iter().map(|topic| topic.name.to_string()).collect(),
            ..Names::default()
        };
        for group in groups.into_values().flatten().flatten() {
            match group.group_type.as_deref() {
                Some("share") => names.share_groups.push(group.id.to_string()),
                Some("streams") => names.streams_groups.push(group.id.to_string()),
                _ => names.groups.push(group.id.to_string()),
            }
        }
        let ids = producers.into_values().flatten().flatten();
        names.transactional_ids = ids.map(|it| it.transactional_id.to_string()).collect();
        for list in [&mut names.topics, &mut names.groups, &mut names.share_groups, &mut names.streams_groups]
        {
            list.sort();
        }
        names.transactional_ids.sort();
        names
    }

    /// Brokers of others answer nothing over HTTP, and lack nothing.
    async fn places(
        &mut self,
        remote: &Remote,
        brokers: &[DescribedBroker],
        said: &[String],
    ) -> Result<Vec<Place>> {
        if !said.is_empty() {
            let place =
                |address: &String| Place { name: address.replace(':', "-"), address: address.clone() };
            return Ok(said.iter().map(place).collect());
        }
        let mut places = Vec::new();
        for broker in brokers.iter().filter(|broker| !broker.is_fenced) {
            match self.within(place_of(&remote.admin, broker)).await {
                Ok(Some(address)) => places.push(Place { name: broker.id.to_string(), address }),
                Ok(None) => {}
                Err(error) => {
                    let part = format!("http/{}", broker.id);
                    self.keep(&part, "What a broker tells over HTTP", |_| Err(error))?;
                }
            }
        }
        Ok(places)
    }

    async fn sample(&mut self, sample: u32, names: &Names, places: &[Place]) -> Result<()> {
        for place in places {
            let part = format!("samples/{sample}/metrics-{}.txt", place.name);
            self.fetch(place, "/metrics", part, "Metrics of a broker").await?;
        }
        for asked in sampled(names, sample) {
            self.ask(asked).await?;
        }
        Ok(())
    }

    async fn probes(&mut self, places: &[Place]) -> Result<()> {
        for place in places {
            for (path, file, about) in [
                ("/healthz", "healthz.txt", "Whether a broker is alive"),
                ("/readyz", "readyz.txt", "Whether a broker is ready"),
                (clients::PATH, "legacy-clients.json", "Clients that use what Apache Kafka 4.0 removed"),
            ] {
                self.fetch(place, path, format!("http/{}/{file}", place.name), about).await?;
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, place: &Place, path: &str, part: String, about: &str) -> Result<()> {
        let body = self.within(http_get(&place.address, path)).await;
        self.keep(&part, about, |out| {
            let body = body?;
            Ok(out.write_all(redact_file(&String::from_utf8_lossy(&body)).as_bytes())?)
        })
    }

    /// Which requests each broker serves.
    async fn served(&mut self, remote: &Remote, brokers: &[DescribedBroker]) -> Result<()> {
        for broker in brokers.iter().filter(|broker| !broker.is_fenced) {
            let served = self.within(async { Ok(served_by(&remote.client, broker.id).await?) }).await;
            let part = format!("cluster/api-versions-{}.ndjson", broker.id);
            self.keep(&part, "Requests that a broker serves", |out| {
                served?.into_iter().try_for_each(|(code, (min, max))| {
                    let name = ApiKey::from_code(code).map(ApiKey::name);
                    Ok(writeln!(out, "{}", json!({ "api": name, "code": code, "min": min, "max": max }))?)
                })
            })?;
        }
        Ok(())
    }

    /// The answers of our own commands.
    async fn ask(&mut self, asked: Asked) -> Result<()> {
        let (mut out, at) = (Spool::new()?, wall_ms());
        let mut errors = Vec::new();
        for line in &asked.lines {
            errors.extend(self.asking.ask(line, &mut out).await?);
        }
        let commands = asked.lines.iter().map(|words| format!("ottla {}", words.join(" "))).collect();
        let error = (!errors.is_empty()).then(|| errors.join("\n"));
        self.archive.add(out, asked.about, (asked.path, at), commands, error)
    }

    /// What `write` writes; if it fails, with the reason.
    fn keep(&mut self, part: &str, about: &str, write: impl FnOnce(&mut Spool) -> Result<()>) -> Result<()> {
        let (mut out, at) = (Spool::new()?, wall_ms());
        let error = write(&mut out).err().map(|error| redact_text(&format!("{error:#}")));
        self.archive.add(out, about, (part.into(), at), Vec::new(), error)
    }

    async fn within<T>(&self, asked: impl Future<Output = Result<T>>) -> Result<T> {
        let within = self.asking.within;
        timeout(within, asked).await.with_context(|| format!("no answer within {within:?}"))?
    }
}
