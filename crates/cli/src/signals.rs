//! Signals that ask the process to end: Ctrl-C and SIGTERM. Until a command listens, they end it by themselves.
//!
//! ```text
//! the first   the command is told, and ends once it has done what must not be left
//!             the command does not take it up within GRACE: the process ends
//! the second  the process ends at once
//! ```
//!
//! They are heard on a thread of their own: the command's may be held up by a pipe that is full and that nobody reads.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;
use std::{io, process, thread};

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::exit::Outcome;

/// How a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// By Ctrl-C.
    Interrupt,
    Terminate,
}

impl Asked {
    /// As shells have it of a process that the signal ended.
    fn code(self) -> u8 {
        match self {
            Asked::Interrupt => 128 + 2,
            Asked::Terminate => 128 + 15,
        }
    }

    /// Of a command that was ended before it was done.
    pub(crate) fn outcome(self) -> Outcome {
        Outcome::Code(self.code())
    }
}

/// How long a command may be busy with something else. Whoever stops it from outside waits for some ten seconds, and then kills it.
const GRACE: Duration = Duration::from_secs(2);

/// Whether, and how, the process was asked to end. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    first: watch::Receiver<Option<Asked>>,
    taken_up: Arc<Notify>,
}

impl Signals {
    /// Listens from now on, as long as the process is there.
    pub(crate) fn listen() -> io::Result<Signals> {
        let (teller, first) = watch::channel(None);
        let taken_up = Arc::new(Notify::new());
        let ear = Ear { teller, taken_up: taken_up.clone() };
        let (registered, registering) = sync_channel(1);
        let listening = move || {
            let Err(error) = ear.listen(&registered);
            // Somebody waits for it: it is the only thing that is told.
            let _told = registered.send(Err(error));
        };
        thread::Builder::new().name("signals".into()).spawn(listening)?;
        registering.recv().expect("the thread tells whether it listens")?;
        Ok(Signals { first, taken_up })
    }

    /// Has the first signal wait for a command that has something to remove, however long it is busy.
    pub(crate) fn patient(self) -> Signals {
        self.taken_up.notify_one();
        self
    }

    /// The first signal, if there was one; which is not taken up with this.
    pub(crate) fn first(&self) -> Option<Asked> {
        *self.first.borrow()
    }

    /// Until the first signal, which is taken up: the command ends in its own time. Cancel-safe.
    pub(crate) async fn asked(&self) -> Asked {
        let mut first = self.first.clone();
        let told = first.wait_for(Option::is_some).await;
        let asked = told.ok().and_then(|asked| *asked).expect("the thread ends with the process");
        self.taken_up.notify_one();
        asked
    }
}

/// The thread's end of it.
struct Ear {
    teller: watch::Sender<Option<Asked>>,
    taken_up: Arc<Notify>,
}

impl Ear {
    /// Tells once it can hear; fails if it cannot, and else ends with the process.
    fn listen(&self, registered: &SyncSender<io::Result<()>>) -> io::Result<Infallible> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            let mut next = async || {
                tokio::select! {
                    _ = interrupt.recv() => Asked::Interrupt,
                    _ = terminate.recv() => Asked::Terminate,
                }
            };
            // Somebody waits for it.
            let _told = registered.send(Ok(()));
            let first = next().await;
            self.teller.send_replace(Some(first));
            let last = tokio::select! {
                again = next() => again,
                () = self.in_vain() => first,
            };
            process::exit(last.code().into())
        })
    }

    /// Until it is plain that the command does not take it up; for ever if it does.
    async fn in_vain(&self) {
        if timeout(GRACE, self.taken_up.notified()).await.is_ok() {
            pending().await
        }
    }
}
