//! A folder of a server's own.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// Goes when it is dropped. It goes too, and first the process that `pid` in it names, when this program is ended
/// before it could do that, as by Ctrl-C: the kit's script starts Kafka such that it ignores this.
pub(crate) struct Folder {
    path: PathBuf,
    guard: Child,
}

/// Waits until the pipe that it reads is closed: the system does that for whoever holds the other end.
const GUARD: &str = r#"
trap '' INT TERM
read -r nothing
if [ -e "$1/pid" ]; then kill -9 "$(cat "$1/pid")"; sleep 1; fi
rm -rf "$1"
"#;

impl Folder {
    pub(crate) fn new() -> Result<Folder> {
        let dir = TempDir::with_prefix("ottla-bench-")?;
        let mut shell = Command::new("sh");
        shell.args(["-c", GUARD, "guard"]).arg(dir.path());
        let guard = shell.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("cannot run sh")?;
        Ok(Folder { path: dir.keep(), guard })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        match self.guard.wait() {
            Ok(status) if status.success() => {}
            other => eprintln!("cannot remove {}: {other:?}", self.path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_goes_with_what_is_in_it_and_with_the_process_that_it_names() {
        let folder = Folder::new().expect("a folder can be made");
        let path = folder.path().to_owned();
        let mut process = Command::new("sleep").arg("600").spawn().expect("sleep runs");
        fs::create_dir(path.join("data")).expect("the folder is writable");
        fs::write(path.join("pid"), process.id().to_string()).expect("the folder is writable");
        drop(folder);
        assert!(!path.exists());
        assert_eq!(process.wait().expect("it is ours to wait for").code(), None, "a signal ended it");
    }
}
