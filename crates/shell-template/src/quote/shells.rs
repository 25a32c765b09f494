//! The shells that scripts are written for, and what each of them evaluates beyond its grammar: as data.
//!
//! Each row was tried with that shell, and `tests/shells/evaluated.rs` tries it again. A shell that is not listed here is
//! taken for all of them at once, and a warning says so.

use std::ffi::OsStr;
use std::ops::BitOr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A set of shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shells(u8);

impl Shells {
    /// The Debian Almquist shell.
    pub const DASH: Shells = Shells(1);
    /// The shell of GNU.
    pub const BASH: Shells = Shells(2);
    /// The one of busybox.
    pub const ASH: Shells = Shells(4);
    /// The `MirBSD` Korn shell.
    pub const MKSH: Shells = Shells(8);
    /// The Z shell, also where it is called `sh`.
    pub const ZSH: Shells = Shells(16);
    /// The Korn shell of 1993.
    pub const KSH93: Shells = Shells(32);
    /// Yet another shell.
    pub const YASH: Shells = Shells(64);
    /// All of them: what is taken for an unknown one.
    pub const ALL: Shells = Shells(127);

    /// Those with arrays, `[[` and `((` in their grammar.
    pub(super) const EXTENDED: Shells = Shells(2 + 8 + 16 + 32);
    /// Those with `[[` in their grammar.
    pub(super) const CONDITIONS: Shells = Shells(2 + 8 + 16 + 32 + 64);
    /// Those with `for ((…))`.
    pub(super) const COUNTING: Shells = Shells(2 + 16 + 32);
    /// Those with arrays.
    pub(super) const ARRAYS: Shells = Shells(2 + 8 + 16 + 32 + 64);

    pub(super) fn is_in(self, others: Shells) -> bool {
        self.0 & !others.0 == 0
    }

    pub(super) fn meets(self, others: Shells) -> bool {
        self.0 & others.0 != 0
    }
}

impl BitOr for Shells {
    type Output = Shells;

    fn bitor(self, other: Shells) -> Shells {
        Shells(self.0 | other.0)
    }
}

/// By what names of programs a shell is known.
const NAMES: &[(&str, Shells)] = &[
    ("dash", Shells::DASH),
    ("bash", Shells::BASH),
    ("rbash", Shells::BASH),
    ("busybox", Shells::ASH),
    ("mksh", Shells::MKSH),
    ("lksh", Shells::MKSH),
    ("zsh", Shells::ZSH),
    ("rzsh", Shells::ZSH),
    ("ksh93", Shells::KSH93),
    ("rksh93", Shells::KSH93),
    ("yash", Shells::YASH),
];

/// The shell that is to read a script.
#[derive(Clone, Debug)]
pub struct Shell {
    /// What it may be.
    pub kinds: Shells,
    /// Its name, where it is none of those that are known.
    pub unknown: Option<String>,
}

impl Default for Shell {
    fn default() -> Shell {
        Shell { kinds: Shells::ALL, unknown: None }
    }
}

impl Shell {
    /// The shell of this name, found at `place`. What a link leads to says which one it is, so `sh` is what the system
    /// takes for it.
    pub fn of(name: &[u8], place: Option<&Path>) -> Shell {
        let real = place.and_then(|place| place.canonicalize().ok());
        let last = |path: &Path| path.file_name().map(|name| name.as_bytes().to_vec()).unwrap_or_default();
        let given = last(Path::new(OsStr::from_bytes(name)));
        let known = real.iter().map(|path| last(path)).chain([given.clone()]).find_map(|name| kinds(&name));
        let unknown = (known.is_none() && given != b"sh").then(|| String::from_utf8_lossy(&given).into_owned());
        Shell { kinds: known.unwrap_or(Shells::ALL), unknown }
    }
}

/// `bash`, `bash5`, `zsh-5.9` and the like.
pub(super) fn kinds(name: &[u8]) -> Option<Shells> {
    let is_version = |rest: &[u8]| rest.iter().all(|byte| byte.is_ascii_digit() || b".-".contains(byte));
    let is = |known: &&(&str, Shells)| {
        let rest = name.strip_prefix(known.0.as_bytes());
        rest.is_some_and(|rest| is_version(rest) || rest.starts_with(b"-") || rest.starts_with(b"."))
    };
    NAMES.iter().find(is).map(|known| known.1)
}

/// How a variable's text is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// As arithmetic, when it is given.
    Integer,
    /// As words or code, later.
    Text,
}

/// Variables that a shell, or a program that it starts, evaluates.
#[derive(Debug)]
pub struct Variables {
    /// Their names.
    pub names: &'static [&'static str],
    /// The shells that evaluate them.
    pub shells: Shells,
    /// How they are evaluated.
    pub reads: Reads,
}

/// The variables that are evaluated.
#[rustfmt::skip]
pub const VARIABLES: &[Variables] = &[
    Variables {
        names: &["RANDOM", "OPTIND"],
        shells: Shells(2 + 8 + 16 + 32),
        reads: Reads::Integer,
    },
    // bash does so where another name stands for it.
    Variables { names: &["SECONDS"], shells: Shells(2 + 8 + 16 + 32), reads: Reads::Integer },
    Variables { names: &["COLUMNS", "LINES"], shells: Shells(8 + 16), reads: Reads::Integer },
    Variables { names: &["PPID"], shells: Shells(8 + 16 + 32), reads: Reads::Integer },
    Variables { names: &["TMOUT"], shells: Shells(8 + 32), reads: Reads::Integer },
    Variables { names: &["MAILCHECK", "SHLVL"], shells: Shells(16 + 32), reads: Reads::Integer },
    // Some, like this one, only where `+=` adds to it.
    Variables { names: &["HISTCMD"], shells: Shells(2 + 16 + 32), reads: Reads::Integer },
    Variables { names: &["SRANDOM"], shells: Shells::BASH, reads: Reads::Integer },
    Variables {
        names: &["KSHEGID", "KSHGID", "KSHUID", "PGRP", "PIPESTATUS", "USER_ID"],
        shells: Shells::MKSH,
        reads: Reads::Integer,
    },
    Variables { names: &["BASHPID"], shells: Shells(2 + 8), reads: Reads::Integer },
    Variables { names: &["LINENO"], shells: Shells(8 + 16 + 32), reads: Reads::Integer },
    Variables { names: &["JOBMAX"], shells: Shells::KSH93, reads: Reads::Integer },
    Variables {
        names: &[
            "ARGC", "DIRSTACKSIZE", "EGID", "ERRNO", "EUID", "FUNCNEST", "GID", "HISTSIZE", "KEYTIMEOUT", "LISTMAX",
            "REPORTMEMORY", "REPORTTIME", "SAVEHIST", "TRY_BLOCK_ERROR", "TRY_BLOCK_INTERRUPT", "UID",
            "TTYIDLE", "ZLE_RPROMPT_INDENT", "ZSH_SUBSHELL", "status",
        ],
        shells: Shells::ZSH,
        reads: Reads::Integer,
    },
    // The prompt of `set -x`.
    Variables { names: &["PS4"], shells: Shells::ALL, reads: Reads::Text },
    // Read by shells that prompt, and by those that the script starts.
    Variables { names: &["PS0", "PS1", "PS2", "PROMPT_COMMAND", "ENV", "BASH_ENV"], shells: Shells::ALL, reads: Reads::Text },
    Variables { names: &["PROMPT4"], shells: Shells::ZSH, reads: Reads::Text },
    Variables {
        names: &["functions", "dis_functions", "aliases", "dis_aliases", "galiases", "saliases", "commands"],
        shells: Shells::ZSH,
        reads: Reads::Text,
    },
    Variables { names: &["BASH_ALIASES"], shells: Shells::BASH, reads: Reads::Text },
    Variables {
        names: &["YASH_PS1", "YASH_PS2", "YASH_PS4", "PS4S", "YASH_PS4S"],
        shells: Shells::ALL,
        reads: Reads::Text,
    },
    Variables { names: &["COMMAND_NOT_FOUND_HANDLER", "YASH_AFTER_CD"], shells: Shells::YASH, reads: Reads::Text },
    // Read by programs that the script starts.
    Variables {
        names: &[
            "GIT_SSH_COMMAND", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND",
            "GIT_CONFIG_PARAMETERS", "GIT_ASKPASS", "LESSOPEN", "LESSCLOSE", "MANPAGER", "PAGER", "EDITOR", "VISUAL",
            "PERL5OPT", "PERL5DB", "RUBYOPT", "NODE_OPTIONS", "TAR_OPTIONS", "MAKEFLAGS", "RSYNC_RSH", "CVS_RSH",
        ],
        shells: Shells::ALL,
        reads: Reads::Text,
    },
];

/// Builtins that read arithmetic, or the names of variables, out of their words.
#[derive(Debug)]
pub struct Builtin {
    /// Their names.
    pub names: &'static [&'static str],
    /// The shells that evaluate their words.
    pub shells: Shells,
    /// Which words are evaluated.
    pub reads: Words,
}

/// Which words of a builtin are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// All of them.
    All,
    /// The first.
    First,
    /// Those beside a comparison of numbers.
    Compared,
    /// Those behind one of these options.
    Behind(&'static [&'static str]),
    /// The same, of the options that stand before the first other word.
    Leading(&'static [&'static str]),
    /// Those for which the format has a number, and all where the format is not known.
    Formatted,
    /// All where there is one of these options, behind which a format stands.
    FormattedBy(&'static [&'static str]),
    /// Those that give nothing to a variable of fixed name.
    Names,
}

/// What compares numbers.
pub const COMPARISONS: &[&str] = &["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

/// The builtins that evaluate their words.
#[rustfmt::skip]
pub const BUILTINS: &[Builtin] = &[
    Builtin { names: &["test", "["], shells: Shells(8 + 32), reads: Words::Compared },
    Builtin { names: &["test", "["], shells: Shells::ZSH, reads: Words::Behind(&["-t"]) },
    Builtin { names: &["test", "["], shells: Shells(2 + 8 + 16 + 32), reads: Words::Behind(&["-v", "-R"]) },
    // Where it is no part of the grammar.
    Builtin { names: &["[["], shells: Shells::ALL, reads: Words::Compared },
    Builtin { names: &["[["], shells: Shells::ALL, reads: Words::Behind(&["-v", "-R"]) },
    Builtin { names: &["shift"], shells: Shells(8 + 16 + 32), reads: Words::All },
    Builtin {
        names: &["break", "continue", "exit", "return", "logout", "bye"],
        shells: Shells(16 + 32),
        reads: Words::All,
    },
    Builtin { names: &["ulimit"], shells: Shells(8 + 32), reads: Words::All },
    Builtin { names: &["printf"], shells: Shells(16 + 32), reads: Words::Formatted },
    Builtin { names: &["print"], shells: Shells(16 + 32), reads: Words::FormattedBy(&["-f"]) },
    Builtin { names: &["printf", "print"], shells: Shells::ALL, reads: Words::Leading(&["-v"]) },
    Builtin { names: &["repeat"], shells: Shells::ZSH, reads: Words::First },
    Builtin {
        names: &["let", "unset", "read", "mapfile", "readarray", "getopts", "wait", "array"],
        shells: Shells::ALL,
        reads: Words::All,
    },
    Builtin {
        names: &["declare", "typeset", "local", "export", "readonly", "integer", "float", "nameref", "global"],
        shells: Shells::ALL,
        reads: Words::Names,
    },
];

/// How the shells among `shells` read this variable, if they evaluate it.
pub fn variable(name: &[u8], shells: Shells) -> Option<Reads> {
    let is = |row: &&Variables| row.shells.meets(shells) && row.names.iter().any(|known| known.as_bytes() == name);
    VARIABLES.iter().find(is).map(|row| row.reads)
}
