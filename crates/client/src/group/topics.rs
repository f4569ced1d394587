//! Keeping what is known of a group's topics fresh, and finding those of a pattern.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pattern;
use super::membership::Subscribed;
use crate::backoff::Backoff;
use crate::config::{ClientConfig, ConsumerConfig};
use crate::{Client, ErrorCode, Result, random};

/// Decides when to ask.
#[derive(Debug)]
pub(super) struct TopicWatch {
    settings: Settings,
    is_under_way: bool,
    failures: u32,
    retry_at: Option<Instant>,
    /// What was matched last, and until when that is good.
    matched: Option<(Pattern, Instant)>,
}

/// The options that decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) exclude_internal: bool,
    /// Whether topics that are not there are made, where the broker does that.
    pub(super) may_create: bool,
    pub(super) age_max: Duration,
    pub(super) backoff: Backoff,
}

impl Settings {
    pub(super) fn new(client: &ClientConfig, consumer: &ConsumerConfig) -> Settings {
        Settings {
            exclude_internal: consumer.exclude_internal_topics,
            may_create: consumer.allow_auto_create_topics,
            age_max: client.metadata_max_age,
            backoff: Backoff { first: client.retry_backoff, max: client.retry_backoff_max },
        }
    }
}

/// What is to be asked.
#[derive(Debug, PartialEq)]
pub(super) enum Question {
    /// What these topics are.
    Topics(Vec<Arc<str>>),
    /// Which topics there are.
    Pattern(Pattern),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Seen {
    Topics(Result<()>),
    Pattern(Pattern, Result<Vec<Arc<str>>>),
}

impl TopicWatch {
    pub(super) fn new(settings: Settings) -> TopicWatch {
        TopicWatch { settings, is_under_way: false, failures: 0, retry_at: None, matched: None }
    }

    /// What is to be asked now, which counts as under way; or when to look again.
    pub(super) fn due(
        &mut self,
        subscribed: &Subscribed,
        topics: &[Arc<str>],
        are_known: bool,
        now: Instant,
    ) -> Result<Question, Option<Instant>> {
        if self.is_under_way {
            return Err(None);
        }
        if let Some(at) = self.retry_at.filter(|at| *at > now) {
            return Err(Some(at));
        }
        let mut wake_at = None;
        if let Subscribed::Pattern(pattern) = subscribed {
            match &self.matched {
                Some((matched, until)) if matched == pattern && *until > now => wake_at = Some(*until),
                _ => {
                    self.is_under_way = true;
                    return Ok(Question::Pattern(pattern.clone()));
                }
            }
        }
        if are_known || topics.is_empty() {
            return Err(wake_at);
        }
        self.is_under_way = true;
        Ok(Question::Topics(topics.to_vec()))
    }

    /// What was asked is answered. What failed, or is not there, is asked for again at longer and longer intervals.
    pub(super) fn seen(&mut self, seen: &Seen, now: Instant) {
        self.is_under_way = false;
        let is_ok = match seen {
            Seen::Topics(result) => result.is_ok(),
            Seen::Pattern(pattern, result) => {
                if result.is_ok() {
                    self.matched = Some((pattern.clone(), now + self.settings.age_max));
                }
                result.is_ok()
            }
        };
        self.failures = if is_ok { 0 } else { self.failures.saturating_add(1) };
        let pause = self.settings.backoff.pause(self.failures, random::fraction());
        self.retry_at = (!is_ok).then(|| now + pause);
    }

    /// Asks.
    pub(super) fn ask(
        &self,
        client: Client,
        question: Question,
    ) -> impl Future<Output = Seen> + Send + use<> {
        let settings = self.settings;
        async move {
            match question {
                Question::Topics(topics) => Seen::Topics(look(&client, &topics, settings.may_create).await),
                Question::Pattern(pattern) => {
                    let topics = client.all_topics().await;
                    let matched = topics.map(|topics| pattern.among(&topics, settings.exclude_internal));
                    Seen::Pattern(pattern, matched)
                }
            }
        }
    }
}

/// Fails if one of them is not there.
async fn look(client: &Client, topics: &[Arc<str>], may_create: bool) -> Result<()> {
    let cluster = client.fresh(topics).await?;
    for missing in topics.iter().filter(|topic| cluster.topic(topic).is_none()) {
        let error = client.unknown_topic(missing);
        let is_absent = error.code() == Some(ErrorCode::UnknownTopicOrPartition);
        if !(may_create && is_absent) {
            return Err(error);
        }
        client.known_or_made_topic(missing).await?;
    }
    Ok(())
}
