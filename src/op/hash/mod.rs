//! `hash`: the checksums of files, as the programs of coreutils and b3sum print them.
//!
//! This file is the operation; [`algorithm`] knows the hash functions and [`md5`] computes one of them, [`input`] knows
//! how a file is read, [`name`] how its name stands in a list of checksums, [`list`] and [`form`] how such a list is read,
//! [`check`] what is then done. A worker reads its files one after the other through one
//! buffer, and a large one may get help from [`subtrees`]: 10,000 small files cost it four system calls each and no allocation.

mod algorithm;
mod check;
mod form;
mod input;
mod list;
mod md5;
mod name;
mod subtrees;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};

use self::algorithm::Algorithm;
use self::check::Check;
use self::list::MadeBy;
use self::subtrees::Places;
use super::unreadable::Unreadable;
use super::{Blanks, Example, Kind, Map, Means, Operation, Param, Params, Remark, Setting, Words, Work};
use crate::base::item::{Chunk, Trees};
use crate::base::result::Results;

/// The operation.
pub(super) static HASH: Operation = Operation {
    name: "hash",
    summary: "the checksum of each file",
    about: "Prints the checksum of each file and its name, as b3sum, sha256sum and their like do. Items are paths; \
            - is standard input. A file that cannot be read fails and stops no other. With --check items are lines \
            of such lists, and the files that they name are checked.",
    examples: &[
        Example {
            command: "printf abc > a; parjob hash a",
            output: "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85  a\n",
        },
        Example {
            command: "printf abc | parjob hash --algorithm sha1 -",
            output: "a9993e364706816aba3e25717850c26c9cd0d89d  -\n",
        },
        Example {
            command: "mkdir d; touch d/a d/b; parjob hash --recursive d | parjob hash --check",
            output: "d/a: OK\nd/b: OK\n",
        },
    ],
    params: &[
        // Whether it was said matters to --check.
        Param::option("algorithm", "NAME", None, "blake3, the default, sha256, sha512, sha1, md5 or xxh3"),
        Param::flag("check", "Read lists of checksums from the FILEs, and check what they list").short('c'),
        Param::flag("ignore-missing", "With --check: pass over listed files that are not there"),
        Param::flag("strict", "With --check: fail if a line is improperly formatted"),
        Param::flag("warn", "With --check: name each line that is improperly formatted").short('w'),
        Param::flag("status", "With --check: print nothing; the exit status says how it went"),
        Param::flag("recursive", "Hash all files below a directory, in the order of their paths"),
    ],
    blanks: Blanks::Kept,
    kind: Kind::InProcess { words, prepare },
};

fn words(params: &Params) -> Words {
    match (params.flag("check"), params.flag("recursive")) {
        (true, _) => Words::Lists,
        (false, true) => Words::Trees(Trees::default()),
        (false, false) => Words::Paths,
    }
}

fn prepare(params: &Params, setting: &Setting) -> Result<Work> {
    let named = params.flag("algorithm").then(|| params.text("algorithm"));
    let given = named.map(|name| match Algorithm::find(name) {
        Some(algorithm) => Ok(algorithm),
        None => bail!("--algorithm {name:?} is none of {}", Algorithm::names().join(", ")),
    });
    let given = given.transpose()?;
    let check = params.flag("check");
    if check && params.flag("recursive") {
        bail!("--check reads lists of checksums; --recursive has nothing to do there");
    }
    for name in ["ignore-missing", "strict", "warn", "status"] {
        if params.flag(name) && !check {
            bail!("--{name} is for --check");
        }
    }
    if check {
        return Ok(Work::Map(Arc::new(Check::new(given, params, setting))));
    }
    let algorithm = given.unwrap_or(Algorithm::Blake3);
    Ok(Work::Map(Arc::new(Hash { algorithm, reader: Reader::new(setting.clone()) })))
}

struct Hash {
    algorithm: Algorithm,
    reader: Reader,
}

impl Map for Hash {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        self.reader.with_buffer(|buffer| {
            for item in chunk.items() {
                match self.reader.digest(self.algorithm, item, buffer) {
                    Ok(digest) => {
                        name::push_line(digest.as_hex(), item, &mut results.bytes);
                        results.end();
                    }
                    Err(why) => results.fail(why.into()),
                }
            }
        });
    }

    fn remarks(&self) -> Vec<Remark> {
        self.reader.remarks()
    }
}

/// Reads files for one worker at a time, through buffers that are used again.
struct Reader {
    setting: Setting,
    buffers: Mutex<Vec<Vec<u8>>>,
    places: Places,
    /// Standard input has one reader at a time: who comes later finds it at its end.
    stdin: Mutex<()>,
    /// It was asked for, but there is none.
    lacks_stdin: AtomicBool,
}

impl Reader {
    fn new(setting: Setting) -> Reader {
        let places = Places::new(setting.jobs);
        Reader {
            setting,
            buffers: Mutex::default(),
            places,
            stdin: Mutex::default(),
            lacks_stdin: AtomicBool::default(),
        }
    }

    /// Lends a buffer, and a place to work at.
    fn with_buffer(&self, work: impl FnOnce(&mut [u8])) {
        let _place = self.places.sit();
        let lock = || self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = lock().pop().unwrap_or_else(|| vec![0; input::BUFFER]);
        work(&mut buffer);
        lock().push(buffer);
    }

    /// The digest of the file of that name.
    fn digest(&self, algorithm: Algorithm, path: &[u8], buffer: &mut [u8]) -> Result<algorithm::Digest, Unreadable> {
        self.with_file(path, |file| algorithm.digest(file, buffer, &self.places))
    }

    /// By which of these algorithms the file of that name has this digest; `None`: by none. The likely one is tried
    /// first.
    fn verify(
        &self,
        made_by: MadeBy,
        likely: Option<Algorithm>,
        hex: &[u8],
        (path, buffer): (&[u8], &mut [u8]),
    ) -> Result<Option<Algorithm>, Unreadable> {
        let all = made_by.all();
        let likely = likely.filter(|likely| all.contains(likely)).into_iter();
        let mut in_turn = likely.clone().chain(all.iter().copied().filter(|one| likely.clone().all(|it| it != *one)));
        let is_it = |digest: &algorithm::Digest| digest.as_hex().as_bytes() == hex;
        self.with_file(path, |file| {
            // What cannot be read again is read by both at one time.
            if all.len() > 1 && file.size().is_none() {
                let digests = algorithm::blake3_and_sha256(file, buffer)?;
                return Ok(all.iter().zip(&digests).find(|(_, digest)| is_it(digest)).map(|(algorithm, _)| *algorithm));
            }
            let mut again = false;
            in_turn.try_fold(None, |found, algorithm| {
                if found.is_some() {
                    return Ok(found);
                }
                if std::mem::replace(&mut again, true) {
                    file.rewind()?;
                }
                let digest = algorithm.digest(file, buffer, &self.places)?;
                Ok(is_it(&digest).then_some(algorithm))
            })
        })
    }

    /// Opens the file of that name for `work`.
    fn with_file<T>(
        &self,
        path: &[u8],
        work: impl FnOnce(&input::File) -> Result<T, rustix::io::Errno>,
    ) -> Result<T, Unreadable> {
        if path == b"-" {
            Unreadable::check_stdin(self.setting.source.reads_stdin()).inspect_err(|why| {
                self.lacks_stdin.fetch_or(*why != Unreadable::StdinTaken, Ordering::Relaxed);
            })?;
        }
        let _turn = (path == b"-").then(|| self.stdin.lock().unwrap_or_else(PoisonError::into_inner));
        let read = input::File::open(path).and_then(|file| work(&file));
        read.map_err(|errno| Unreadable::System(errno.raw_os_error()))
    }

    /// What is to be said of all files together.
    fn remarks(&self) -> Vec<Remark> {
        let lacks_stdin = self.lacks_stdin.load(Ordering::Relaxed);
        let text = || "standard input is closed, and - stands for it".to_string();
        lacks_stdin.then(|| Remark { text: text(), means: Means::Broken }).into_iter().collect()
    }
}
