//! BLAKE3 of one large file on several threads.
//!
//! Approach: BLAKE3 is a tree, and each aligned group of a power of two of its chunks is a subtree that can be hashed
//! by itself. Threads take the next group, read it at its place into a buffer of their own, hash it, and hand in its
//! chaining value; these are merged as they come, so memory does not grow with the file. The workers of the run sleep
//! while they have nothing to do and cannot be given a part of an item, so the helpers are threads of their own,
//! started when a worker is idle ([`Places`]) and gone when it is not: with every worker busy on a file of its own
//! there are none. The tree and its merging are those of the BLAKE3 paper, section 5.1.2.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use rustix::io::Errno;

use super::input::File;

/// A file of fewer bytes is hashed by one thread: it takes a millisecond or two, and a thread costs a part of it.
pub(super) const LARGE: u64 = 8 * 1024 * 1024;

/// The bytes of a group: a power of two. It stays in the second-level cache between read and hash: with 128 KiB,
/// 512 KiB and 1 MiB a file took 1 to 2 % longer.
const GROUP: usize = 256 * 1024;

/// How many threads of an operation may work at one time, and how many do.
pub(super) struct Places {
    all: usize,
    taken: AtomicUsize,
}

/// A place that is taken until this is dropped.
pub(super) struct Place<'a>(&'a Places);

impl Places {
    pub(super) fn new(all: usize) -> Places {
        Places { all, taken: AtomicUsize::new(0) }
    }

    /// A worker sits down, whether there is room or not: helpers make room soon.
    pub(super) fn sit(&self) -> Place<'_> {
        self.taken.fetch_add(1, Ordering::Relaxed);
        Place(self)
    }

    /// A place for a helper, where one is free.
    fn free(&self) -> Option<Place<'_>> {
        let one_more = |taken: usize| (taken < self.all).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| Place(self))
    }

    fn is_crowded(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > self.all
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The hash of the first `size` bytes of a file that can be read at any place; `None` when it turned out to be shorter.
///
/// `size` must be more than a group.
pub(super) fn hash(file: &File, size: u64, places: &Places) -> Result<Option<blake3::Hash>, Errno> {
    let work = Work { file, size, state: Mutex::default() };
    std::thread::scope(|scope| {
        let mut buffer = vec![0; GROUP];
        let mut alone = false;
        while let Some(group) = work.claim() {
            if let Some(place) = places.free().filter(|_| !alone) {
                let help = || {
                    let place = place;
                    let mut buffer = vec![0; GROUP];
                    while !place.0.is_crowded() && work.claim().is_some_and(|group| work.do_group(group, &mut buffer)) {
                    }
                };
                // No thread to be had: then without.
                alone = std::thread::Builder::new().name("parjob-hash".into()).spawn_scoped(scope, help).is_err();
            }
            if !work.do_group(group, &mut buffer) {
                break;
            }
        }
    });
    let state = work.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.failed {
        Some(error) => Err(error),
        None if state.is_short => Ok(None),
        None => Ok(state.merged.root()),
    }
}

/// A file being hashed.
struct Work<'a> {
    file: &'a File,
    size: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The next group that nobody has taken.
    next: u64,
    merged: Merged,
    /// Groups that are done before one in front of them.
    waiting: BTreeMap<u64, ChainingValue>,
    is_short: bool,
    failed: Option<Errno>,
}

impl Work<'_> {
    /// Takes the next group; `None` when there is none, or no use in it.
    fn claim(&self) -> Option<u64> {
        let mut state = self.lock();
        let go_on = state.next * GROUP as u64 >= self.size || state.is_short || state.failed.is_some();
        if go_on {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    /// Does a group; whether that went well.
    fn do_group(&self, group: u64, buffer: &mut [u8]) -> bool {
        let start = group * GROUP as u64;
        let len = usize::try_from(self.size - start).unwrap_or(GROUP).min(GROUP);
        let got = self.file.read_at(&mut buffer[..len], start);
        let value = (got == Ok(len)).then(|| {
            let mut hasher = blake3::Hasher::new();
            hasher.set_input_offset(start).update(&buffer[..len]).finalize_non_root()
        });
        let mut state = self.lock();
        match (got, value) {
            (Err(error), _) => state.failed = Some(error),
            (Ok(_), None) => state.is_short = true,
            (Ok(_), Some(value)) => state.put(group, value),
        }
        value.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, group: u64, value: ChainingValue) {
        self.waiting.insert(group, value);
        while let Some(value) = self.waiting.remove(&self.merged.groups) {
            self.merged.push(value);
        }
    }
}

/// The chaining values of whole subtrees, the largest first, merged as far as is sure.
#[derive(Default)]
struct Merged {
    stack: Vec<ChainingValue>,
    groups: u64,
}

impl Merged {
    /// Adds the next group. Only now is it known that the ones before are not the end of the tree, whose last merge
    /// is another.
    fn push(&mut self, value: ChainingValue) {
        while self.stack.len() > self.groups.count_ones() as usize {
            self.merge();
        }
        self.stack.push(value);
        self.groups += 1;
    }

    fn merge(&mut self) {
        if let (Some(right), Some(left)) = (self.stack.pop(), self.stack.pop()) {
            self.stack.push(merge_subtrees_non_root(&left, &right, Mode::Hash));
        }
    }

    /// The hash of the whole; `None` of a single group, which is no tree.
    fn root(mut self) -> Option<blake3::Hash> {
        while self.stack.len() > 2 {
            self.merge();
        }
        let [left, right] = &self.stack[..] else { return None };
        Some(merge_subtrees_root(left, right, Mode::Hash))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    fn noise(len: usize) -> Vec<u8> {
        (0..len as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
    }

    #[test]
    fn groups_on_any_number_of_threads_make_the_same_hash() {
        let bytes = noise(9 * GROUP);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let opened = File::open(file.path().as_os_str().as_bytes()).unwrap();
        for groups in 1..=8 {
            for len in [groups * GROUP + 1, groups * GROUP + 1024, (groups + 1) * GROUP - 1, (groups + 1) * GROUP] {
                for threads in [1, 2, 5] {
                    let got = hash(&opened, len as u64, &Places::new(threads)).unwrap();
                    assert_eq!(got, Some(blake3::hash(&bytes[..len])), "{len} bytes, {threads} threads");
                }
            }
        }
        assert_eq!(hash(&opened, bytes.len() as u64 + 1, &Places::new(3)).unwrap(), None);
    }

    #[test]
    fn helpers_take_only_free_places() {
        let places = Places::new(2);
        let worker = places.sit();
        let helper = places.free().unwrap();
        assert!(places.free().is_none() && !places.is_crowded());
        let second = places.sit();
        assert!(places.is_crowded());
        drop((helper, second));
        assert!(places.free().is_some());
        drop(worker);
    }
}
