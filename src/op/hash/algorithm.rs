//! The hash functions: their names, and the digest of a file by each of them.
//!
//! The crates behind them choose the processor's own instructions (SHA extensions, AVX2, AVX-512) while running. MD5,
//! which has none, is a kernel of parjob's own ([`super::md5`]).

use rustix::io::Errno;

use super::input::File;
use super::md5::Md5;
use super::subtrees::{self, Places};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Blake3,
    Sha256,
    Sha512,
    Sha1,
    Md5,
    Xxh3,
}

/// A hash function, described.
struct Entry {
    algorithm: Algorithm,
    /// The word after `--algorithm`.
    name: &'static str,
    /// What begins a line of the BSD form, and the name that OpenSSL gives it there.
    tags: [&'static str; 2],
    /// The bytes of its digest.
    size: usize,
}

const ENTRIES: [Entry; 6] = [
    Entry { algorithm: Algorithm::Blake3, name: "blake3", tags: ["BLAKE3"; 2], size: 32 },
    Entry { algorithm: Algorithm::Sha256, name: "sha256", tags: ["SHA256", "SHA2-256"], size: 32 },
    Entry { algorithm: Algorithm::Sha512, name: "sha512", tags: ["SHA512", "SHA2-512"], size: 64 },
    Entry { algorithm: Algorithm::Sha1, name: "sha1", tags: ["SHA1", "SHA-1"], size: 20 },
    Entry { algorithm: Algorithm::Md5, name: "md5", tags: ["MD5"; 2], size: 16 },
    Entry { algorithm: Algorithm::Xxh3, name: "xxh3", tags: ["XXH3"; 2], size: 8 },
];

impl Algorithm {
    /// The one of that name.
    pub(super) fn find(name: &str) -> Option<Algorithm> {
        ENTRIES.iter().find(|entry| entry.name == name).map(|entry| entry.algorithm)
    }

    /// The names of them all.
    pub(super) fn names() -> [&'static str; ENTRIES.len()] {
        ENTRIES.map(|entry| entry.name)
    }

    /// Those whose digests have so many hexadecimal digits, the one that `hash` itself takes first.
    pub(super) fn of_len(digits: usize) -> &'static [Algorithm] {
        match digits {
            16 => &[Algorithm::Xxh3],
            32 => &[Algorithm::Md5],
            40 => &[Algorithm::Sha1],
            64 => &[Algorithm::Blake3, Algorithm::Sha256],
            128 => &[Algorithm::Sha512],
            _ => &[],
        }
    }

    /// Itself as the only one.
    pub(super) fn alone(self) -> &'static [Algorithm] {
        const EACH: [Algorithm; ENTRIES.len()] =
            [Algorithm::Blake3, Algorithm::Sha256, Algorithm::Sha512, Algorithm::Sha1, Algorithm::Md5, Algorithm::Xxh3];
        EACH.iter().find(|one| **one == self).map_or(&[], std::slice::from_ref)
    }

    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        ENTRIES.iter().find(|entry| entry.algorithm == self).map_or("", |entry| entry.name)
    }

    /// The one whose tag begins a line, and the rest of the line.
    pub(super) fn with_tag(line: &[u8]) -> Option<(Algorithm, &[u8])> {
        let (tag, rest) = line.split_at(line.iter().take_while(|byte| !matches!(byte, b' ' | b'(')).count());
        let has = |entry: &&Entry| entry.tags.iter().any(|one| one.as_bytes() == tag);
        Some((ENTRIES.iter().find(has)?.algorithm, rest))
    }

    /// Algorithms whose digests have so many hexadecimal digits, none of which parjob has.
    pub(super) fn others_of_len(digits: usize) -> &'static str {
        match digits {
            16 => "XXH64 (xxhsum)",
            32 => "XXH128, MD4 or BLAKE2 of 128 bits",
            40 => "RIPEMD-160 or BLAKE2 of 160 bits",
            56 => "SHA-224",
            64 => "BLAKE2 of 256 bits, SHA3-256 or SM3",
            96 => "SHA-384",
            128 => "BLAKE2b (b2sum), SHA3-512 or Whirlpool",
            _ => "",
        }
    }

    /// How many hexadecimal digits its digests have.
    pub(super) fn hex_len(self) -> usize {
        ENTRIES.iter().find(|entry| entry.algorithm == self).map_or(0, |entry| entry.size * 2)
    }

    /// The digest of the rest of the file.
    pub(super) fn digest(self, file: &File, buffer: &mut [u8], places: &Places) -> Result<Digest, Errno> {
        match self {
            Algorithm::Blake3 => blake3(file, buffer, places),
            Algorithm::Sha256 => digest::<sha2::Sha256>(file, buffer),
            Algorithm::Sha512 => digest::<sha2::Sha512>(file, buffer),
            Algorithm::Sha1 => digest::<sha1::Sha1>(file, buffer),
            Algorithm::Md5 => {
                let mut hasher = Md5::new();
                file.read_all(buffer, |bytes| hasher.update(bytes))?;
                Ok(Digest::new(&hasher.finish()))
            }
            Algorithm::Xxh3 => {
                let mut hasher = twox_hash::XxHash3_64::new();
                file.read_all(buffer, |bytes| std::hash::Hasher::write(&mut hasher, bytes))?;
                Ok(Digest::new(&std::hash::Hasher::finish(&hasher).to_be_bytes()))
            }
        }
    }
}

/// BLAKE3: a large file by several threads, where there are some.
fn blake3(file: &File, buffer: &mut [u8], places: &Places) -> Result<Digest, Errno> {
    let n = file.read(buffer)?;
    // Nothing is asked about files that are small.
    if n == buffer.len()
        && let Some(size) = file.size().filter(|size| *size >= subtrees::LARGE)
    {
        file.read_ahead();
        if let Some(hash) = subtrees::hash(file, size, places)? {
            return Ok(Digest::new(hash.as_bytes()));
        }
        // It was cut short meanwhile: what is left of it, as any other program reads it.
    }
    let mut hasher = blake3::Hasher::new();
    file.read_on(n, buffer, |bytes| _ = hasher.update(bytes))?;
    Ok(Digest::new(hasher.finalize().as_bytes()))
}

/// BLAKE3 and SHA-256, in that order, of what can be read only once.
pub(super) fn blake3_and_sha256(file: &File, buffer: &mut [u8]) -> Result<[Digest; 2], Errno> {
    let (mut one, mut other) = (blake3::Hasher::new(), sha2::Sha256::default());
    file.read_all(buffer, |bytes| {
        one.update(bytes);
        sha2::Digest::update(&mut other, bytes);
    })?;
    Ok([Digest::new(one.finalize().as_bytes()), Digest::new(&sha2::Digest::finalize(other))])
}

fn digest<H: sha2::Digest>(file: &File, buffer: &mut [u8]) -> Result<Digest, Errno> {
    let mut hasher = H::new();
    file.read_all(buffer, |bytes| hasher.update(bytes))?;
    Ok(Digest::new(&hasher.finalize()))
}

/// A digest as text.
pub(super) struct Digest {
    hex: [u8; Digest::LONGEST],
    len: usize,
}

impl Digest {
    /// The hexadecimal digits of SHA-512.
    const LONGEST: usize = 128;

    /// The digest of these bytes, at most 64.
    pub(super) fn new(bytes: &[u8]) -> Digest {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; Digest::LONGEST];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Digest { hex, len: bytes.len() * 2 }
    }

    /// Its hexadecimal digits, in lower case.
    pub(super) fn as_hex(&self) -> &str {
        // Digits are UTF-8.
        std::str::from_utf8(&self.hex[..self.len]).unwrap_or_default()
    }
}
