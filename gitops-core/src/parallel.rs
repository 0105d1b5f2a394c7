//! Independent pieces of work on several threads, without a pool that outlives the call.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many threads `asked` stands for: 0 for as many as the process may run at once.
pub(crate) fn threads(asked: usize) -> usize {
    NonZeroUsize::new(asked).or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}

/// `work` on each of `items`, on at most `asked` threads (0: as many as the process may run at once),
/// the calling one among them. The results stand in the order of the items.
///
/// A thread that the system refuses is done without.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], asked: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = threads(asked).min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return };
            let result = work(item);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Barrier;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [0, 1, 2, 7, 5000] {
            let squares: Vec<usize> = items.iter().map(|n| n * n).collect();
            assert_eq!(map(&items, threads, |n| n * n), squares, "{threads} threads");
        }
        assert_eq!(map(&[] as &[usize], 4, |n| *n), Vec::<usize>::new());
    }

    #[test]
    fn the_threads_run_at_the_same_time() {
        // Nobody passes the barrier unless three are there at once.
        let barrier = Barrier::new(3);
        let ids = map(&[(); 3], 3, |()| {
            barrier.wait();
            thread::current().id()
        });
        assert_eq!(ids.into_iter().collect::<HashSet<_>>().len(), 3);
    }
}
