//! Asking again and again, and showing what was answered, until somebody has seen enough.

use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{MissedTickBehavior, interval};

use super::{Input, Key, Screen, Size, terminal};

/// What is shown of answers.
pub(crate) trait View {
    type Answer;

    /// Whether the next answer is wanted.
    fn asks(&self) -> bool;

    /// There is an answer.
    fn take(&mut self, answer: Self::Answer);

    /// What a key does that does not end it.
    fn press(&mut self, key: Key);

    /// What is on a screen of that size: what is more is cut off.
    fn lines(&mut self, size: Size) -> Vec<String>;
}

/// Takes the terminal and asks, at once and then so often, until `q`, Ctrl-C or a signal. A question that takes longer keeps neither
/// keys nor the terminal waiting.
pub(crate) async fn show<V: View>(
    view: &mut V,
    every: Duration,
    mut ask: impl AsyncFnMut() -> V::Answer,
) -> Result<()> {
    let mut screen = Screen::open()?;
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let asks = view.asks();
        let round = async {
            pace.tick().await;
            if asks { Some(ask().await) } else { None }
        };
        match hear(view, &mut screen, round).await? {
            Some(Some(answer)) => view.take(answer),
            Some(None) => {}
            None => return Ok(()),
        }
    }
}

/// Does what keys and signals say until the round is over; nothing comes of it if somebody ends it.
async fn hear<V: View, T>(
    view: &mut V,
    screen: &mut Screen,
    round: impl Future<Output = T>,
) -> Result<Option<T>> {
    let mut round = pin!(round);
    loop {
        screen.paint(|size| view.lines(size))?;
        tokio::select! {
            answer = &mut round => return Ok(Some(answer)),
            input = screen.next() => match input {
                Input::End | Input::Key(Key::Char('q')) => return Ok(None),
                Input::Key(key) => view.press(key),
                Input::Repaint => {}
                Input::Suspend => terminal::stop_foreground(),
                Input::Stop => screen.stop().await?,
                Input::Resume => Screen::retake()?,
            },
        }
    }
}
