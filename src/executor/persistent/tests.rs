//! What would take a minute from outside: a process that is never ready.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use super::*;
use crate::base::buffer::BufferPool;
use crate::base::chunk::{Chunking, Content};
use crate::base::item::{Attempt, Fields};
use crate::output;

/// A worker whose processes sleep, and are to be ready within so long.
fn asleep(start_limit: Duration) -> Team {
    let mut words = Words::default();
    words.push(b"sleep");
    words.push(b"1000");
    let options = output::Options { format: "text", tag: false, file: None };
    Team {
        program: c"/bin/sleep".into(),
        words,
        environment: Words::default(),
        protocol: Box::new(|_| Ok(Box::new(Lines::new(Some(b"init".to_vec()))))),
        jobs: 1,
        one_by_one: false,
        timeout: None,
        patience: None,
        start_limit: Some(start_limit),
        grace: Duration::from_secs(1),
        nice: 0,
        recycle: None,
        recycle_rss: None,
        format: output::format(&options),
        tell: 1,
        again: Again::default(),
        quota: None,
        room: Room::new(1 << 20, std::env::temp_dir()),
        spares: Spares::new(1 << 20),
        clock: Arc::default(),
        stations: Arc::default(),
        guard: None,
        strays: None,
        ring: Box::new(|_| {}),
    }
}

#[test]
fn a_process_that_is_never_ready_could_not_start() {
    let mut pool = Pool::new(asleep(Duration::from_millis(20)));
    let mut bytes = BufferPool::new(1 << 20).borrow(2).unwrap();
    bytes.copy_from_slice(b"1\n");
    let content =
        Content { first: Seq::FIRST, items: 1, len: 2, delimiter: b'\n', fields: Fields::One, faults: Vec::new() };
    pool.start(Block::new(bytes, content, Chunking::Auto, Attempt::FIRST));
    let error = loop {
        let found = pool.collect().into_iter().find_map(|delivery| match delivery {
            Delivery::Broken(error) => Some(error.to_string()),
            _ => None,
        });
        match found {
            Some(error) => break error,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert_eq!(
        error,
        "workers cannot start: 3 in a row ended before their first answer; the last was not ready within 20ms"
    );
}
