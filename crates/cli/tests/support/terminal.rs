//! A terminal, and a program in it: a pseudo-terminal that is the program's controlling one, read into a screen.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command as PtyCommand, Pty, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use vt100::{Parser, Screen};

/// No screen changes later, on however slow a machine.
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const CTRL_Z: &str = "\x1a";

/// The program is killed when this is dropped.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    shown: Arc<Shown>,
}

#[derive(Default)]
struct Shown {
    output: Mutex<Output>,
    has_changed: Condvar,
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    screen: Parser,
    is_closed: bool,
}

impl Terminal {
    /// With standard input, output and errors on a terminal of 24 lines of 80 characters.
    pub(crate) fn run(command: Command) -> Terminal {
        Terminal::start(command.into())
    }

    /// The same with standard output read by nobody but a pipe, which is given back.
    pub(crate) fn run_piped(command: Command) -> (Terminal, std::process::ChildStdout) {
        let mut terminal = Terminal::start(PtyCommand::from(command).stdout(Stdio::piped()));
        let stdout = terminal.child.stdout.take().expect("a pipe");
        (terminal, stdout)
    }

    fn start(command: PtyCommand) -> Terminal {
        let (pty, pts) = open().expect("the system has pseudo-terminals");
        pty.resize(Size::new(24, 80)).expect("a terminal has a size");
        let child = command.env("TERM", "xterm").spawn(pts).expect("the executable starts");
        let (pty, shown) = (Arc::new(pty), Arc::new(Shown::default()));
        let (from, to) = (pty.clone(), shown.clone());
        thread::spawn(move || to.read(&from));
        Terminal { pty, child, shown }
    }

    /// As if somebody typed it.
    pub(crate) fn types(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).expect("a terminal takes what is typed");
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let size = |number| NonZeroU16::new(number).expect("a terminal has a size");
        self.shown.output().screen.set_size(size(rows), size(columns));
        self.pty.resize(Size::new(rows, columns)).expect("a terminal has a size");
    }

    /// Waits until this stands somewhere on the screen.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the screen looks so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Screen) -> bool) {
        self.wait(what, |output| is_so(output.screen.screen()));
    }

    fn wait(&self, what: &str, is_so: impl Fn(&Output) -> bool) {
        let waits = |output: &mut Output| !is_so(output) && !output.is_closed;
        let waited = self.shown.has_changed.wait_timeout_while(self.shown.output(), DEADLINE, waits);
        let (output, _) = waited.expect("nobody panics who has the screen");
        assert!(is_so(&output), "in vain waited for {what:?} on\n{}", output.screen.screen().contents());
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.shown.output().screen.screen().contents()
    }

    /// What there is to be seen on the screen now.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Screen) -> T) -> T {
        at(self.shown.output().screen.screen())
    }

    /// Everything that was written to it until now.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.shown.output().bytes).into_owned()
    }

    /// Whether lines are edited and echoed, as at a shell's prompt, and the shell's own screen is there with a cursor.
    pub(crate) fn is_given_back(&self) -> bool {
        let modes = tcgetattr(&*self.pty).expect("a terminal has modes").local_modes;
        let has_screen = |screen: &Screen| !screen.alternate_screen() && !screen.hide_cursor();
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG) && self.look(has_screen)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process is there");
    }

    fn pid(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id")
    }

    /// Waits until the program has ended by itself and all is read. Its exit code, or none where a signal ended it.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.wait("the terminal to be closed", |output| output.is_closed);
        self.child.wait().expect("it is our child").code()
    }
}

impl Shown {
    /// Until no process has the terminal any more, of which Linux tells by an error.
    fn read(&self, mut pty: &Pty) {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = pty.read(&mut bytes) {
            let mut output = self.output();
            output.bytes.extend_from_slice(&bytes[..count]);
            output.screen.process(&bytes[..count]);
            self.has_changed.notify_all();
        }
        self.output().is_closed = true;
        self.has_changed.notify_all();
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().expect("nobody panics who has the screen")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}
