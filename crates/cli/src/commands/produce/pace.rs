//! `--rate`: so many records a second, and no more.

use std::time::Duration;

use tokio::time::{Interval, interval};

/// Steps of time in which records go out together.
const STEP: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Pace {
    steps: Interval,
    in_a_step: f64,
    /// How many may go now.
    room: f64,
}

impl Pace {
    /// Must be made within the runtime.
    pub(super) fn new(in_a_second: u32) -> Pace {
        Pace { steps: interval(STEP), in_a_step: f64::from(in_a_second) * STEP.as_secs_f64(), room: 0.0 }
    }

    /// Until one more may go. Cancel-safe.
    pub(super) async fn wait(&mut self) {
        while self.room < 1.0 {
            self.steps.tick().await;
            self.room += self.in_a_step;
        }
        self.room -= 1.0;
    }
}
