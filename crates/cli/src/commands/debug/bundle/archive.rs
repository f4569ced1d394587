//! The archive: a compressed tape archive, and the list of what is in it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use ottla_records::Timestamp;
use serde::Serialize;
use tar::{Builder, Header};
use tempfile::NamedTempFile;

use crate::timestamp::Iso;

/// An archive that is being written, under another name: a bundle is there whole, or not at all.
pub(super) struct Archive {
    tar: Builder<GzEncoder<BufWriter<NamedTempFile>>>,
    file: PathBuf,
    /// All is in a folder, so that it can be unpacked anywhere.
    folder: String,
    rows: Vec<PartRow>,
}

/// A file of the bundle.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartRow {
    pub(super) part: String,
    pub(super) about: String,
    /// `complete`, `partial`, or `missing`: there is no such file.
    pub(super) result: &'static str,
    pub(super) bytes: u64,
    pub(super) taken_at: String,
    /// The commands that answered with it.
    pub(super) commands: Vec<String>,
    pub(super) error: Option<String>,
}

/// What is to become a file of the bundle: text that is kept in a file without a name until its length is known.
pub(super) struct Spool(BufWriter<File>);

impl Spool {
    pub(super) fn new() -> Result<Spool> {
        Ok(Spool(BufWriter::new(tempfile::tempfile().context("cannot keep an answer")?)))
    }
}

#[cfg(test)]
impl Spool {
    /// What was written.
    pub(super) fn into_text(self) -> String {
        let mut file = self.0.into_inner().expect("there is room");
        file.rewind().expect("it is a file");
        io::read_to_string(file).expect("it is text")
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What ends the name of a bundle.
pub(super) const ENDINGS: [&str; 2] = [".tar.gz", ".tgz"];

impl Archive {
    /// Fails before anything is asked if it cannot be written, or is there already and may not be.
    pub(super) fn create(file: &Path, force: bool) -> Result<Archive> {
        let shown = file.display();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(folder) = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)) else {
            bail!("{shown}: a bundle is called NAME.tar.gz or NAME.tgz");
        };
        if file.exists() && !force {
            bail!("{shown} is there already: give --force to write over it");
        }
        let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unfinished = NamedTempFile::new_in(beside).with_context(|| format!("cannot write {shown}"))?;
        let tar = Builder::new(GzEncoder::new(BufWriter::new(unfinished), Compression::default()));
        Ok(Archive { tar, file: file.into(), folder: folder.into(), rows: Vec::new() })
    }

    pub(super) fn rows(&self) -> &[PartRow] {
        &self.rows
    }

    /// What was kept, and what was wrong with it: with nothing kept it is missing.
    pub(super) fn add(
        &mut self,
        mut spool: Spool,
        about: &str,
        (part, taken_at): (String, Timestamp),
        commands: Vec<String>,
        error: Option<String>,
    ) -> Result<()> {
        let bytes = spool.0.stream_position()?;
        let result = match &error {
            None => "complete",
            Some(_) if bytes > 0 => "partial",
            Some(_) => "missing",
        };
        if result != "missing" {
            self.append(&part, taken_at, bytes, spool)?;
        }
        let taken_at = Iso(taken_at).to_string();
        self.rows.push(PartRow { part, about: about.into(), result, bytes, taken_at, commands, error });
        Ok(())
    }

    /// With the manifest and the errors it is complete.
    pub(super) fn finish(mut self, force: bool, now: Timestamp) -> Result<u64> {
        let rows = std::mem::take(&mut self.rows);
        let mut errors = Spool::new()?;
        for row in rows.iter().filter(|row| row.error.is_some()) {
            serde_json::to_writer(&mut errors, &serde_json::json!({ "part": row.part, "error": row.error }))?;
            writeln!(errors)?;
        }
        self.append_spool("errors.ndjson", errors, now)?;
        let mut manifest = Spool::new()?;
        let version = env!("CARGO_PKG_VERSION");
        let told = serde_json::json!({ "ottla": version, "createdAt": Iso(now).to_string(), "parts": rows });
        serde_json::to_writer_pretty(&mut manifest, &told)?;
        self.append_spool("manifest.json", manifest, now)?;
        let written =
            self.tar.into_inner()?.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        let bytes = written.as_file().metadata()?.len();
        let kept = if force { written.persist(&self.file) } else { written.persist_noclobber(&self.file) };
        kept.with_context(|| format!("cannot write {}", self.file.display()))?;
        Ok(bytes)
    }

    fn append_spool(&mut self, name: &str, mut spool: Spool, now: Timestamp) -> Result<()> {
        let bytes = spool.0.stream_position()?;
        self.append(name, now, bytes, spool)
    }

    fn append(&mut self, name: &str, at: Timestamp, bytes: u64, spool: Spool) -> Result<()> {
        let mut file = spool.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut header = Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(at / 1000).unwrap_or_default());
        let path = format!("{}/{name}", self.folder);
        Ok(self.tar.append_data(&mut header, path, BufReader::new(file).take(bytes))?)
    }
}
