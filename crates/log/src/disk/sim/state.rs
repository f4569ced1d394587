//! What the disk holds: nodes, the names that lead to them, and which of it is durable.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use super::super::{Entry, Kind};

/// Counted up from the root, which is 0; never used twice.
pub(super) type Ino = u64;

const ROOT: Ino = 0;

#[derive(Debug, Clone)]
pub(super) struct State {
    nodes: BTreeMap<Ino, Node>,
    /// Already in the `current` names of their directories, not yet in the `durable` ones. In order.
    pub(super) unsynced_names: Vec<Vec<Step>>,
    next: Ino,
}

#[derive(Debug, Clone)]
enum Node {
    File(Content),
    Directory(Names),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pub(super) durable: Vec<u8>,
    /// `durable` after all of `unsynced`, unless a sync failed.
    pub(super) current: Vec<u8>,
    pub(super) unsynced: Vec<Change>,
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Write { position: u64, bytes: Arc<[u8]> },
    SetLen(u64),
}

#[derive(Debug, Clone, Default)]
struct Names {
    durable: BTreeMap<String, Ino>,
    current: BTreeMap<String, Ino>,
}

/// Part of a change of names, all parts of which happen together.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) directory: Ino,
    pub(super) name: String,
    /// What the name leads to from now on.
    pub(super) node: Option<Ino>,
}

impl Step {
    fn key(&self) -> (Ino, &str) {
        (self.directory, &self.name)
    }
}

impl Default for State {
    fn default() -> State {
        let root = Node::Directory(Names::default());
        State { nodes: BTreeMap::from([(ROOT, root)]), unsynced_names: Vec::new(), next: ROOT + 1 }
    }
}

impl State {
    pub(super) fn next_ino(&self) -> Ino {
        self.next
    }

    pub(super) fn make(&mut self, kind: Kind) {
        let node = match kind {
            Kind::Directory => Node::Directory(Names::default()),
            Kind::File | Kind::Other => Node::File(Content::default()),
        };
        self.nodes.insert(self.next, node);
        self.next += 1;
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (Ino, &Content)> {
        self.nodes.iter().filter_map(|(ino, node)| match node {
            Node::File(content) => Some((*ino, content)),
            Node::Directory(_) => None,
        })
    }

    pub(super) fn is_file(&self, ino: Ino) -> bool {
        matches!(self.nodes[&ino], Node::File(_))
    }

    pub(super) fn content(&self, file: Ino) -> &Content {
        match &self.nodes[&file] {
            Node::File(content) => content,
            Node::Directory(_) => unreachable!("only files are opened"),
        }
    }

    pub(super) fn content_mut(&mut self, file: Ino) -> &mut Content {
        match self.nodes.get_mut(&file) {
            Some(Node::File(content)) => content,
            Some(Node::Directory(_)) | None => unreachable!("only files are opened"),
        }
    }

    fn names(&self, directory: Ino) -> io::Result<&Names> {
        match &self.nodes[&directory] {
            Node::Directory(names) => Ok(names),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn names_mut(&mut self, directory: Ino) -> &mut Names {
        match self.nodes.get_mut(&directory) {
            Some(Node::Directory(names)) => names,
            Some(Node::File(_)) | None => unreachable!("names are only given in directories"),
        }
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<Ino> {
        let mut ino = ROOT;
        for name in components(path) {
            ino = *self.names(ino)?.current.get(name).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(ino)
    }

    /// The directory that holds the last name of a path, and that name.
    pub(super) fn parent(&self, path: &Path) -> io::Result<(Ino, String)> {
        let name = components(path).last().ok_or(io::ErrorKind::InvalidInput)?;
        let directory = self.find(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
        self.names(directory)?;
        Ok((directory, name.to_owned()))
    }

    pub(super) fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let names = &self.names(self.find(dir)?)?.current;
        Ok(names.iter().map(|(name, &ino)| self.describe(name, ino)).collect())
    }

    fn describe(&self, name: &str, ino: Ino) -> Entry {
        let (kind, len) = match &self.nodes[&ino] {
            Node::File(content) => (Kind::File, content.current.len() as u64),
            Node::Directory(_) => (Kind::Directory, 0),
        };
        Entry { name: name.to_owned(), kind, len }
    }

    pub(super) fn change_names(&mut self, steps: &[Step]) {
        for step in steps {
            set(&mut self.names_mut(step.directory).current, step);
        }
        self.unsynced_names.push(steps.to_vec());
    }

    /// Makes the changes in `directory` durable, and all earlier ones that they build on.
    pub(super) fn sync_names(&mut self, directory: Ino) {
        let mut needed: BTreeSet<(Ino, String)> = BTreeSet::new();
        let mut synced = vec![false; self.unsynced_names.len()];
        for (index, steps) in self.unsynced_names.iter().enumerate().rev() {
            let touches = |step: &Step| {
                step.directory == directory || needed.contains(&(step.directory, step.name.clone()))
            };
            if steps.iter().any(touches) {
                needed.extend(steps.iter().map(|step| (step.directory, step.name.clone())));
                synced[index] = true;
            }
        }
        for (index, steps) in std::mem::take(&mut self.unsynced_names).into_iter().enumerate() {
            if synced[index] { self.keep_names(&steps) } else { self.unsynced_names.push(steps) }
        }
    }

    fn keep_names(&mut self, steps: &[Step]) {
        for step in steps {
            set(&mut self.names_mut(step.directory).durable, step);
        }
    }

    /// Keeps of the unsynced names what `keep` says, unless it builds on one that was lost.
    pub(super) fn settle_names(&mut self, mut keep: impl FnMut() -> bool) {
        let unsynced = std::mem::take(&mut self.unsynced_names);
        let mut lost: BTreeSet<(Ino, &str)> = BTreeSet::new();
        for steps in &unsynced {
            let chosen = keep();
            if chosen && !steps.iter().any(|step| lost.contains(&step.key())) {
                self.keep_names(steps);
            } else {
                lost.extend(steps.iter().map(Step::key));
            }
        }
        for node in self.nodes.values_mut() {
            if let Node::Directory(names) = node {
                names.current = names.durable.clone();
            }
        }
    }

    /// Forgets the nodes that no name leads to any more. Only after a crash: until then they may be open.
    pub(super) fn drop_unreachable(&mut self) {
        let mut reached = BTreeSet::new();
        let mut to_visit = vec![ROOT];
        while let Some(ino) = to_visit.pop() {
            reached.insert(ino);
            if let Node::Directory(names) = &self.nodes[&ino] {
                to_visit.extend(names.current.values());
            }
        }
        self.nodes.retain(|ino, _| reached.contains(ino));
    }
}

impl Content {
    pub(super) fn change(&mut self, change: Change) {
        apply(&mut self.current, &change);
        self.unsynced.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            apply(&mut self.durable, &change);
        }
    }
}

pub(super) fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let size = |len: u64| usize::try_from(len).expect("simulated files fit in memory");
    match change {
        Change::SetLen(len) => bytes.resize(size(*len), 0),
        Change::Write { position, bytes: new } => {
            let from = size(*position);
            let to = from + new.len();
            bytes.resize(bytes.len().max(to), 0);
            bytes[from..to].copy_from_slice(new);
        }
    }
}

fn set(names: &mut BTreeMap<String, Ino>, step: &Step) {
    match step.node {
        Some(node) => drop(names.insert(step.name.clone(), node)),
        None => drop(names.remove(&step.name)),
    }
}

/// Paths are taken from the root, whether they say so or not.
fn components(path: &Path) -> impl Iterator<Item = &str> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_str().expect("simulated names are UTF-8")),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        Component::ParentDir => unreachable!("simulated paths do not climb"),
    })
}
