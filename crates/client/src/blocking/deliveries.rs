//! What becomes of many records, waited for.

use super::{Delivery, Runtime};
use crate::producer::{self, Delivered};

/// Records on their way, in the order in which they were sent: see [`super::Producer::send_many`].
///
/// As an iterator it waits for what became of the first records, which are told of once, and ends where nothing is under way; it
/// goes on when more was sent. Dropped, it changes nothing.
#[derive(Debug)]
#[must_use = "records whose deliveries nobody looks at may be lost without notice"]
pub struct Deliveries {
    pub(super) deliveries: producer::Deliveries,
    runtime: Runtime,
}

impl Deliveries {
    pub(super) fn new(runtime: Runtime) -> Deliveries {
        Deliveries { deliveries: producer::Deliveries::new(), runtime }
    }

    /// How many records there are of which it was not told what became of them.
    pub fn len(&self) -> usize {
        self.deliveries.len()
    }

    /// Whether there is nothing left to tell.
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    /// Adds a record that was sent alone, after the others.
    pub fn push(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery.into_inner());
    }

    /// What became of the first records, if that is known.
    pub fn try_next(&mut self) -> Option<Delivered> {
        self.deliveries.try_next()
    }
}

impl Iterator for Deliveries {
    type Item = Delivered;

    fn next(&mut self) -> Option<Delivered> {
        self.runtime.run(self.deliveries.next())
    }
}
