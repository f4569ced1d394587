//! Up to where everything is handled, though batches are done in any order. Pure.

use std::collections::VecDeque;

use crate::Offset;

/// The batches of a partition, in their order, from the first that is not handled on.
#[derive(Debug, Default)]
pub(super) struct Progress {
    batches: VecDeque<State>,
    /// The number of the first.
    first: u64,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    UnderWay,
    /// All of it is handled: the record with this offset comes next.
    Handled(Offset),
    /// It was given up; the record with this offset, if some before it were handled, is the first that was not.
    GivenUp(Option<Offset>),
}

impl Progress {
    /// A batch is begun. Its number.
    pub(super) fn begin(&mut self) -> u64 {
        self.batches.push_back(State::UnderWay);
        self.first + self.batches.len() as u64 - 1
    }

    /// A batch is done. The offset that everything before is handled of, if that is news.
    pub(super) fn done(&mut self, number: u64, state: State) -> Option<Offset> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        *self.batches.get_mut(at)? = state;
        let mut next = None;
        while let Some(State::Handled(end)) = self.batches.front() {
            next = Some(*end);
            self.batches.pop_front();
            self.first += 1;
        }
        match self.batches.front() {
            Some(State::GivenUp(Some(reached))) => Some(*reached),
            _ => next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State::{GivenUp, Handled};
    use super::*;

    /// Begins three batches, and tells what their ends come to.
    fn check(done: &[(u64, State)], expected: &[Option<Offset>]) {
        let mut progress = Progress::default();
        assert_eq!([progress.begin(), progress.begin(), progress.begin()], [0, 1, 2]);
        let news: Vec<_> = done.iter().map(|(number, state)| progress.done(*number, *state)).collect();
        assert_eq!(news, expected, "{done:?}");
    }

    #[test]
    fn nothing_counts_before_all_that_stands_before_it() {
        check(&[(0, Handled(10)), (1, Handled(20)), (2, Handled(30))], &[Some(10), Some(20), Some(30)]);
        check(&[(2, Handled(30)), (1, Handled(20)), (0, Handled(10))], &[None, None, Some(30)]);
        check(&[(1, Handled(20)), (0, Handled(10)), (2, Handled(30))], &[None, Some(20), Some(30)]);
    }

    #[test]
    fn what_was_given_up_holds_up_all_that_stands_behind_it() {
        check(&[(0, GivenUp(None)), (1, Handled(20))], &[None, None]);
        check(&[(1, GivenUp(Some(15))), (2, Handled(30)), (0, Handled(10))], &[None, None, Some(15)]);
        check(&[(0, Handled(10)), (1, GivenUp(None)), (2, Handled(30))], &[Some(10), None, None]);
    }

    #[test]
    fn numbers_go_on_when_batches_are_done() {
        let mut progress = Progress::default();
        for number in 0..5 {
            assert_eq!(progress.begin(), number);
            let end = i64::try_from(number).unwrap() + 1;
            assert_eq!(progress.done(number, Handled(end)), Some(end));
        }
        assert_eq!(progress.done(2, Handled(9)), None, "it was done already");
    }
}
