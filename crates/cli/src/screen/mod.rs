//! The whole terminal, for commands that show something again and again: keys, resizes, and everything as it was afterwards.

mod line;
mod live;
mod scroll;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Once;
use std::{env, panic, thread};

use anyhow::{Context as _, Result};
use crossterm::cursor::{Hide, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

pub(crate) use live::{View, show};
pub(crate) use scroll::Scroll;

/// Whether there is a terminal to take, and somebody at it.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal()
        && io::stdout().is_terminal()
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
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
    Resize,
    /// Ctrl-C, a signal, or that the terminal is gone.
    End,
}

/// The terminal, until this is dropped.
#[derive(Debug)]
struct Screen {
    inputs: mpsc::Receiver<Input>,
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// So many keys wait until they are heard.
const INPUTS: usize = 64;

impl Screen {
    /// Must be called within a tokio runtime.
    fn open() -> Result<Screen> {
        restore_on_panic();
        let (sender, inputs) = mpsc::channel(INPUTS);
        let screen = Screen {
            inputs,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        };
        enable_raw_mode().context("cannot take the terminal")?;
        // From here on the screen is given back when it is dropped.
        execute!(io::stdout(), EnterAlternateScreen, Hide, DisableLineWrap)?;
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
        }
    }

    /// How many lines there are.
    fn height() -> usize {
        size().map_or(24, |(_, rows)| usize::from(rows))
    }

    /// Shows these lines and no others, as much of them as there is room for.
    fn paint(&self, lines: &[String]) -> Result<()> {
        let (columns, rows) = size().unwrap_or((80, 24));
        let mut out = io::stdout().lock();
        out.write_all(&line::painting(lines, usize::from(columns), usize::from(rows)))?;
        Ok(out.flush()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back. One that is gone needs nothing.
fn restore() {
    let mut out = io::stdout();
    let _restored = queue!(out, EnableLineWrap, Show, LeaveAlternateScreen).and_then(|()| out.flush());
    let _restored = disable_raw_mode();
}

/// Else the message would be lost with the screen, and the terminal stay as it is.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            tell(info);
        }));
    });
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
        Event::Resize(..) => Some(Input::Resize),
        Event::Key(KeyEvent { kind: KeyEventKind::Release, .. }) => None,
        Event::Key(KeyEvent { code: KeyCode::Char('c'), modifiers, .. })
            if modifiers.contains(KeyModifiers::CONTROL) =>
        {
            Some(Input::End)
        }
        Event::Key(event) => key_of(event.code).map(Input::Key),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

fn key_of(code: KeyCode) -> Option<Key> {
    let other = || KEYS.iter().find(|(of, _)| *of == code).map(|(_, key)| *key);
    code.as_char().map(Key::Char).or_else(other)
}
