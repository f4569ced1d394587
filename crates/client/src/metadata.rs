//! What is known of the cluster, what of it is wanted, and whether it must be asked for again. It decides; who asks is
//! [`crate::client`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::{Error, Result};

/// How a refresh that is under way will end.
pub(crate) type Outcome = watch::Receiver<Option<Result<Arc<Cluster>>>>;

/// What is known of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    cluster: Arc<Cluster>,
    /// The topics that a refresh asks about, and when each was last used.
    wanted: BTreeMap<Arc<str>, Instant>,
    refreshed_at: Option<Instant>,
    /// Something failed in a way that what is known may be wrong.
    is_stale: bool,
    refresh: Option<Refresh>,
}

#[derive(Debug)]
struct Refresh {
    topics: BTreeSet<Arc<str>>,
    outcome: Outcome,
}

/// What whoever wants a refresh is to do.
pub(crate) enum Turn {
    /// Ask about these topics, and tell all who wait.
    Ask(Vec<Arc<str>>, watch::Sender<Option<Result<Arc<Cluster>>>>, Outcome),
    /// Somebody asks already about everything that is wanted.
    Await(Outcome),
    /// Somebody asks, but not about all of it: wait for that, then come again.
    ComeAgain(Outcome),
}

impl Metadata {
    /// What is known now.
    pub(crate) fn cluster(&self) -> Arc<Cluster> {
        self.state().cluster.clone()
    }

    /// Has topics asked about from now on. Whether all of them are known.
    pub(crate) fn want(&self, topics: &[Arc<str>], now: Instant) -> bool {
        let mut state = self.state();
        for topic in topics {
            state.wanted.insert(topic.clone(), now);
        }
        topics.iter().all(|topic| state.cluster.topic(topic).is_some())
    }

    /// Whether it must be asked for before it is used: it was never, it is too old, or it may be wrong.
    pub(crate) fn is_stale(&self, age_max: Duration, now: Instant) -> bool {
        let state = self.state();
        state.is_stale || state.refreshed_at.is_none_or(|at| now >= at + age_max)
    }

    /// Something failed in a way that what is known may be wrong.
    pub(crate) fn expire(&self) {
        self.state().is_stale = true;
    }

    /// Whose turn it is to ask.
    pub(crate) fn turn(&self, needed: &[Arc<str>]) -> Turn {
        let mut state = self.state();
        if let Some(refresh) = &state.refresh {
            let is_about_all = needed.iter().all(|topic| refresh.topics.contains(topic));
            let outcome = refresh.outcome.clone();
            return if is_about_all { Turn::Await(outcome) } else { Turn::ComeAgain(outcome) };
        }
        let (tell, outcome) = watch::channel(None);
        let topics: BTreeSet<Arc<str>> = state.wanted.keys().chain(needed).cloned().collect();
        state.refresh = Some(Refresh { topics: topics.clone(), outcome: outcome.clone() });
        // What goes wrong from here on is a reason for another refresh.
        state.is_stale = false;
        Turn::Ask(topics.into_iter().collect(), tell, outcome)
    }

    /// Ends the refresh that is under way.
    pub(crate) fn refreshed(&self, result: &Result<Arc<Cluster>>, now: Instant) {
        let mut state = self.state();
        state.refresh = None;
        match result {
            Ok(cluster) => {
                state.cluster = cluster.clone();
                state.refreshed_at = Some(now);
            }
            Err(_) => state.is_stale = true,
        }
    }

    /// Replaces what is known by what `change` makes of it; None changes nothing.
    pub(crate) fn update(&self, change: impl FnOnce(&Cluster) -> Option<Cluster>) -> Arc<Cluster> {
        let mut state = self.state();
        if let Some(changed) = change(&state.cluster) {
            state.cluster = Arc::new(changed);
        }
        state.cluster.clone()
    }

    /// Forgets topics that nobody used for so long.
    pub(crate) fn forget_unused(&self, idle_max: Duration, now: Instant) {
        let mut state = self.state();
        let before = state.wanted.len();
        state.wanted.retain(|_, used_at| now.saturating_duration_since(*used_at) < idle_max);
        if state.wanted.len() < before {
            let State { cluster, wanted, .. } = &mut *state;
            *cluster = Arc::new(cluster.without_topics(|name| wanted.contains_key(name)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the end of a refresh.
pub(crate) async fn outcome(mut outcome: Outcome) -> Result<Arc<Cluster>> {
    match outcome.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone().expect("it was waited for"),
        Err(_dropped) => Err(Error::Closed("the client")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn names(topics: &[&str]) -> Vec<Arc<str>> {
        topics.iter().map(|topic| Arc::from(*topic)).collect()
    }

    #[tokio::test]
    async fn one_asks_and_all_others_wait_unless_they_need_more() {
        let metadata = Metadata::default();
        metadata.want(&names(&["a"]), clock::now());
        let Turn::Ask(topics, _tell, _) = metadata.turn(&names(&["b"])) else { panic!("nobody asks yet") };
        assert_eq!(topics, names(&["a", "b"]));
        assert!(matches!(metadata.turn(&names(&["a"])), Turn::Await(_)));
        assert!(matches!(metadata.turn(&names(&["c"])), Turn::ComeAgain(_)));
        metadata.refreshed(&Ok(Arc::default()), clock::now());
        assert!(matches!(metadata.turn(&names(&["c"])), Turn::Ask(..)));
    }

    #[tokio::test]
    async fn it_is_stale_before_the_first_answer_when_it_is_old_and_when_something_failed_since_it_was_asked_for()
     {
        let (metadata, age_max, now) = (Metadata::default(), Duration::from_secs(5), clock::now());
        assert!(metadata.is_stale(age_max, now));
        let _turn = metadata.turn(&[]);
        metadata.refreshed(&Ok(Arc::default()), now);
        assert!(!metadata.is_stale(age_max, now));
        assert!(metadata.is_stale(age_max, now + age_max));
        let _turn = metadata.turn(&[]);
        metadata.expire();
        metadata.refreshed(&Ok(Arc::default()), now);
        assert!(
            metadata.is_stale(age_max, now),
            "what failed while it was asked for may not be in the answer"
        );
    }

    #[tokio::test]
    async fn topics_that_nobody_uses_are_forgotten() {
        let (metadata, idle_max, now) = (Metadata::default(), Duration::from_secs(5), clock::now());
        metadata.want(&names(&["a"]), now);
        metadata.want(&names(&["b"]), now + idle_max);
        metadata.forget_unused(idle_max, now + idle_max);
        let Turn::Ask(topics, ..) = metadata.turn(&[]) else { panic!("nobody asks yet") };
        assert_eq!(topics, names(&["b"]));
    }
}
