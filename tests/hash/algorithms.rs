//! `hash --check` of lists that others made, without being told of the algorithm.

use crate::harness::{has, parjob, shell};

const FILES: &str = "printf abc > a; printf b > b; printf c > 'c d'; printf 'new' > 'new\nline'; ";
const OK: &str = "a: OK\nb: OK\nc d: OK\n\\new\\nline: OK\n";
const PEERS: [(&str, &str); 5] =
    [("sha256sum", "sha256"), ("sha512sum", "sha512"), ("sha1sum", "sha1"), ("md5sum", "md5"), ("parjob hash", "")];

#[test]
fn n6_the_algorithm_of_a_list_is_found_out() {
    for (program, name) in PEERS {
        if !name.is_empty() && !has(program) {
            continue;
        }
        // As it is, in binary mode, in upper case, from Windows, with one blank.
        for change in ["cat", "sed 's/  / */'", "sed 's/^[\\\\0-9a-f]*/\\U&/'", "sed 's/$/\\r/'", "sed 's/  / /'"] {
            for check in ["--check", "-c", "--jobs 3 --chunk 1 -c"] {
                let script = format!("{FILES} {program} * | {change} > ../list; parjob hash {check} ../list");
                let done = shell(&format!("mkdir in; cd in; {script}")).run().prints(OK).succeeds();
                if name.is_empty() {
                    done.is_silent();
                } else {
                    done.says(&format!("parjob: ../list: the checksums are of {name}\n"));
                }
            }
        }
    }
}

#[test]
fn n6_lists_may_be_mixed_and_tags_say_it_themselves() {
    let script = format!(
        "{FILES} for p in 'sha256sum' 'md5sum' 'parjob hash' 'sha512sum' 'sha1sum' 'sha256sum --tag' 'md5sum --tag'; do \
         $p a b; done > list; parjob hash --algorithm xxh3 a >> list; parjob hash -c list"
    );
    let done = shell(&script).run().prints([&"a: OK\nb: OK\n".repeat(7), "a: OK\n"].concat()).succeeds();
    done.says("list: the checksums are of blake3 and md5 and sha1 and sha256 and sha512 and xxh3\n");
    let tagged = format!("{FILES} sha256sum --tag a b > list; parjob hash -c list");
    shell(&tagged).run().prints("a: OK\nb: OK\n").is_silent().succeeds();
    let two = format!("{FILES} sha256sum a > S; md5sum b > M; parjob hash a > B; parjob hash -c S M B");
    let done = shell(&two).run().prints("a: OK\nb: OK\na: OK\n").succeeds();
    done.says("S: the checksums are of sha256\n").says("M: the checksums are of md5\n").never_says("B: ");
}

#[test]
fn n6_a_file_that_is_unlike_by_each_is_told_so() {
    let script = format!("{FILES} sha256sum a b > list; printf x > a; parjob hash -c list");
    let done = shell(&script).run().prints("a: FAILED\nb: OK\n").status(1);
    done.says("names \"a\", which has another checksum, by blake3 and sha256")
        .says("1 computed checksum did NOT match");
    let script = format!("{FILES} md5sum a > list; printf x > a; parjob hash -c list");
    shell(&script).run().prints("a: FAILED\n").says("has another checksum, by md5").status(1);
    // A large file is read again from its beginning.
    let script = "head -c 30000000 /dev/zero > z; sha256sum z > list; parjob hash -c list";
    shell(script).run().prints("z: OK\n").succeeds();
}

#[test]
fn n6_an_algorithm_that_is_given_stays_in_force() {
    let check = |list: &str, given: &str| {
        shell(&format!("{FILES} {list} a > list; parjob hash --algorithm {given} --check list")).run()
    };
    check("sha256sum", "blake3").prints("a: FAILED\n").says("which has another checksum\n").status(1);
    check("parjob hash", "sha256").prints("a: FAILED\n").status(1);
    check("md5sum", "sha256").prints("").says("no properly formatted checksum lines found").status(1);
    check("sha256sum --tag", "md5").prints("").says("no properly formatted").status(1);
    check("sha256sum", "sha256").prints("a: OK\n").is_silent().succeeds();
}

#[test]
fn n6_strict_warn_and_status_are_those_of_coreutils() {
    let list = format!("{FILES} sha256sum a b > list; echo bad >> list; echo 0123 x >> list; ");
    let run = |options: &str| shell(&format!("{list} parjob hash -c {options} list")).run();
    run("").prints("a: OK\nb: OK\n").says("WARNING: 2 lines are improperly formatted").succeeds();
    run("--strict").prints("a: OK\nb: OK\n").says("WARNING: 2 lines are improperly formatted").status(1);
    let done = run("--warn").prints("a: OK\nb: OK\n").says("list: 3: improperly formatted checksum line").succeeds();
    done.says("list: 4: improperly formatted checksum line");
    run("-w --quiet").prints("").says("list: 3: improperly").never_says("checksums are of").succeeds();
    run("--status").prints("").is_silent().succeeds();
    run("--status --strict").prints("").status(1);
    let wrong = shell(&format!("{list} printf x > a; parjob hash -c --status list")).run();
    wrong.prints("").is_silent().status(1);
    for option in ["strict", "warn", "status", "ignore-missing"] {
        let done = parjob(&format!("hash --{option} a")).run().prints("");
        done.says(&format!("--{option} is for --check")).status(2);
    }
    // Elsewhere the letter has its other meaning.
    parjob("square -c 2 1 2 3").run().prints("1\n4\n9\n").succeeds();
    parjob("hash --chunk 2 none").run().prints("").status(1);
}

#[test]
fn n6_an_algorithm_that_is_not_there_is_named() {
    let lists = [
        ("sha224sum", "SHA-224"),
        ("sha384sum", "SHA-384"),
        ("b2sum --tag", "BLAKE2b"),
        ("b2sum -l 256 --tag", "BLAKE2b-256"),
        ("sha384sum --tag", "SHA384"),
        ("openssl dgst -sha3-256", "SHA3-256"),
        ("openssl dgst -sha512-256", "SHA2-512/256"),
    ];
    for (program, name) in lists {
        if !has(program.split(' ').next().unwrap()) {
            continue;
        }
        let done = shell(&format!("{FILES} {program} a b > list; parjob hash -c list")).run().prints("").status(1);
        done.says("list: no properly formatted checksum lines found\n")
            .says(&format!("warning: list: 2 lines are of {name}, which is not supported; parjob has blake3, sha256"));
        let mixed = format!("{FILES} sha256sum a > list; {program} b >> list; parjob hash -c");
        let done = shell(&format!("{mixed} list")).run().prints("a: OK\n").succeeds();
        done.says("1 line is improperly formatted").says(&format!("warning: list: 1 line is of {name}, which is not"));
        shell(&format!("{mixed} --status list")).run().prints("").is_silent().succeeds();
        shell(&format!("{mixed} --strict list")).run().prints("a: OK\n").status(1);
    }
}

#[test]
fn n6_files_that_all_differ_may_be_of_another_algorithm() {
    let lists = [
        ("b2sum", 128, "BLAKE2b (b2sum)"),
        ("b2sum -l 256", 64, "BLAKE2 of 256 bits"),
        ("b2sum -l 160", 40, "BLAKE2 of 160 bits"),
        ("xxhsum -H2", 32, "XXH128"),
        ("xxhsum -H1", 16, "XXH64 (xxhsum)"),
    ];
    for (program, digits, others) in lists {
        if !has(program.split(' ').next().unwrap()) {
            continue;
        }
        let list = format!("{FILES} {program} a b > list 2>seen; ");
        let done = shell(&format!("{list} parjob hash -c list")).run().prints("a: FAILED\nb: FAILED\n").status(1);
        done.says(&format!("warning: list: 2 of 2 checksums of {digits} digits match by none")).says(others);
        // One that matches tells that the algorithm is the one, and the others are damaged.
        let own = if digits == 64 { "sha256sum" } else { "sha512sum" };
        let more = format!("{FILES} {own} a b 'c d' > list; printf x > a; parjob hash -c list");
        shell(&more).run().prints("a: FAILED\nb: OK\nc d: OK\n").never_says("may be well").status(1);
        shell(&format!("{list} parjob hash -c --status list")).run().prints("").is_silent().status(1);
    }
}

#[test]
fn n6_the_names_of_openssl_are_understood() {
    if !has("openssl") {
        return;
    }
    for name in ["sha256", "sha512", "sha1", "md5"] {
        for given in ["", &format!("--algorithm {name}")] {
            let script = format!("{FILES} openssl dgst -{name} a b > list; parjob hash {given} -c list");
            shell(&script).run().prints("a: OK\nb: OK\n").is_silent().succeeds();
        }
    }
    for name in ["SHA2-256", "SHA256", "SHA2-512", "SHA512", "SHA1", "MD5"] {
        let digits = match name {
            "MD5" => 32,
            "SHA1" => 40,
            name if name.ends_with("256") => 64,
            _ => 128,
        };
        let list = format!("{name}(one)= {}\n", "0".repeat(digits));
        parjob("hash -c list").file("list", list).file("one", "1").run().prints("one: FAILED\n").status(1);
    }
}
