//! What an item's process printed on one stream: in memory, or past the room for that in a file without a name.
//!
//! Results that wait for those before them have [`Room`] in memory for so many bytes together. What goes beyond
//! is written to an unlinked file in the folder for temporary files, and copied out from there: a run whose first
//! item is slow keeps its memory small. It is one file for the run, of which each body has some stretches, since a
//! file for each would use up the descriptors; what was copied out is cut out of the file again. The room also counts what was handed to the writer and is not written
//! yet, so that work can wait for a slow reader. It knows nothing of items, nor of what the bytes mean.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::stream::Stream;

/// So much of one stream stays in memory as long as there is room; more goes to a file in any case.
const LARGE: usize = 4 << 20;

/// What is in memory grows by this much at the most, or by what is appended.
const STEP: usize = 512 << 10;

/// What has its own file is written to it in pieces of this size.
const PIECE: usize = 256 << 10;

/// The room in memory for all bodies of a run together.
#[derive(Debug)]
pub struct Room {
    limit: usize,
    used: AtomicUsize,
    /// Bytes in the file.
    spilled: AtomicU64,
    /// The bytes in the file at which work is to wait.
    spill_max: u64,
    /// Bytes on their way out, in memory or in files.
    outgoing: AtomicUsize,
    folder: PathBuf,
    /// Made when it is first needed.
    file: Mutex<Option<Arc<Overflow>>>,
}

/// The file for what has no room in memory.
#[derive(Debug)]
struct Overflow {
    file: File,
    /// Where nothing has been written yet.
    end: AtomicU64,
}

/// Where bytes are in the file, and how many.
type Stretch = (u64, usize);

impl Overflow {
    fn write(&self, bytes: &[u8]) -> io::Result<Stretch> {
        let place = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.write_all_at(bytes, place)?;
        Ok((place, bytes.len()))
    }

    /// Gives the blocks of a stretch back to the file system.
    #[cfg(target_os = "linux")]
    fn forget(&self, (place, len): Stretch) {
        use rustix::fs::{FallocateFlags, fallocate};
        // Not every file system can; then the file lasts until the run is over.
        let _ = fallocate(&self.file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, place, len as u64);
    }

    #[cfg(not(target_os = "linux"))]
    fn forget(&self, _stretch: Stretch) {}
}

impl Room {
    /// Room for `limit` bytes in memory; what is more goes to a file in `folder`. At `spill_max` bytes there the room is full.
    pub fn new(limit: usize, spill_max: u64, folder: PathBuf) -> Arc<Room> {
        Arc::new(Room {
            limit,
            used: AtomicUsize::new(0),
            spilled: AtomicU64::new(0),
            spill_max,
            outgoing: AtomicUsize::new(0),
            folder,
            file: Mutex::default(),
        })
    }

    /// The bytes that were handed to the writer and are not written.
    pub fn outgoing(&self) -> usize {
        self.outgoing.load(Ordering::Relaxed)
    }

    /// Whether the file has taken as much as it may. What is pushed nevertheless is taken: to stop is for those who fill it.
    pub fn is_full(&self) -> bool {
        self.spilled.load(Ordering::Relaxed) >= self.spill_max
    }

    /// The bytes of all bodies, in memory and in the file.
    pub fn bytes(&self) -> usize {
        let spilled = usize::try_from(self.spilled.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        self.used.load(Ordering::Relaxed).saturating_add(spilled)
    }

    fn overflow(&self) -> io::Result<Arc<Overflow>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*file {
            return Ok(Arc::clone(file));
        }
        let unnamed = tempfile::tempfile_in(&self.folder)?;
        // Without a name it is made with the rights that the umask leaves.
        unnamed.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        let fresh = Overflow { file: unnamed, end: AtomicU64::new(0) };
        Ok(Arc::clone(file.insert(Arc::new(fresh))))
    }
}

/// The bytes of one stream.
#[derive(Debug, Default)]
pub struct Body {
    /// What came last, or all.
    tail: Vec<u8>,
    /// What came before, where that is in the file.
    file: Option<(Arc<Overflow>, Vec<Stretch>)>,
    room: Option<Arc<Room>>,
    /// How much of the room it takes.
    counted: usize,
    /// How much of it counts as on its way out.
    leaving: usize,
}

impl From<Vec<u8>> for Body {
    /// Bytes that are counted elsewhere.
    fn from(bytes: Vec<u8>) -> Body {
        let mut body = Body::default();
        body.tail = bytes;
        body
    }
}

impl Body {
    /// An empty one.
    pub fn new(room: &Arc<Room>) -> Body {
        let mut body = Body::default();
        body.room = Some(Arc::clone(room));
        body
    }

    /// These bytes.
    pub fn with(bytes: Vec<u8>, room: &Arc<Room>) -> Body {
        let mut body = Body::new(room);
        body.tail = bytes;
        body.count();
        body
    }

    /// An empty one that takes its place from the same room.
    pub fn like(&self) -> Body {
        let mut body = Body::default();
        body.room.clone_from(&self.room);
        body
    }

    /// Puts these bytes into an empty one.
    pub fn fill(&mut self, bytes: Vec<u8>) {
        self.tail = bytes;
        self.count();
    }

    /// How many bytes.
    pub fn len(&self) -> u64 {
        self.stretches().iter().map(|(_, len)| *len as u64).sum::<u64>() + self.tail.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tail.is_empty() && self.file.is_none()
    }

    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be made or written. The body keeps what it had.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(room) = &self.room else {
            self.tail.extend_from_slice(bytes);
            return Ok(());
        };
        let more = grow(&mut self.tail, bytes.len());
        self.tail.extend_from_slice(bytes);
        let spill = match self.file {
            Some(_) => self.tail.len() >= PIECE,
            None => self.tail.len() > LARGE || room.used.load(Ordering::Relaxed) + more > room.limit,
        };
        if spill {
            return self.spill();
        }
        self.count();
        Ok(())
    }

    /// Takes the bytes out where all are in memory, as is the rule; an empty body stays.
    pub fn take_bytes(&mut self) -> Option<Vec<u8>> {
        if self.file.is_some() {
            return None;
        }
        let bytes = std::mem::take(&mut self.tail);
        self.count();
        Some(bytes)
    }

    /// Hands all bytes on, in order, piece by piece.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be read, or `take` says so.
    pub fn read(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if let Some((overflow, stretches)) = &self.file {
            let mut buffer = Vec::new();
            for (place, len) in stretches {
                buffer.resize(*len, 0);
                overflow.file.read_exact_at(&mut buffer, *place)?;
                take(&buffer)?;
            }
        }
        if self.tail.is_empty() { Ok(()) } else { take(&self.tail) }
    }

    /// The last bytes, `most` of them at the most.
    pub fn last(&self, most: usize) -> Vec<u8> {
        let mut last = self.tail[self.tail.len().saturating_sub(most)..].to_vec();
        let Some((overflow, stretches)) = &self.file else { return last };
        for (place, len) in stretches.iter().rev() {
            let mut bytes = vec![0; (*len).min(most - last.len())];
            let from = place + (len - bytes.len()) as u64;
            if bytes.is_empty() || overflow.file.read_exact_at(&mut bytes, from).is_err() {
                break;
            }
            bytes.append(&mut last);
            last = bytes;
        }
        last
    }

    fn stretches(&self) -> &[Stretch] {
        self.file.as_ref().map_or(&[], |(_, stretches)| stretches)
    }

    /// Counts it as on its way out, until it is dropped.
    pub fn leave(&mut self) {
        if let Some(room) = &self.room {
            let len = usize::try_from(self.len()).unwrap_or(usize::MAX);
            room.outgoing.fetch_add(len - self.leaving, Ordering::Relaxed);
            self.leaving = len;
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        let Some(room) = &self.room else { return Ok(()) };
        let written = match &mut self.file {
            Some((overflow, stretches)) => overflow.write(&self.tail).map(|stretch| stretches.push(stretch)),
            None => room.overflow().and_then(|overflow| {
                let stretch = overflow.write(&self.tail)?;
                self.file = Some((overflow, vec![stretch]));
                Ok(())
            }),
        };
        if written.is_ok() {
            room.spilled.fetch_add(self.tail.len() as u64, Ordering::Relaxed);
            self.tail.clear();
            self.tail.shrink_to(PIECE);
        }
        self.count();
        written
    }

    /// Brings the count of the room up to date.
    fn count(&mut self) {
        if let Some(room) = &self.room {
            let now = self.tail.capacity();
            if now >= self.counted {
                room.used.fetch_add(now - self.counted, Ordering::Relaxed);
            } else {
                room.used.fetch_sub(self.counted - now, Ordering::Relaxed);
            }
            self.counted = now;
        }
    }
}

/// Reserves space for `bytes` more and returns the capacity added, in bytes. Doubling, as a vector does by itself, would
/// take megabytes that the room does not know of yet.
fn grow(tail: &mut Vec<u8>, bytes: usize) -> usize {
    let before = tail.capacity();
    if tail.len() + bytes > before {
        tail.reserve_exact(bytes.max(before.min(STEP)));
    }
    tail.capacity() - before
}

impl Drop for Body {
    fn drop(&mut self) {
        let mut spilled = 0;
        if let Some((overflow, stretches)) = self.file.take() {
            spilled = stretches.iter().map(|(_, len)| *len as u64).sum();
            stretches.into_iter().for_each(|stretch| overflow.forget(stretch));
        }
        if let Some(room) = &self.room {
            room.spilled.fetch_sub(spilled, Ordering::Relaxed);
            room.used.fetch_sub(self.counted, Ordering::Relaxed);
            room.outgoing.fetch_sub(self.leaving, Ordering::Relaxed);
        }
    }
}

/// What an item's process printed.
#[derive(Debug, Default)]
pub struct Output {
    /// For standard output.
    pub out: Body,
    /// For standard error.
    pub err: Body,
}

impl Output {
    /// Nothing yet.
    pub fn new(room: &Arc<Room>) -> Output {
        Output { out: Body::new(room), err: Body::new(room) }
    }

    /// The bytes of both.
    pub fn len(&self) -> u64 {
        self.out.len() + self.err.len()
    }

    /// Whether nothing was printed.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty() && self.err.is_empty()
    }

    /// The body of a stream.
    pub fn of(&mut self, stream: Stream) -> &mut Body {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn all(body: &Body) -> Vec<u8> {
        let mut bytes = Vec::new();
        body.read(|part| {
            bytes.extend_from_slice(part);
            Ok(())
        })
        .unwrap();
        bytes
    }

    #[test]
    fn what_has_no_room_goes_to_a_file_and_comes_back_whole() {
        let dir = tempfile::tempdir().unwrap();
        let room = Room::new(1000, 1 << 30, dir.path().to_path_buf());
        let (mut body, mut expected) = (Body::new(&room), Vec::new());
        for n in 0..3000u32 {
            let part = n.to_string().repeat(40);
            body.push(part.as_bytes()).unwrap();
            expected.extend_from_slice(part.as_bytes());
        }
        assert!(body.file.is_some() && body.take_bytes().is_none());
        assert_eq!(body.len(), expected.len() as u64);
        assert!(all(&body) == expected);
        assert_eq!(body.last(300), &expected[expected.len() - 300..]);
        assert_eq!(body.last(usize::MAX).len(), expected.len());
        assert_eq!(dir.path().read_dir().unwrap().count(), 0, "the file has a name");
    }

    #[test]
    fn room_comes_back() {
        let room = Room::new(1 << 20, 1 << 30, std::env::temp_dir());
        let mut body = Body::new(&room);
        body.push(b"abc").unwrap();
        assert!(room.used.load(Ordering::Relaxed) >= 3);
        body.leave();
        assert_eq!(room.outgoing(), 3);
        drop(body);
        assert_eq!((room.used.load(Ordering::Relaxed), room.outgoing()), (0, 0));
    }

    #[test]
    fn a_file_that_has_taken_its_most_is_full_until_a_body_is_gone() {
        let room = Room::new(1000, 2000, std::env::temp_dir());
        let (mut one, mut two) = (Body::new(&room), Body::new(&room));
        one.push(&[b'x'; 1500]).unwrap();
        assert!(!room.is_full() && room.bytes() >= 1500);
        two.push(&[b'x'; 1500]).unwrap();
        assert!(room.is_full() && room.bytes() >= 3000);
        drop(one);
        assert!(!room.is_full() && room.bytes() <= 3000);
    }

    #[test]
    fn without_a_folder_an_error_says_so_and_nothing_is_lost() {
        let room = Room::new(10, 1 << 30, "/nonexistent".into());
        let mut body = Body::new(&room);
        body.push(b"0123456789").unwrap();
        assert!(body.push(b"more").is_err());
        assert_eq!(all(&body), b"0123456789more");
    }
}
