//! What a coordinator's core looks like from here.

use std::{fmt::Debug, time::Duration};

use bytes::Bytes;
use ottla_coordinator::{AppendId, Effect, Now, ReplayError};
use ottla_records::{BatchOptions, Epoch, Offset, ProducerId};
use ottla_wire::ErrorCode;

/// What a core wants to be done.
pub(crate) type Effects<C> = Vec<Effect<<C as Core>::Response, <C as Core>::Message>>;

/// The core of a coordinator: all that it keeps in one partition of its topic. It decides; see `ottla_coordinator`.
pub(crate) trait Core: Debug + Send + Sized + 'static {
    /// What it keeps, in log lines.
    const KEEPS: &'static str;

    /// What the configuration says about it.
    type Settings: Clone + Debug + Send;
    type Response: Debug + Send;
    /// What it tells others.
    type Message: Debug + Send;
    /// What it is told of; what happens while it is loaded, it is told after that.
    type News: Clone + Debug + Send;

    /// Of a partition that is led in that epoch.
    fn new(settings: &Self::Settings, epoch: Epoch) -> Self;
    fn configure(&mut self, settings: &Self::Settings);
    /// How the batches are made that it writes.
    fn batches(settings: &Self::Settings) -> BatchOptions;

    /// A record of the log; `producer_id` is that of its batch if the batch is transactional, else -1.
    fn replay(
        &mut self,
        offset: Offset,
        producer_id: ProducerId,
        key: &Bytes,
        value: Option<&Bytes>,
    ) -> Result<(), ReplayError>;
    fn replay_end_of_transaction(&mut self, producer_id: ProducerId, committed: bool);
    /// All records have been replayed: from now on it serves.
    fn loaded(&mut self, now: Now, out: &mut Effects<Self>);
    fn on_news(&mut self, news: Self::News, now: Now, out: &mut Effects<Self>);

    fn next_deadline(&self) -> Option<Duration>;
    fn advance(&mut self, now: Now, out: &mut Effects<Self>);
    fn appended(
        &mut self,
        id: AppendId,
        result: Result<Offset, ErrorCode>,
        now: Now,
        out: &mut Effects<Self>,
    );
    fn committed(&mut self, id: AppendId, now: Now, out: &mut Effects<Self>);
    /// The partition is gone: all who wait are told so.
    fn unload(&mut self, now: Now, out: &mut Effects<Self>);
}
