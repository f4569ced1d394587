//! Taking the terminal, and giving it back: at the end, at a panic, and while the process is stopped.

use std::io::{self, Write as _};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use rustix::process::{Signal, getpgrp, getpid, getsid, kill_current_process_group, kill_process};

static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether something is shown that other output would tear.
pub(crate) fn is_taken() -> bool {
    IS_TAKEN.load(Ordering::SeqCst)
}

/// Every key comes as it is pressed, on a screen of our own without a cursor.
pub(super) fn take() -> Result<()> {
    give_back_on_panic();
    enable_raw_mode().context("cannot take the terminal")?;
    IS_TAKEN.store(true, Ordering::SeqCst);
    Ok(execute!(io::stdout(), EnterAlternateScreen, Hide, DisableLineWrap)?)
}

/// As it was, and once: another time would put the cursor over what was written since. A terminal that is gone needs nothing.
pub(super) fn give_back() {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _restored = queue!(out, EnableLineWrap, Show, LeaveAlternateScreen).and_then(|()| out.flush());
    let _restored = disable_raw_mode();
}

/// Else the message would be lost with the screen, and the terminal stay as it is.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            tell(info);
        }));
    });
}

/// What a terminal that is not taken does at Ctrl-Z.
pub(super) fn stop_foreground() {
    // With nobody to be signalled there is nothing to stop.
    let _sent = kill_current_process_group(Signal::TSTP);
}

/// Stops this process, if somebody is there who can have it go on: a shell has jobs in process groups of their own.
pub(super) fn stop_process() -> Result<bool> {
    if getsid(None)? == getpgrp() {
        return Ok(false);
    }
    give_back();
    kill_process(getpid(), Signal::STOP)?;
    Ok(true)
}
