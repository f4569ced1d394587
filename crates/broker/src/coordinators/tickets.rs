//! Who waits for which answer of a shard.

use ottla_coordinator::Ticket;
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

/// One entry for each request that a shard has not answered. Who asked may have gone meanwhile: its entry goes with the
/// answer, which the shard owes in any case.
#[derive(Debug)]
pub(super) struct Tickets<R> {
    last: u64,
    waiting: FxHashMap<Ticket, oneshot::Sender<R>>,
}

impl<R> Default for Tickets<R> {
    fn default() -> Tickets<R> {
        Tickets { last: 0, waiting: FxHashMap::default() }
    }
}

impl<R> Tickets<R> {
    pub(super) fn issue(&mut self) -> (Ticket, oneshot::Receiver<R>) {
        self.last += 1;
        let ticket = Ticket(self.last);
        let (answer, answered) = oneshot::channel();
        self.waiting.insert(ticket, answer);
        (ticket, answered)
    }

    pub(super) fn answer(&mut self, ticket: Ticket, response: R) {
        let waiting = self.waiting.remove(&ticket).expect("a request is answered once");
        // The client may have gone.
        drop(waiting.send(response));
    }
}
