//! Room to work in that is used again, so that small tables do not pay for it anew.

use std::sync::{Arc, Mutex, PoisonError};

/// So many are left for others; more are needed only where as many work at once.
const LEFT: usize = 4;

/// Something to work with of which every clone has its own, once it is needed: what another has left, or else a copy. It must not
/// matter what was done with it before.
#[derive(Debug)]
pub(super) struct Reused<T> {
    own: Option<Box<T>>,
    common: Arc<Common<T>>,
}

#[derive(Debug)]
struct Common<T> {
    model: T,
    #[allow(clippy::vec_box)] // handed over and not copied
    left: Mutex<Vec<Box<T>>>,
}

impl<T> Common<T> {
    fn left(&self) -> std::sync::MutexGuard<'_, Vec<Box<T>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Reused<T> {
    pub(super) fn new(model: T) -> Self {
        Self { own: None, common: Arc::new(Common { model, left: Mutex::default() }) }
    }

    pub(super) fn own(&mut self) -> &mut T {
        let Common { model, .. } = &*self.common;
        self.own.get_or_insert_with(|| self.common.left().pop().unwrap_or_else(|| Box::new(model.clone())))
    }
}

impl<T> Clone for Reused<T> {
    fn clone(&self) -> Self {
        Self { own: None, common: self.common.clone() }
    }
}

impl<T> Drop for Reused<T> {
    fn drop(&mut self) {
        // what a panic came through may be half done
        if let Some(own) = self.own.take().filter(|_| !std::thread::panicking()) {
            let mut left = self.common.left();
            if left.len() < LEFT {
                left.push(own);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_has_left_the_next_takes_and_two_at_once_have_their_own() {
        let mut first = Reused::new(vec![0]);
        let [mut second, mut third, mut fourth] = [first.clone(), first.clone(), first.clone()];
        first.own().push(1);
        assert_eq!(second.own(), &[0]);
        second.own().push(2);
        drop(first);
        assert_eq!(third.own(), &[0, 1]);
        assert_eq!(fourth.own(), &[0]);
    }

    #[test]
    fn what_a_panic_came_through_is_not_used_again() {
        let room = Reused::new(vec![0]);
        let mut broken = room.clone();
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            broken.own().push(1);
            assert!(broken.own().is_empty());
        }));
        assert!(ended.is_err());
        assert_eq!(room.clone().own(), &[0]);
    }
}
