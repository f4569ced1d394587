//! Bytes as they come: what a record is taken from.

use std::io::Read;

use anyhow::{Result, bail, ensure};
use bytes::{Bytes, BytesMut};

use super::super::feeding::{LINE_BYTES_MAX, find, read_some};
use super::json::Ending;
use super::regex::Regex;
use crate::payload::printable;

/// What came and was not taken yet, and where more comes from. It waits for no more than what is asked for needs.
#[derive(Debug)]
pub(in super::super) struct Input<R> {
    source: R,
    block: BytesMut,
    is_at_end: bool,
    taken: u64,
}

/// So much is shown of what should be something else.
const SHOWN: usize = 20;

const ENDS_BEFORE: &str = "the input ends before it does";

impl<R: Read> Input<R> {
    pub(in super::super) fn new(source: R) -> Input<R> {
        Input { source, block: BytesMut::new(), is_at_end: false, taken: 0 }
    }

    pub(in super::super) fn source_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// How many bytes were taken.
    pub(in super::super) fn taken(&self) -> u64 {
        self.taken
    }

    /// What comes next.
    pub(super) fn shown(&self) -> String {
        let shown = printable(&self.block[..self.block.len().min(SHOWN)]);
        if self.block.is_empty() { "the end of the input".into() } else { format!("`{shown}`") }
    }

    pub(super) fn is_exhausted(&mut self) -> Result<bool> {
        Ok(!self.has(1)?)
    }

    /// Exactly this; or nothing at all at the end of the input, where that may be.
    pub(super) fn literal(&mut self, text: &[u8], may_be_missing: bool) -> Result<()> {
        if self.takes(text)? || (may_be_missing && self.is_exhausted()?) {
            return Ok(());
        }
        bail!("`{}` should come, and there is {}", printable(text), self.shown())
    }

    /// Takes this, if it comes.
    pub(super) fn takes(&mut self, text: &[u8]) -> Result<bool> {
        let comes = self.has(text.len())? && self.block.starts_with(text);
        if comes {
            self.split(text.len());
        }
        Ok(comes)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<Bytes> {
        if !self.has(length)? {
            let (are, there) = match self.block.len() {
                1 => ("is", 1),
                more => ("are", more),
            };
            bail!("{length} bytes should come, and there {are} {there} before the input ends");
        }
        Ok(self.split(length))
    }

    /// What stands before the delimiter, which is taken too; or what is left where the delimiter may be missing.
    pub(super) fn until(&mut self, delimiter: &[u8], may_be_missing: bool) -> Result<Bytes> {
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.block[searched..], delimiter) {
                let text = self.split(searched + at);
                self.split(delimiter.len());
                return Ok(text);
            }
            // The delimiter may have begun.
            searched = self.block.len().saturating_sub(delimiter.len() - 1);
            if !self.fill()? {
                ensure!(may_be_missing, "no `{}` comes behind it", printable(delimiter));
                return Ok(self.split(self.block.len()));
            }
        }
    }

    pub(super) fn rest(&mut self) -> Result<Bytes> {
        while self.fill()? {}
        Ok(self.split(self.block.len()))
    }

    /// All bytes that are so; there may be none.
    pub(super) fn all_that(&mut self, max: usize, is_so: impl Fn(u8) -> bool) -> Result<Bytes> {
        let mut count = 0;
        while count < max && self.has(count + 1)? && is_so(self.block[count]) {
            count += 1;
        }
        Ok(self.split(count))
    }

    pub(super) fn matching(&mut self, regex: &Regex) -> Result<Bytes> {
        let mut search = regex.search()?;
        for at in 0.. {
            if !self.has(at + 1)? {
                search.end();
                break;
            }
            if !search.goes_on(self.block[at]) {
                break;
            }
        }
        match search.matched() {
            Some(length) => Ok(self.split(length)),
            None => bail!("{regex} does not match {}", self.shown()),
        }
    }

    /// A value of JSON, with what stands before it, not checked.
    pub(super) fn json(&mut self) -> Result<Bytes> {
        let mut ending = Ending::default();
        for at in 0.. {
            if !self.has(at + 1)? {
                ensure!(ending.may_end(), ENDS_BEFORE);
                return Ok(self.split(at));
            }
            if let Some(length) = ending.after(self.block[at], at) {
                return Ok(self.split(length));
            }
        }
        bail!(ENDS_BEFORE)
    }

    fn split(&mut self, length: usize) -> Bytes {
        self.taken += length as u64;
        self.block.split_to(length).freeze()
    }

    /// Whether there are so many bytes, after waiting for them.
    fn has(&mut self, length: usize) -> Result<bool> {
        while self.block.len() < length && self.fill()? {}
        Ok(self.block.len() >= length)
    }

    /// Whether more came; false at the end.
    fn fill(&mut self) -> Result<bool> {
        ensure!(self.block.len() < LINE_BYTES_MAX, "it is longer than any record can be");
        // A terminal may be asked again after its end, and give more.
        if !self.is_at_end {
            self.is_at_end = read_some(&mut self.source, &mut self.block)? == 0;
        }
        Ok(!self.is_at_end)
    }
}
