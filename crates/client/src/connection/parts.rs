//! The pieces of requests, written together without being copied.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use ottla_wire::{Part, Writer};

/// Pieces that follow each other.
#[derive(Default)]
pub(super) struct Parts {
    pieces: VecDeque<Bytes>,
    remaining: usize,
}

impl Parts {
    pub(super) fn push(&mut self, frame: Writer) {
        for part in frame.into_parts() {
            let Part::Bytes(bytes) = part else { unreachable!("a client sends no part of a file") };
            self.remaining += bytes.len();
            self.pieces.push_back(bytes);
        }
    }
}

impl Buf for Parts {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.front().map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = slices.iter_mut().zip(&self.pieces);
        filled.map(|(slice, piece)| *slice = IoSlice::new(piece)).count()
    }

    fn advance(&mut self, mut count: usize) {
        self.remaining -= count;
        while let Some(front) = self.pieces.front_mut() {
            if count < front.len() {
                front.advance(count);
                return;
            }
            count -= front.len();
            self.pieces.pop_front();
        }
    }
}
