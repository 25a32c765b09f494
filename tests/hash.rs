//! `hash`: what it prints is what coreutils and b3sum print, byte for byte; what cannot be read fails alone.

mod algorithms;
mod check;
mod recursive;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Test, has, parjob, shell};

/// The programs of coreutils and the algorithms that they stand for.
const PEERS: [(&str, &str); 4] =
    [("sha256", "sha256sum"), ("sha512", "sha512sum"), ("sha1", "sha1sum"), ("md5", "md5sum")];

/// Names that a list of checksums must escape, or must not.
const HOSTILE: [&[u8]; 12] = [
    b"plain",
    b"two words ",
    b" leading",
    b"new\nline",
    b"back\\slash",
    b"carriage\rreturn",
    b"\\n",
    b"-dash",
    b"--check",
    b"\xff\xfenot utf-8",
    b"star*and'quote\"",
    "日本語".as_bytes(),
];

/// What the program prints in this folder.
fn output(program: &str, args: &[&OsStr], dir: &Path) -> Vec<u8> {
    Command::new(program).args(args).current_dir(dir).stderr(Stdio::null()).output().unwrap().stdout
}

fn hostile_names() -> Vec<OsString> {
    HOSTILE.iter().map(|name| OsString::from_vec(name.to_vec())).collect()
}

/// Files of these names, each of another content.
fn with_files(test: Test, names: &[OsString]) -> Test {
    for (n, name) in names.iter().enumerate() {
        std::fs::write(test.dir().join(name), vec![b'x'; n * 1000]).unwrap();
    }
    test
}

/// The bytes of the test vectors of BLAKE3: 0, 1, … 250, 0, 1, …
fn blake3_input(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

/// Bytes that do not repeat.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

mod digests {
    use super::*;

    #[test]
    fn those_of_nothing_and_of_abc_are_the_published_ones() {
        let known = [
            ("blake3", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            ("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("md5", "d41d8cd98f00b204e9800998ecf8427e"),
            ("xxh3", "2d06800538d394c2"),
        ];
        for (algorithm, digest) in known {
            let test = parjob(&format!("hash --algorithm {algorithm} empty")).file("empty", "");
            test.run().prints(format!("{digest}  empty\n")).is_silent().succeeds();
        }
        let known = [
            ("blake3", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("xxh3", "78af5f94892f3950"),
        ];
        for (algorithm, digest) in known {
            let test = parjob(&format!("hash --algorithm {algorithm} -")).input("abc");
            test.run().prints(format!("{digest}  -\n")).is_silent().succeeds();
        }
    }

    #[test]
    fn blake3_gives_its_test_vectors() {
        // github.com/BLAKE3-team/BLAKE3, test_vectors/test_vectors.json: the first 32 bytes of `hash`.
        let vectors = [
            (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
            (1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"),
            (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
            (1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"),
            (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
        ];
        for (len, digest) in vectors {
            let test = parjob("hash file").file("file", blake3_input(len));
            test.run().prints(format!("{digest}  file\n")).succeeds();
        }
    }
}

mod as_coreutils {
    use super::*;

    #[test]
    fn hostile_names_are_printed_byte_for_byte() {
        let names = hostile_names();
        for (algorithm, program) in PEERS {
            if !has(program) {
                continue;
            }
            let test = with_files(parjob(&format!("hash --jobs 3 --algorithm {algorithm} :::")).args(&names), &names);
            let args: Vec<&OsStr> =
                [OsStr::new("--")].into_iter().chain(names.iter().map(OsString::as_os_str)).collect();
            let expected = output(program, &args, test.dir());
            assert_eq!(expected.iter().filter(|byte| **byte == b'\n').count(), names.len());
            test.run().prints(expected).is_silent().succeeds();
        }
    }

    #[test]
    fn names_come_from_find_by_nul_bytes() {
        if !has("sha256sum") {
            return;
        }
        let names = hostile_names();
        let script = "find . -type f -print0 | sort -z > ../list; \
                      parjob -0 hash --algorithm sha256 < ../list > ../got; \
                      xargs -0 sha256sum < ../list > ../expected; cmp ../got ../expected && wc -l < ../got";
        let test = shell(&format!("mkdir in; mv -- * in 2>/dev/null; cd in; {script}"));
        with_files(test, &names).run().prints("12\n").succeeds();
    }

    #[test]
    fn files_of_all_sizes() {
        let sizes = [1, 55, 56, 63, 64, 111, 112, 127, 128, 131_071, 131_072, 131_073, 262_144, 1_000_000];
        let names: Vec<String> = sizes.iter().map(|size| format!("f{size}")).collect();
        for (algorithm, program) in PEERS {
            if !has(program) {
                continue;
            }
            let test = parjob(&format!("hash --algorithm {algorithm}")).args(&names);
            let test = sizes.iter().zip(&names).fold(test, |test, (size, name)| test.file(name, noise(*size)));
            let args: Vec<&OsStr> = names.iter().map(OsStr::new).collect();
            let expected = output(program, &args, test.dir());
            test.run().prints(expected).is_silent().succeeds();
        }
    }
}

mod failures {
    use super::*;

    #[test]
    fn what_cannot_be_read_fails_alone_with_the_reason() {
        let test = parjob("hash --algorithm md5 a no-such folder b").file("a", "").file("b", "");
        std::fs::create_dir(test.dir().join("folder")).unwrap();
        let empty = "d41d8cd98f00b204e9800998ecf8427e";
        let done = test.run().prints(format!("{empty}  a\n{empty}  b\n")).counts(4, 2, 2, 0).status(1);
        done.says("item 2: \"no-such\" cannot be read: No such file or directory")
            .says("item 3: \"folder\" is a directory");
    }

    #[test]
    fn nobody_may_read_it() {
        // Root may read everything, so it runs it as nobody.
        let script = "printf x > shut; chmod 000 shut; printf y > open; chmod 755 .; hash='parjob hash --algorithm md5 shut open'; \
                      if test \"$(id -u)\" != 0; then $hash; \
                      else cp \"$(command -v parjob)\" .; PATH=$PWD:$PATH setpriv --reuid 65534 --clear-groups $hash; fi";
        if !has("setpriv") {
            return;
        }
        let done = shell(script).run();
        done.prints("415290769594460e2e485922904f345d  open\n").says("\"shut\" cannot be read: Permission denied");
    }

    #[test]
    fn a_read_that_fails_is_told_too() {
        if Path::new("/proc/self/mem").exists() {
            let done = parjob("hash /proc/self/mem /dev/null").run();
            done.says("\"/proc/self/mem\" cannot be read: Input/output error").counts(2, 1, 1, 0).status(1);
        }
    }

    #[test]
    fn names_that_cannot_be() {
        let done = parjob("hash").input("\na\0b\n").run().prints("").counts(2, 0, 2, 0).status(1);
        done.says("item 1: \"\" cannot be read: No such file")
            .says("item 2: \"a\\u{0}b\" cannot be read: Invalid argument");
    }

    #[test]
    fn standard_input_cannot_be_the_list_and_an_item() {
        let done = parjob("hash --algorithm md5").input("-\n/dev/null\n").run();
        done.prints("d41d8cd98f00b204e9800998ecf8427e  /dev/null\n")
            .says("item 1: \"-\" is standard input, from which the items are read")
            .status(1);
    }

    #[test]
    fn i8_standard_input_that_is_closed_is_not_an_empty_file() {
        let done = shell("parjob hash - /dev/null <&-").run().status(3);
        let done = done.says("parjob: standard input is closed").says("\"-\" cannot be read: Bad file descriptor");
        assert!(String::from_utf8_lossy(done.stdout()).ends_with("  /dev/null\n"), "{}", done.story());
        shell("parjob hash <&-").run().prints("").says("standard input is closed").status(3);
    }

    #[test]
    fn standard_input_is_read_once() {
        let test = parjob("--jobs 4 --chunk 1 --unordered hash --algorithm md5 - - - -").input(noise(3 << 20));
        let done = test.run().is_silent().succeeds();
        let text = String::from_utf8_lossy(done.stdout()).into_owned();
        let empty = text.lines().filter(|line| *line == "d41d8cd98f00b204e9800998ecf8427e  -").count();
        let whole = text.lines().filter(|line| *line == "d4b2b6cd6465eb9783087e49dce4292a  -").count();
        assert_eq!((empty, whole), (3, 1), "{text}");
    }

    #[test]
    fn an_algorithm_that_does_not_exist_is_refused() {
        let message = "--algorithm \"crc32\" is none of blake3, sha256, sha512, sha1, md5, xxh3";
        parjob("hash --algorithm crc32 a").run().prints("").says(message).status(2);
    }
}

mod runs {
    use super::*;

    #[test]
    fn jsonl_has_the_items_and_their_failures() {
        let name = OsStr::from_bytes(b"\xff");
        let test = parjob("--quiet --format jsonl hash --algorithm md5 a none").file("a", "").arg(name);
        std::fs::write(test.dir().join(name), "").unwrap();
        let done = test.run().status(1);
        let text = String::from_utf8_lossy(done.stdout()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let digest = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(lines[0], format!(r#"{{"v":1,"seq":1,"item":"a","ok":true,"result":"{digest}  a"}}"#));
        assert!(
            lines[1]
                .starts_with(r#"{"v":1,"seq":2,"item":"none","ok":false,"error":"\"none\" cannot be read: No such"#)
        );
        assert!(lines[2].starts_with(r#"{"v":1,"seq":3,"item":{"b64":"/w=="},"ok":true,"result":{"b64":""#));
    }

    #[test]
    fn every_schedule_gives_the_same() {
        let names: Vec<String> = (0..200).map(|n| format!("f{n}")).collect();
        let run = |schedule: &str| {
            let test = parjob(&format!("{schedule} hash")).args(&names);
            let test = names.iter().enumerate().fold(test, |test, (n, name)| test.file(name, vec![b'x'; n * 17]));
            test.run().is_silent().succeeds().stdout().to_vec()
        };
        let first = run("--jobs 1");
        assert_eq!(first.iter().filter(|byte| **byte == b'\n').count(), 200);
        for schedule in ["--jobs 2 --chunk 1", "--jobs 7 --chunk 3", "--jobs 4"] {
            assert_eq!(run(schedule), first, "{schedule}");
        }
    }

    #[test]
    fn a_large_file_has_the_same_hash_on_any_number_of_workers() {
        // 8 MiB and more get helpers. Standard input is read by one thread from its beginning to its end.
        let sizes = [(8 << 20) - 1, 8 << 20, (8 << 20) + 1, (20 << 20) + 12_345];
        let names: Vec<String> = sizes.iter().map(|size| format!("f{size}")).collect();
        let script = format!("for f in {}; do parjob hash - < $f; done | cut -c -64 > one; ", names.join(" "))
            + &format!("for j in 1 2 5; do parjob --jobs $j hash {} | cut -c -64 | cmp - one; done; ", names.join(" "))
            + "parjob --jobs 2 hash f* > list; parjob --jobs 3 hash --check list | wc -l; sort -u one | wc -l";
        let test = sizes.iter().zip(&names).fold(shell(&script), |test, (size, name)| test.file(name, noise(*size)));
        test.run().prints("4\n4\n").is_silent().succeeds();
    }

    #[test]
    fn a_large_file_has_the_hash_that_b3sum_gives() {
        if has("b3sum") {
            let test = shell("b3sum big > theirs; parjob --jobs 4 hash big | cmp - theirs && echo same");
            test.file("big", noise(30 << 20)).run().prints("same\n").succeeds();
        }
    }

    #[test]
    fn a_fifo_and_a_device_are_read_as_they_are() {
        let script = "mkfifo pipe; printf abc > pipe & parjob hash --algorithm md5 pipe /dev/null; wait";
        let expected = "900150983cd24fb0d6963f7d28e17f72  pipe\nd41d8cd98f00b204e9800998ecf8427e  /dev/null\n";
        shell(script).run().prints(expected).is_silent().succeeds();
    }
}
