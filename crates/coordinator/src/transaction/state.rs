//! The states of a transactional id.

/// In Kafka's words. Kafka has two more, Dead and PrepareEpochFence, which nobody ever sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionState {
    /// There has been no transaction since the producer was initialized.
    Empty,
    Ongoing,
    /// It will be committed, whatever happens: markers are being written.
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

impl TransactionState {
    pub const ALL: [TransactionState; 6] = [
        TransactionState::Empty,
        TransactionState::Ongoing,
        TransactionState::PrepareCommit,
        TransactionState::PrepareAbort,
        TransactionState::CompleteCommit,
        TransactionState::CompleteAbort,
    ];

    pub fn name(self) -> &'static str {
        match self {
            TransactionState::Empty => "Empty",
            TransactionState::Ongoing => "Ongoing",
            TransactionState::PrepareCommit => "PrepareCommit",
            TransactionState::PrepareAbort => "PrepareAbort",
            TransactionState::CompleteCommit => "CompleteCommit",
            TransactionState::CompleteAbort => "CompleteAbort",
        }
    }

    pub fn from_name(name: &str) -> Option<TransactionState> {
        TransactionState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a filter may name it: also a state that no transaction is ever seen in.
    pub fn is_known_name(name: &str) -> bool {
        ["Dead", "PrepareEpochFence"].contains(&name) || TransactionState::from_name(name).is_some()
    }

    /// As it is stored.
    pub(super) fn code(self) -> i8 {
        match self {
            TransactionState::Empty => 0,
            TransactionState::Ongoing => 1,
            TransactionState::PrepareCommit => 2,
            TransactionState::PrepareAbort => 3,
            TransactionState::CompleteCommit => 4,
            TransactionState::CompleteAbort => 5,
        }
    }

    pub(super) fn from_code(code: i8) -> Option<TransactionState> {
        TransactionState::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Markers are on their way.
    pub(super) fn is_ending(self) -> bool {
        matches!(self, TransactionState::PrepareCommit | TransactionState::PrepareAbort)
    }

    /// Every partition has its marker.
    pub(super) fn is_complete(self) -> bool {
        matches!(self, TransactionState::CompleteCommit | TransactionState::CompleteAbort)
    }

    /// Of a transaction whose end is decided.
    pub(super) fn commits(self) -> bool {
        matches!(self, TransactionState::PrepareCommit | TransactionState::CompleteCommit)
    }

    /// Nothing is open: the id may be forgotten, once it is old.
    pub(super) fn is_idle(self) -> bool {
        self != TransactionState::Ongoing && !self.is_ending()
    }
}
