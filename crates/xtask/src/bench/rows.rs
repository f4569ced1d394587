//! Samples of each load, of each that carried it.

use super::{figure::Sample, table::Summary};

/// One row for each load, in the order in which they first were measured; `K` tells who or what is measured.
#[derive(Debug)]
pub(crate) struct Rows<K>(Vec<Row<K>>);

#[derive(Debug)]
pub(crate) struct Row<K> {
    pub(crate) name: &'static str,
    samples: Vec<(K, Sample)>,
}

impl<K> Default for Rows<K> {
    fn default() -> Rows<K> {
        Rows(Vec::new())
    }
}

impl<K: Copy + PartialEq> Rows<K> {
    pub(crate) fn add(&mut self, name: &'static str, of: K, sample: Sample) {
        match self.0.iter_mut().find(|row| row.name == name) {
            Some(row) => row.samples.push((of, sample)),
            None => self.0.push(Row { name, samples: vec![(of, sample)] }),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row<K>> {
        self.0.iter()
    }
}

impl<K: Copy + PartialEq> Row<K> {
    pub(crate) fn summaries(&self, of: K) -> Vec<Summary> {
        let samples = self.samples.iter().filter(|(whose, _)| *whose == of).map(|(_, sample)| sample);
        Summary::of_each(&samples.collect::<Vec<_>>())
    }
}
