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

    /// Has `topics` be those of what is subscribed to now, as far as they are known. What was matched of a pattern is not good any
    /// more once something else was subscribed to. A member goes on with the topics that it has until others are known: it would
    /// give away what it may keep.
    pub(super) fn follow(&mut self, subscribed: &Subscribed, is_out: bool, topics: &mut Vec<Arc<str>>) {
        self.matched.take_if(|(matched, _)| !is_of(subscribed, matched));
        match subscribed {
            Subscribed::Topics(named) => topics.clone_from(named),
            Subscribed::Nothing => topics.clear(),
            Subscribed::Pattern(_) if is_out && self.matched.is_none() => topics.clear(),
            Subscribed::Pattern(_) => {}
        }
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
    pub(super) fn seen(&mut self, seen: &Seen, subscribed: &Subscribed, now: Instant) {
        self.is_under_way = false;
        let is_ok = match seen {
            Seen::Topics(result) => result.is_ok(),
            Seen::Pattern(pattern, result) => {
                if result.is_ok() && is_of(subscribed, pattern) {
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

fn is_of(subscribed: &Subscribed, pattern: &Pattern) -> bool {
    matches!(subscribed, Subscribed::Pattern(now) if now == pattern)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// What a driver does with the watch, for a member that is out of its group or in it.
    struct Bench {
        watch: TopicWatch,
        topics: Vec<Arc<str>>,
        is_out: bool,
        now: Instant,
    }

    impl Bench {
        fn new(is_out: bool) -> Bench {
            let second = Duration::from_secs(1);
            let settings = Settings {
                exclude_internal: true,
                may_create: false,
                age_max: second * 300,
                backoff: Backoff { first: second, max: second },
            };
            Bench { watch: TopicWatch::new(settings), topics: Vec::new(), is_out, now: clock::now() }
        }

        /// The topics, and what is to be asked.
        fn follow(&mut self, subscribed: &Subscribed) -> (Vec<Arc<str>>, Option<Question>) {
            self.watch.follow(subscribed, self.is_out, &mut self.topics);
            let question = self.watch.due(subscribed, &self.topics, true, self.now).ok();
            (self.topics.clone(), question)
        }

        fn listed(&mut self, subscribed: &Subscribed, text: &str, topics: &[&str]) {
            let seen = Seen::Pattern(pattern(text), Ok(names(topics)));
            self.watch.seen(&seen, subscribed, self.now);
            if is_of(subscribed, &pattern(text)) {
                self.topics = names(topics);
            }
        }
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    fn names(topics: &[&str]) -> Vec<Arc<str>> {
        topics.iter().map(|topic| Arc::from(*topic)).collect()
    }

    #[test]
    fn a_pattern_is_looked_for_again_after_something_else_was_subscribed_to() {
        for is_out in [true, false] {
            let mut bench = Bench::new(is_out);
            let (p, a) = (Subscribed::Pattern(pattern("p.*")), Subscribed::Topics(names(&["a"])));
            assert_eq!(bench.follow(&p), (vec![], Some(Question::Pattern(pattern("p.*")))));
            bench.listed(&p, "p.*", &["p1"]);
            assert_eq!(bench.follow(&p), (names(&["p1"]), None), "it is good for a while");
            assert_eq!(bench.follow(&a), (names(&["a"]), None));
            let until_listed = if is_out { vec![] } else { names(&["a"]) };
            assert_eq!(bench.follow(&p), (until_listed, Some(Question::Pattern(pattern("p.*")))));
            bench.listed(&p, "p.*", &["p1", "p2"]);
            assert_eq!(bench.follow(&p), (names(&["p1", "p2"]), None));
        }
    }

    #[test]
    fn who_comes_back_with_a_pattern_does_not_begin_with_the_topics_of_before() {
        let mut bench = Bench::new(true);
        assert_eq!(bench.follow(&Subscribed::Topics(names(&["a"]))).0, names(&["a"]));
        assert_eq!(bench.follow(&Subscribed::Nothing).0, vec![]);
        assert_eq!(bench.follow(&Subscribed::Pattern(pattern("q.*"))).0, vec![]);
    }

    #[test]
    fn a_listing_that_comes_too_late_says_nothing_of_the_next_time() {
        let mut bench = Bench::new(false);
        let (p, a) = (Subscribed::Pattern(pattern("p.*")), Subscribed::Topics(names(&["a"])));
        bench.follow(&p);
        bench.follow(&a);
        bench.listed(&a, "p.*", &["p1"]);
        assert_eq!(bench.follow(&p), (names(&["a"]), Some(Question::Pattern(pattern("p.*")))));
    }
}
