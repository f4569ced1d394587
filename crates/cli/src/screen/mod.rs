//! The whole terminal, for commands that show something again and again: keys, resizes, and everything as it was afterwards.

mod line;
mod live;
mod scroll;
mod terminal;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _, Write as _};
use std::{env, thread};

use anyhow::Result;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::size;
use rustix::process;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

pub(crate) use line::wrapped;
pub(crate) use live::{View, show};
pub(crate) use scroll::Scroll;
pub(crate) use terminal::is_taken;

/// Whether there is a terminal to take, and somebody at it.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal()
        && io::stdout().is_terminal()
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Of a screen, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Size {
    fn now() -> Size {
        // Some terminals do not know how large they are.
        let known = size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0);
        let (columns, rows) = known.unwrap_or((80, 24));
        Size { columns: usize::from(columns), rows: usize::from(rows) }
    }
}

/// As much of a line as there is room for: what goes on below is not wiped out with it.
pub(crate) fn fitting(line: &str) -> String {
    line::cut(line, Size::now().columns)
}

/// A key that means something to some command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Char(char),
    Tab,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
}

/// Beside characters.
const KEYS: &[(KeyCode, Key)] = &[
    (KeyCode::Tab, Key::Tab),
    (KeyCode::Up, Key::Up),
    (KeyCode::Down, Key::Down),
    (KeyCode::PageUp, Key::PageUp),
    (KeyCode::PageDown, Key::PageDown),
    (KeyCode::Home, Key::Home),
    (KeyCode::End, Key::End),
];

/// What somebody at the terminal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Key(Key),
    /// Another size, or Ctrl-L.
    Repaint,
    /// Ctrl-Z.
    Suspend,
    /// A signal to stop, as Ctrl-Z causes one.
    Stop,
    /// It goes on after it was stopped.
    Resume,
    /// Ctrl-C, a signal, or that the terminal is gone.
    End,
}

/// What characters mean with Ctrl.
const CONTROLS: &[(char, Input)] = &[('c', Input::End), ('l', Input::Repaint), ('z', Input::Suspend)];

/// The terminal, until this is dropped.
#[derive(Debug)]
struct Screen {
    inputs: mpsc::Receiver<Input>,
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    stop: Signal,
    resume: Signal,
}

/// So many keys wait until they are heard.
const INPUTS: usize = 64;

impl Screen {
    /// Must be called within a tokio runtime.
    fn open() -> Result<Screen> {
        let (sender, inputs) = mpsc::channel(INPUTS);
        let screen = Screen {
            inputs,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(process::Signal::TSTP.as_raw()))?,
            resume: signal(SignalKind::from_raw(process::Signal::CONT.as_raw()))?,
        };
        // From here on the terminal is given back when the screen is dropped.
        terminal::take()?;
        // It ends with the process: nothing ends a read from a terminal.
        thread::spawn(move || read_inputs(&sender));
        Ok(screen)
    }

    /// What happens next. Cancel-safe.
    async fn next(&mut self) -> Input {
        tokio::select! {
            input = self.inputs.recv() => input.unwrap_or(Input::End),
            _ = self.terminate.recv() => Input::End,
            _ = self.interrupt.recv() => Input::End,
            _ = self.hang_up.recv() => Input::End,
            _ = self.stop.recv() => Input::Stop,
            _ = self.resume.recv() => Input::Resume,
        }
    }

    /// Stops this process until somebody has it go on.
    async fn stop(&mut self) -> Result<()> {
        if terminal::stop_process()? {
            // Not all threads stop at the same moment.
            let _resumed = self.resume.recv().await;
            terminal::take()?;
        }
        Ok(())
    }

    /// After somebody stopped this process without a word.
    fn retake() -> Result<()> {
        terminal::give_back();
        terminal::take()
    }

    /// Shows these lines and no others, as much of them as there is room for.
    fn paint(&self, lines: impl FnOnce(Size) -> Vec<String>) -> Result<()> {
        let size = Size::now();
        let mut out = io::stdout().lock();
        out.write_all(&line::painting(&lines(size), size.columns, size.rows))?;
        Ok(out.flush()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        terminal::give_back();
    }
}

/// Until nobody listens, or the terminal is gone.
fn read_inputs(sender: &mpsc::Sender<Input>) {
    while let Ok(event) = event::read() {
        if let Some(input) = input_of(&event)
            && sender.blocking_send(input).is_err()
        {
            return;
        }
    }
}

fn input_of(event: &Event) -> Option<Input> {
    match event {
        Event::Resize(..) => Some(Input::Repaint),
        Event::Key(KeyEvent { kind: KeyEventKind::Release, .. }) => None,
        Event::Key(KeyEvent { code, modifiers, .. }) if modifiers.contains(KeyModifiers::CONTROL) => {
            CONTROLS.iter().find(|(of, _)| code.is_char(*of)).map(|(_, input)| *input)
        }
        Event::Key(event) => key_of(event.code).map(Input::Key),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

fn key_of(code: KeyCode) -> Option<Key> {
    let other = || KEYS.iter().find(|(of, _)| *of == code).map(|(_, key)| *key);
    code.as_char().map(Key::Char).or_else(other)
}
