//! `-P`: messages from standard input or files.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use ottla_client::producer::{Delivered, Producer, ProducerRecord};

use super::options::Options;
use super::settings::Settings;
use super::told::{Fatal, words};
use crate::applets::ending::asked_to_end;
use crate::clock::wall_ms;
use crate::commands::produce::{Feed, Source, TopicName, UnderWay, split_once};
use crate::exit::Outcome;
use crate::remote::connect_producer_with;

/// How long the last messages may take.
const FAREWELL: Duration = Duration::from_secs(300);

pub(super) async fn run(options: &Options, settings: Settings) -> Result<Outcome> {
    if options.is_line_by_line && options.rest.len() > 1 {
        return Err(Fatal::new("Only one file allowed for line mode (-l)").into());
    }
    let (files, has_failed) = files(options)?;
    if has_failed && files.is_empty() {
        return Ok(Outcome::Failure);
    }
    let (remote, config) = connect_producer_with(&settings.properties()).await?;
    let is_transactional = config.transactional_id.is_some();
    let producer = remote.client.producer(config)?;
    if is_transactional {
        options.tell(1, "Using transactional producer");
        producer.init_transactions().await?;
        producer.begin_transaction()?;
    }
    let is_whole = !options.rest.is_empty() && !options.is_line_by_line;
    let source = Source { files, is_whole, delimiter: options.delimiter.clone(), tells_lines: false };
    let feed = Feed::start(reader(options)?, source);
    let under_way = UnderWay::new(producer.clone());
    let mut producing = Producing { options, producer: &producer, under_way, sent: 0, failures: 0 };
    let is_interrupted = producing.run(feed).await?;
    if is_transactional {
        producing.end_transaction(is_interrupted).await?;
    }
    producer.flush().await;
    producing.note_all().await;
    let failures = producing.failures;
    producer.close(FAREWELL).await?;
    Ok(if failures > 0 { Outcome::Failure } else { Outcome::Success })
}

/// Those that can be read and are not empty, and whether some cannot be read.
fn files(options: &Options) -> Result<(Vec<PathBuf>, bool), Fatal> {
    let (mut files, mut has_failed) = (Vec::new(), false);
    for path in &options.rest {
        match fs::metadata(path).and_then(|it| fs::File::open(path).map(|_opened| it)) {
            Ok(file) if file.len() == 0 && !options.is_line_by_line => {
                options.tell(3, format_args!("Skipping empty file {path}"));
            }
            Ok(_) => files.push(path.into()),
            Err(error) if options.is_line_by_line => {
                return Err(Fatal::new(format!("Cannot open {path}: {error}")));
            }
            Err(error) => {
                options.tell(1, format_args!("Failed to open {path}: {error}"));
                has_failed = true;
            }
        }
    }
    Ok((files, has_failed))
}

/// Makes messages of what is read; prints it besides, if that is wanted. Nothing becomes of an empty one.
fn reader(options: &Options) -> Result<impl FnMut(Bytes) -> Result<Option<ProducerRecord>> + Send + 'static> {
    let mut topic = TopicName::new(options.topic.as_deref().unwrap_or_default());
    let mut blank = ProducerRecord::new(topic.give());
    blank.partition = options.partition;
    for (name, value) in &options.headers {
        blank = match value {
            Some(value) => blank.header(name.clone(), value.clone()),
            None => blank.null_header(name.clone()),
        };
    }
    blank.key = options.key.clone().map(Into::into);
    let is_whole = !options.rest.is_empty() && !options.is_line_by_line;
    let key_delimiter = options.key_delimiter.clone().filter(|it| !it.is_empty() && !is_whole);
    let nulls = options.shows_nulls;
    let mut tee = if options.tees && !is_whole { Some(tee()?) } else { None };
    let mut left = options.count.unwrap_or(u64::MAX);
    Ok(move |text: Bytes| {
        if text.is_empty() || left == 0 {
            return Ok(None);
        }
        left -= 1;
        if let Some(tee) = &mut tee {
            tee.write_all(&text)?;
        }
        let split = key_delimiter.as_ref().and_then(|delimiter| split_once(&text, delimiter));
        let mut record = blank.clone();
        record.topic = topic.give();
        Ok(Some(match split {
            None => record.value(text),
            Some((key, value)) => {
                let record =
                    if nulls && value.is_empty() { record } else { record.value(text.slice_ref(value)) };
                if nulls && key.is_empty() { record } else { record.key(text.slice_ref(key)) }
            }
        }))
    })
}

/// Standard output for the thread that reads: the lock of the other one is taken.
fn tee() -> io::Result<File> {
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

struct Producing<'a> {
    options: &'a Options,
    producer: &'a Producer,
    under_way: UnderWay,
    sent: u64,
    failures: u64,
}

impl Producing<'_> {
    /// Whether somebody interrupted it.
    async fn run(&mut self, mut feed: Feed) -> Result<bool> {
        tokio::select! {
            sent = self.send_all(&mut feed) => sent.map(|()| false),
            interrupted = asked_to_end() => Ok(interrupted.map(|()| true)?),
        }
    }

    async fn send_all(&mut self, feed: &mut Feed) -> Result<()> {
        while let Some(records) = feed.next().await {
            self.send_many(records?).await?;
            while let Some(delivered) = self.under_way.next_ended().await {
                self.note(&delivered);
            }
            if self.options.count == Some(self.sent) {
                break;
            }
        }
        Ok(())
    }

    async fn send_many(&mut self, records: Vec<ProducerRecord>) -> Result<()> {
        let size = |record: &ProducerRecord| record.value.as_ref().map_or(0, |value| value.len());
        let sizes: Vec<usize> = records.iter().map(size).collect();
        let before = self.under_way.len();
        self.sent += records.len() as u64;
        let sent = self.under_way.send_many(records, wall_ms()).await;
        sent.map_err(|error| {
            // The first that was not taken.
            let size = sizes.get(self.under_way.len() - before).copied().unwrap_or_default();
            Fatal::new(format!("Failed to produce message ({size} bytes): {}", words(&error))).into()
        })
    }

    async fn note_all(&mut self) {
        while let Some(delivered) = self.under_way.next().await {
            self.note(&delivered);
        }
    }

    fn note(&mut self, Delivered { topic_partition, count, result, .. }: &Delivered) {
        for (at, _) in (0..).zip(0..*count) {
            match result {
                Ok(first) => {
                    let (partition, offset) =
                        (topic_partition.partition, first.map_or(-1, |first| first + at));
                    let told = format_args!("Message delivered to partition {partition} (offset {offset})");
                    self.options.tell(3, told);
                }
                Err(error) => {
                    self.failures += 1;
                    self.options.tell(1, format_args!("Delivery failed for message: {}", words(error)));
                }
            }
        }
    }

    async fn end_transaction(&self, is_interrupted: bool) -> Result<()> {
        if is_interrupted {
            self.options.tell(0, "Aborting transaction due to termination signal");
            return Ok(self.producer.abort_transaction().await?);
        }
        self.options.tell(1, "Committing transaction");
        self.producer.commit_transaction().await?;
        self.options.tell(1, "Transaction successfully committed");
        Ok(())
    }
}
