//! The bytes in flight between the source and the workers, bounded.
//!
//! A source must borrow its buffers here, and a buffer comes back when the last worker lets go of the
//! block in it. So one number bounds the whole stretch from reading to working: a source that is faster
//! than the workers waits in [`BufferPool::borrow`]. Buffers of the usual size are kept and lent again:
//! fresh pages cost more than the work on small items. The pool knows nothing of what the bytes mean.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The usual size of a buffer in bytes: half of a common L2 cache, so that input and output stay in it.
pub const BUFFER: usize = 128 * 1024;

/// What a loan counts beside its bytes, so that a million empty blocks are bounded too.
const OVERHEAD: usize = 256;

/// The most memory that a buffer of a worker keeps from one use to the next.
const KEPT: usize = 256 * 1024;

/// Empties a buffer for its next use. What one large result needed is not kept for all the small ones after it.
pub fn empty<T>(buffer: &mut Vec<T>) {
    buffer.clear();
    if buffer.capacity() > KEPT / size_of::<T>() {
        buffer.shrink_to(KEPT / size_of::<T>());
    }
}

/// What all loans may cost beyond the usual size: a few large items are not to fill the pool, or one worker would do them
/// while the others wait.
const EXTRA: usize = 16 << 20;

/// What a loan costs: of the usual size at the most, and beyond that.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    usual: usize,
    extra: usize,
}

impl Cost {
    /// Of so many bytes.
    fn of(size: usize) -> Cost {
        let usual = size.min(BUFFER);
        Cost { usual: usual + OVERHEAD, extra: size - usual }
    }
}

/// Lends buffers up to a limit.
#[derive(Debug)]
pub struct BufferPool {
    limit: usize,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What loans cost, each as one of the usual size at the most.
    lent: usize,
    /// What they cost beyond that.
    extra: usize,
    free: Vec<Vec<u8>>,
    /// Threads that wait for a loan to come back. To wake nobody is a system call too.
    waiting: usize,
    closed: bool,
}

impl State {
    /// Whether a loan of `cost` fits beside the others, for someone who holds loans that cost `held`.
    fn fits(&self, cost: Cost, held: Cost, limit: usize) -> bool {
        let usual = self.lent <= held.usual || self.lent + cost.usual <= limit;
        usual && (self.extra <= held.extra || self.extra + cost.extra <= EXTRA)
    }
}

impl BufferPool {
    /// A pool that lends `limit` bytes at the most, beside what large loans take beyond the usual size, or one loan where that
    /// alone is larger.
    pub fn new(limit: usize) -> Arc<BufferPool> {
        Arc::new(BufferPool { limit, state: Mutex::default(), returned: Condvar::new() })
    }

    /// A buffer of `size` bytes of no particular content. Waits while the pool is empty; `None` once it
    /// is closed.
    pub fn borrow(self: &Arc<Self>, size: usize) -> Option<Loan> {
        self.lend(size, Cost::default())
    }

    /// As [`BufferPool::borrow`], but never waits: for the run loop, for which others wait.
    pub fn borrow_at_once(self: &Arc<Self>, size: usize) -> Option<Loan> {
        self.lend(size, Cost { usual: usize::MAX, extra: usize::MAX })
    }

    /// Lends to someone who holds loans that cost `held`, and so must not wait for those to come back.
    fn lend(self: &Arc<Self>, size: usize, held: Cost) -> Option<Loan> {
        let cost = Cost::of(size);
        let mut state = self.lock();
        while !state.closed && !state.fits(cost, held, self.limit) {
            state.waiting += 1;
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        if state.closed {
            return None;
        }
        state.lent += cost.usual;
        state.extra += cost.extra;
        let kept = if size == BUFFER { state.free.pop() } else { None };
        drop(state);
        let bytes = kept.unwrap_or_else(|| vec![0; size]);
        Some(Loan { bytes, cost, pool: Some(Arc::clone(self)) })
    }

    /// Lends nothing more: whoever waits, or comes later, gets `None`.
    pub fn close(&self) {
        self.lock().closed = true;
        self.returned.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer on loan. It goes back to its pool when dropped.
#[derive(Debug)]
pub struct Loan {
    bytes: Vec<u8>,
    cost: Cost,
    /// None where the bytes are counted elsewhere.
    pool: Option<Arc<BufferPool>>,
}

impl From<Vec<u8>> for Loan {
    /// Bytes that no pool counts.
    fn from(bytes: Vec<u8>) -> Loan {
        Loan { bytes, cost: Cost::default(), pool: None }
    }
}

impl Loan {
    /// A further buffer for the one who holds this one ([`BufferPool::borrow`]).
    pub fn borrow_another(&self, size: usize) -> Option<Loan> {
        match &self.pool {
            Some(pool) => pool.lend(size, self.cost),
            None => Some(Loan::from(vec![0; size])),
        }
    }

    /// Whether [`Loan::borrow_another`] would wait now.
    pub fn would_wait(&self, size: usize) -> bool {
        self.pool.as_ref().is_some_and(|pool| {
            let state = pool.lock();
            !state.closed && !state.fits(Cost::of(size), self.cost, pool.limit)
        })
    }

    /// Makes the buffer `size` bytes long and keeps its content. Never waits: the one who holds the
    /// buffer may be the one for whom all others wait.
    pub fn grow(&mut self, size: usize) {
        let more = size.saturating_sub(self.bytes.len());
        self.bytes.resize(self.bytes.len() + more, 0);
        if let Some(pool) = &self.pool {
            let (before, now) = (self.cost, Cost::of(self.bytes.len()));
            let mut state = pool.lock();
            state.lent += now.usual - before.usual;
            state.extra += now.extra - before.extra;
            self.cost = now;
        }
    }
}

impl std::ops::Deref for Loan {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::ops::DerefMut for Loan {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(pool) = &self.pool else { return };
        let bytes = std::mem::take(&mut self.bytes);
        let mut state = pool.lock();
        state.lent -= self.cost.usual;
        state.extra -= self.cost.extra;
        if bytes.len() == BUFFER {
            state.free.push(bytes);
        }
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            pool.returned.notify_one();
        }
    }
}

/// Maximum number of bytes that a run keeps in spare output buffers.
pub const SPARE: usize = 4 << 20;

/// One buffer may take the limit divided by this.
const LARGEST_SHARE: usize = 4;

/// Output buffers that have been written and can be filled again.
///
/// Memory for many results is better given back than kept: a buffer that grew with one large output would stay as
/// large for small ones. So one buffer may take a quarter of the limit at most.
#[derive(Debug)]
pub struct Spares {
    /// Maximum number of bytes of all buffers together.
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

impl Spares {
    /// Keeps up to `limit` bytes of memory.
    pub fn new(limit: usize) -> Arc<Spares> {
        Arc::new(Spares { limit, kept: Mutex::default() })
    }

    /// An empty buffer, with memory where there is a spare one.
    pub fn get(&self) -> Vec<u8> {
        let mut kept = self.lock();
        let buffer = kept.buffers.pop().unwrap_or_default();
        kept.bytes -= buffer.capacity();
        buffer
    }

    /// Keeps a buffer's memory for another use, where there is room for it.
    pub fn put(&self, mut bytes: Vec<u8>) {
        if bytes.capacity() == 0 || bytes.capacity() > self.limit / LARGEST_SHARE {
            return;
        }
        bytes.clear();
        let mut kept = self.lock();
        if kept.bytes + bytes.capacity() <= self.limit {
            kept.bytes += bytes.capacity();
            kept.buffers.push(bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use std::thread;

    #[test]
    fn a_loan_that_comes_back_is_lent_again() {
        let pool = BufferPool::new(BUFFER + OVERHEAD);
        let mut first = pool.borrow(BUFFER).unwrap();
        first[0] = 7;
        let waiting = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.borrow(BUFFER).map(|loan| loan[0])
        });
        drop(first);
        assert_eq!(waiting.join().unwrap(), Some(7));
    }

    #[test]
    fn one_loan_larger_than_the_limit_is_granted() {
        let pool = BufferPool::new(1);
        assert_eq!(pool.borrow(1000).unwrap().len(), 1000);
    }

    #[test]
    fn who_holds_the_only_loan_does_not_wait_for_it() {
        let mut only = BufferPool::new(100).borrow(10).unwrap();
        only.grow(1000);
        assert_eq!(only.borrow_another(20).unwrap().len(), 20);
    }

    #[test]
    fn it_is_known_who_would_wait() {
        let pool = BufferPool::new(2 * (10 + OVERHEAD));
        let first = pool.borrow(10).unwrap();
        assert!(!first.would_wait(10));
        // Alone with the pool, nobody waits, however much it is.
        assert!(!first.would_wait(10_000));
        let second = first.borrow_another(10).unwrap();
        assert!(first.would_wait(10));
        drop(second);
        assert!(!first.would_wait(10));
        let _second = first.borrow_another(10);
        pool.close();
        assert!(!first.would_wait(10));
    }

    #[test]
    fn closing_wakes_who_waits() {
        let pool = BufferPool::new(1);
        let _all = pool.borrow(10).unwrap();
        let waiting = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.borrow(10).is_none()
        });
        pool.close();
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn spares_are_kept_up_to_the_limit() {
        let spares = Spares::new(800);
        (0..10).for_each(|_| spares.put(Vec::with_capacity(90)));
        let kept = std::iter::from_fn(|| Some(spares.get()).filter(|buffer| buffer.capacity() > 0));
        assert_eq!(kept.count(), 8);
    }

    #[test]
    fn a_buffer_that_grew_large_is_not_kept() {
        let spares = Spares::new(800);
        spares.put(Vec::with_capacity(201));
        assert_eq!(spares.get().capacity(), 0);
    }

    #[test]
    fn a_few_large_loans_do_not_fill_the_pool_and_many_do() {
        let pool = BufferPool::new(40 * (BUFFER + OVERHEAD));
        let large: Vec<_> = (0..17).map(|_| pool.borrow(1 << 20).unwrap()).collect();
        let usual = pool.borrow(BUFFER).unwrap();
        assert!(usual.would_wait(2 << 20) && !usual.would_wait(BUFFER));
        drop(large);
        assert!(!usual.would_wait(2 << 20));
    }

    #[test]
    fn growing_counts() {
        let pool = BufferPool::new(1000);
        let mut loan = pool.borrow(10).unwrap();
        loan[9] = 3;
        loan.grow(20);
        assert_eq!((loan.len(), loan[9]), (20, 3));
        assert_eq!(pool.lock().lent, 20 + OVERHEAD);
        drop(loan);
        assert_eq!(pool.lock().lent, 0);
    }
}
