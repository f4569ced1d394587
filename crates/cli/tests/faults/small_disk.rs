//! A file system of a few megabytes, which the processes in a namespace see and nobody else.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use tempfile::TempDir;

use super::support::wait_until;

/// Gone with everything on it when dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    /// Keeps the namespace.
    holder: Child,
    _stdin: Option<ChildStdin>,
    dir: TempDir,
}

impl SmallDisk {
    pub(crate) fn mount(bytes: u64) -> SmallDisk {
        let dir = TempDir::new().expect("a temporary directory");
        let mut unshare = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        // It ends when nobody can write to it any more, at the latest with the test.
        let script = format!("mount -t tmpfs -o size={bytes} tmpfs \"$0\" && echo mounted && exec cat");
        unshare.args(["--mount", "sh", "-c", &script]).arg(dir.path());
        let mut holder =
            unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare is installed");
        let mut said = [0; "mounted\n".len()];
        let mounted = holder.stdout.as_mut().expect("a pipe").read_exact(&mut said);
        mounted.expect("this user may mount, or make user namespaces");
        let stdin = holder.stdin.take();
        SmallDisk { holder, _stdin: stdin, dir }
    }

    /// The directory as those see it that entered.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The same command among those that see the disk.
    pub(crate) fn enter(&self, command: &Command) -> Command {
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["--mount", "--target", &self.holder.id().to_string()]);
        if !rustix::process::geteuid().is_root() {
            nsenter.args(["--user", "--preserve-credentials"]);
        }
        nsenter.arg("--").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => nsenter.env(name, value),
                None => nsenter.env_remove(name),
            };
        }
        nsenter
    }

    /// Leaves only so many bytes, whoever else takes some meanwhile.
    pub(crate) fn fill(&self, left: u64) {
        let ballast = File::create(self.ballast()).expect("a file on it");
        wait_until("it is filled", || {
            let space = statvfs(self.seen_from_outside()).expect("it is mounted");
            let free = space.f_bavail * space.f_frsize;
            let size = ballast.metadata().expect("its size").len();
            free <= left || fallocate(&ballast, FallocateFlags::empty(), size, free - left).is_ok()
        });
    }

    /// Gives back what [`SmallDisk::fill`] took.
    pub(crate) fn free(&self) {
        fs::remove_file(self.ballast()).expect("it was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.seen_from_outside().join("ballast")
    }

    fn seen_from_outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.path().strip_prefix("/").expect("an absolute path"))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.holder.kill();
        let _reaped = self.holder.wait();
    }
}
