//! One of our own commands, asked as people ask it: what it answers is what its documentation says, and what it says on standard error
//! is why something is missing. A command that hangs is killed, and takes nothing else with it.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use super::archive::Spool;
use super::redaction::{redact_answer, redact_text};

/// How commands are asked.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) connection: Vec<OsString>,
    pub(super) within: Duration,
}

/// More is not read of what a command says on standard error.
const ERROR_BYTES_MAX: u64 = 16 * 1024;

impl Asking {
    /// Adds what a command answers, without what is secret; gives why something of it is missing.
    pub(super) async fn ask(&self, words: &[String], out: &mut Spool) -> Result<Option<String>> {
        let (mut answer, mut said) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let mut command = Command::new(env::current_exe().context("cannot find this executable")?);
        // It is not to be taken for one of the scripts, however it is called.
        command.arg0("ottla").args(self.connection_first(words)).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(answer.try_clone()?).stderr(said.try_clone()?);
        let mut child = command.spawn().context("cannot run this executable")?;
        let ended = timeout(self.within, child.wait()).await;
        if ended.is_err() {
            // What it writes now would come where reading is.
            child.kill().await?;
        }
        said.rewind()?;
        let mut text = Vec::new();
        said.take(ERROR_BYTES_MAX).read_to_end(&mut text)?;
        answer.rewind()?;
        copy_redacted(answer, out)?;
        let text = redact_text(String::from_utf8_lossy(&text).trim());
        let Ok(status) = ended else { return Ok(Some(format!("no answer within {:?}", self.within))) };
        let status = status?;
        // That something is wrong with the cluster is an answer; that it was killed is none.
        if status.success() || (status.code().is_some() && text.is_empty()) {
            return Ok(None);
        }
        let why = text.trim_start_matches("error: ");
        Ok(Some(if why.is_empty() { status.to_string() } else { why.to_owned() }))
    }

    /// The command's words, with the flags before what may be names.
    fn connection_first(&self, words: &[String]) -> Vec<OsString> {
        let flags = words.iter().position(|word| word == "--").unwrap_or(words.len());
        let (command, names) = words.split_at(flags);
        let words = |words: &[String]| words.iter().map(OsString::from).collect::<Vec<_>>();
        [words(command), self.connection.clone(), words(names)].concat()
    }
}

/// What is no JSON is left out: nobody knows what is in it.
fn copy_redacted(answer: File, out: &mut Spool) -> Result<()> {
    for line in BufReader::new(answer).split(b'\n') {
        let Ok(mut value) = serde_json::from_slice::<Value>(&line?) else { continue };
        redact_answer(&mut value);
        serde_json::to_writer(&mut *out, &value)?;
        writeln!(out)?;
    }
    Ok(())
}
