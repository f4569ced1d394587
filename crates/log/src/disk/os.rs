//! The calls that differ between operating systems, each with a fallback. No other module names a system.

use std::fs::File;
use std::io::{self, IoSlice};
use std::path::Path;
#[cfg(target_os = "linux")]
use std::{io::IoSliceMut, num::NonZeroU64};

use super::Space;

/// What [`raise_thread_priority`] got.
#[derive(Debug)]
pub enum Priority {
    /// The thread runs before all that are not real-time themselves.
    Realtime,
    /// The thread runs at this nice value.
    Nice(i32),
    /// The system refused; the thread runs like any other, and a sync then takes a scheduler tick on busy
    /// cores.
    Refused(io::Error),
}

/// The least of the real-time priorities: enough to come before everything usual.
#[cfg(target_os = "linux")]
const REALTIME: i32 = 1;

/// The most that a thread gets without being a real-time one.
#[cfg(target_os = "linux")]
const NICE: i32 = -20;

/// Raises the priority of the calling thread alone. A sync is short work after a long wait, so on busy cores
/// it is the scheduler, not the device, that decides how long it takes.
#[cfg(target_os = "linux")]
pub fn raise_thread_priority() -> Priority {
    if become_realtime() {
        return Priority::Realtime;
    }
    // On Linux, unlike POSIX, the "process" of this call is the calling thread.
    match rustix::process::setpriority_process(None, NICE) {
        Ok(()) => Priority::Nice(NICE),
        Err(error) => Priority::Refused(error.into()),
    }
}

/// Containers often refuse it.
#[cfg(target_os = "linux")]
fn become_realtime() -> bool {
    use thread_priority::{
        RealtimeThreadSchedulePolicy::Fifo, ScheduleParams, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    let priority = ThreadPriority::from_posix(ScheduleParams { sched_priority: REALTIME });
    set_thread_priority_and_policy(thread_native_id(), priority, ThreadSchedulePolicy::Realtime(Fifo)).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub fn raise_thread_priority() -> Priority {
    Priority::Refused(io::ErrorKind::Unsupported.into())
}

/// Reads what is in the page cache. Beyond a miss the system may begin to read ahead; it does not wait.
#[cfg(target_os = "linux")]
pub(super) fn read_cached_at(file: &File, buf: &mut [u8], position: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;

    use rustix::io::{Errno, ReadWriteFlags, preadv2, retry_on_intr};
    let mut parts = [IoSliceMut::new(buf)];
    match retry_on_intr(|| preadv2(file, &mut parts, position, ReadWriteFlags::NOWAIT)) {
        // Some file systems cannot tell. Of those tmpfs has everything in memory.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => file.read_at(buf, position),
        result => Ok(result?),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn read_cached_at(file: &File, buf: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, position)
}

#[cfg(target_os = "linux")]
pub(super) fn will_read(file: &File, position: u64, len: u64) {
    // A hint that is not taken is none that is missed.
    let _refused = rustix::fs::fadvise(file, position, NonZeroU64::new(len), rustix::fs::Advice::WillNeed);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn will_read(_file: &File, _position: u64, _len: u64) {}

#[cfg(target_os = "linux")]
pub(super) fn write_past_cache(file: &File) {
    // A file system that cannot do it refuses, and the file stays as it is.
    let _refused = set_direct(file, true);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn write_past_cache(_file: &File) {}

#[cfg(target_os = "linux")]
fn set_direct(file: &File, is_direct: bool) -> rustix::io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let mut flags = fcntl_getfl(file)?;
    flags.set(OFlags::DIRECT, is_direct);
    fcntl_setfl(file, flags)
}

/// The most parts that one call takes; `IOV_MAX` on every system that we know.
const PARTS_MAX: usize = 1024;

pub(super) fn write_all_at(file: &File, parts: &[IoSlice<'_>], mut position: u64) -> io::Result<()> {
    for parts in parts.chunks(PARTS_MAX) {
        position = write_chunk_at(file, parts, position)?;
    }
    Ok(())
}

/// Returns the position behind the parts.
fn write_chunk_at(file: &File, parts: &[IoSlice<'_>], position: u64) -> io::Result<u64> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let end = position + len as u64;
    let written = write_some_at(file, parts, position)?;
    if written < len {
        write_rest_at(file, parts, written, position)?;
    }
    Ok(end)
}

/// The rare case: a signal, or a device that fills up, cut the write short.
fn write_rest_at(
    file: &File,
    parts: &[IoSlice<'_>],
    mut written: usize,
    mut position: u64,
) -> io::Result<()> {
    let mut parts = parts.to_vec();
    let mut rest = parts.as_mut_slice();
    loop {
        position += written as u64;
        IoSlice::advance_slices(&mut rest, written);
        if rest.is_empty() {
            return Ok(());
        }
        written = write_some_at(file, rest, position)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
}

fn write_some_at(file: &File, parts: &[IoSlice<'_>], position: u64) -> io::Result<usize> {
    let write = || rustix::io::retry_on_intr(|| rustix::io::pwritev(file, parts, position));
    match write() {
        // Past the cache not every address, length and position can be written.
        #[cfg(target_os = "linux")]
        Err(rustix::io::Errno::INVAL) => {
            set_direct(file, false)?;
            Ok(write()?)
        }
        result => Ok(result?),
    }
}

#[cfg(target_os = "linux")]
pub(super) fn allocate(file: &File, len: u64) -> io::Result<()> {
    use rustix::fs::FallocateFlags;
    use rustix::io::Errno;
    match rustix::io::retry_on_intr(|| rustix::fs::fallocate(file, FallocateFlags::empty(), 0, len)) {
        // Some file systems (NFS, ZFS) cannot promise room.
        Err(Errno::OPNOTSUPP) => extend(file, len),
        result => Ok(result?),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn allocate(file: &File, len: u64) -> io::Result<()> {
    extend(file, len)
}

fn extend(file: &File, len: u64) -> io::Result<()> {
    if file.metadata()?.len() < len { file.set_len(len) } else { Ok(()) }
}

#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &File, len: u64) -> io::Result<()> {
    use rustix::fs::FallocateFlags;
    use rustix::io::Errno;
    match rustix::io::retry_on_intr(|| rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, len)) {
        Err(Errno::OPNOTSUPP) => Ok(()),
        result => Ok(result?),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_file: &File, _len: u64) -> io::Result<()> {
    Ok(())
}

pub(super) fn free_space(path: &Path) -> io::Result<Space> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(Space {
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
    })
}
