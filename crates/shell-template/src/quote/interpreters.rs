//! Programs that take code, and where they take it: as data.
//!
//! `tests/shells/evaluated.rs` tries each row. Where a program runs another one, that is looked at in turn, so that
//! `sudo timeout 5 sh -c …` is the shell's row. A program that is not listed takes words.

/// Where a program takes code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Behind one of these options, or joined to it: `-e CODE`, `-ne CODE`, `-eCODE`, `--eval CODE`, `--eval=CODE`.
    Option(&'static [&'static str]),
    /// The same, but only before the first operand: `git -c`.
    Leading(&'static [&'static str]),
    /// In the operand with this number, from 0, unless an option gave code.
    Operand(usize),
    /// In all operands from this one on.
    From(usize),
    /// In operands like `NAME=…`, or that begin with one of these.
    Beginning(&'static [&'static str]),
    /// In the file that is named behind one of these options.
    File(&'static [&'static str]),
    /// In the file that this operand names, unless an option gave code.
    Script(usize),
    /// In its standard input, unless an option gave code or there are more operands than this.
    Input(usize),
    /// The operands from this one on are a command.
    Runs(usize),
    /// What follows one of these options is a command.
    RunsBehind(&'static [&'static str]),
    /// The operands from the first on are a command to which words of its standard input are added.
    Fills,
}

/// A program that takes code.
#[derive(Debug)]
pub struct Program {
    /// The names of the program, without folders.
    pub names: &'static [&'static str],
    /// It is a shell, or starts one.
    pub is_shell: bool,
    /// Options with an argument that is no code.
    pub valued: &'static [&'static str],
    /// Letters of options whose argument, which is no code, is the rest of their word.
    pub joined: &'static [u8],
    /// Where it takes code.
    pub takes: &'static [Takes],
}

const fn shell(names: &'static [&'static str], valued: &'static [&'static str], takes: &'static [Takes]) -> Program {
    Program { names, is_shell: true, valued, joined: b"", takes }
}

const fn other(names: &'static [&'static str], valued: &'static [&'static str], takes: &'static [Takes]) -> Program {
    Program { names, is_shell: false, valued, joined: b"", takes }
}

impl Program {
    const fn joined(self, joined: &'static [u8]) -> Program {
        Program { joined, ..self }
    }
}

use Takes::{Beginning, File, Fills, From, Input, Leading, Operand, Option, Runs, RunsBehind, Script};

const ALWAYS: usize = usize::MAX;

/// The programs that are known to take code.
#[rustfmt::skip]
pub const PROGRAMS: &[Program] = &[
    // Shells.
    shell(&["sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "yash", "rbash", "hush", "posh", "osh"],
        &["-o", "-O", "--rcfile", "--init-file"],
        &[Option(&["-c"]), File(&["--rcfile", "--init-file"]), Script(0), Input(0)]),
    shell(&["fish", "csh", "tcsh", "nu", "elvish", "xonsh", "rc", "pwsh", "powershell"], &[],
        &[Option(&["-c", "--command", "-C", "--init-command", "-Command"]), Script(0), Input(0)]),
    shell(&["eval"], &[], &[From(0)]),
    shell(&["trap"], &[], &[Operand(0)]),
    shell(&["source", "."], &[], &[Script(0)]),
    shell(&["compgen", "complete", "bind"], &[], &[Option(&["-W", "-C", "-F", "-P", "-S", "-x"]), From(0)]),
    shell(&["mapfile", "readarray"], &["-n", "-O", "-s", "-t", "-u", "-c", "-d"], &[Option(&["-C"])]),
    shell(&["emulate"], &[], &[Option(&["-c"])]),
    shell(&["sched", "zargs", "autoload", "zle", "functions", "print -P"], &[], &[From(0)]),
    shell(&["enable"], &[], &[Option(&["-f"])]),
    // Programs that start a shell.
    shell(&["ssh", "slogin", "rsh", "autossh", "dbclient", "plink", "remsh"],
        &["-p", "-l", "-i", "-F", "-L", "-R", "-D", "-b", "-c", "-e", "-E", "-I", "-J", "-m", "-M", "-O", "-Q", "-S", "-W", "-w", "-B", "-P"],
        &[Option(&["-o"]), From(1), Input(1), Runs(1)]),
    shell(&["mosh"], &["-p", "--ssh", "--server", "--client"], &[Option(&["--ssh", "--server"]), From(1)]),
    shell(&["pdsh", "clush", "pssh", "parallel-ssh", "dsh"],
        &["-w", "-x", "-g", "-l", "-t", "-u", "-f", "-h", "-H", "-p", "-o", "-e", "-M"], &[From(0)]),
    shell(&["runuser"], &["-s", "-g", "-G", "-w", "-u", "--shell", "--user", "--group"],
        &[Option(&["-c", "--command", "--session-command"]), Input(ALWAYS), Runs(0), Runs(1)]),
    shell(&["su"], &["-s", "-g", "-G", "-w", "-u", "--shell", "--user"],
        &[Option(&["-c", "--command", "--session-command"]), Input(ALWAYS)]),
    shell(&["script"], &["-t", "-o", "-E", "-I", "-O", "-B", "-T", "-m"], &[Option(&["-c", "--command"]), Input(ALWAYS)]),
    shell(&["flock"], &["-w", "-E", "--timeout"], &[Option(&["-c", "--command"]), Runs(1)]),
    shell(&["watch"], &["-n", "--interval", "-q"], &[From(0)]),
    shell(&["parallel", "sem", "rush", "rust-parallel"],
        &["-j", "-P", "--jobs", "--max-procs", "-n", "-N", "-L", "-a", "--arg-file", "--id", "-I", "--colsep", "-C", "-d", "--delimiter", "--joblog",
          "--results", "--retries", "--timeout", "--tmpdir", "--workdir", "--wd", "--delay", "--load", "--memfree", "--nice", "--halt", "--tagstring",
          "--block", "--recstart", "--recend", "--env", "--return", "--max-args", "--semaphorename", "--sshlogin", "-S", "--limit", "--shuf"],
        &[Option(&["--sshlogin", "-S", "--limit", "--rpl", "--filter", "--profile"]), File(&["-a", "--arg-file", "::::"]), Fills]),
    shell(&["parjob"], &["-j", "--jobs", "--shell", "--retries", "--timeout", "--ledger", "--joblog", "--output", "--results", "-n", "--batch", "-I",
          "--colsep", "--range", "--delay", "--rate", "--halt", "--format", "--backoff", "--grace", "--tag-template", "--reduce"],
        &[Operand(1), Fills]),
    shell(&["tmux"], &["-L", "-S", "-f", "-s", "-n", "-t", "-c", "-x", "-y", "-F", "-e"], &[From(1)]),
    shell(&["at", "batch"], &["-q", "-t"], &[File(&["-f"]), Input(ALWAYS)]),
    shell(&["crontab"], &["-u"], &[Script(0), Input(0)]),
    shell(&["sbatch"],
        &["-J", "-o", "-e", "-p", "-t", "-n", "-N", "-c", "-a", "-A", "-D", "-d", "-q", "-w", "-x", "-C", "-M", "--job-name", "--output", "--error",
          "--partition", "--time", "--array", "--mem"],
        &[Option(&["--wrap"]), Script(0), Input(0)]),
    shell(&["qsub"], &["-N", "-o", "-e", "-l", "-q", "-t", "-pe", "-v", "-A", "-P"], &[Script(0), Input(0)]),
    shell(&["bsub"], &["-J", "-o", "-e", "-n", "-q", "-W", "-R", "-M", "-P", "-w"], &[From(0), Input(0)]),
    shell(&["git"], &["-C", "--git-dir", "--work-tree", "--namespace"],
        &[Leading(&["-c", "--config-env", "--exec-path"]),
          Option(&["--exec", "-x", "--upload-pack", "--receive-pack", "--extcmd", "--tree-filter", "--index-filter", "--msg-filter", "--env-filter",
                   "--commit-filter", "--tag-name-filter", "--parent-filter", "--config", "-u"]),
          Beginning(&["alias.", "core."]), RunsBehind(&["run", "foreach"])]),
    shell(&["tar", "gtar", "bsdtar"], &["-C", "-f", "--directory", "--file"],
        &[Option(&["--checkpoint-action", "--to-command", "--use-compress-program", "--info-script", "--new-volume-script", "--rsh-command",
                   "--rmt-command", "-I", "-F"])]),
    shell(&["rsync"], &[], &[Option(&["-e", "--rsh", "--rsync-path"])]),
    shell(&["scp", "sftp"], &["-i", "-P", "-F", "-c", "-l", "-J"], &[Option(&["-o", "-S", "-D"]), File(&["-b"])]),
    shell(&["dpkg", "apt", "apt-get"], &[], &[Option(&["--pre-invoke", "--post-invoke", "-o", "--option"])]),
    shell(&["zip"], &[], &[Option(&["-TT", "--unzip-command"])]),
    shell(&["make", "gmake"], &["-C", "-j", "-I", "-o", "-W", "-l", "--directory", "--jobs"],
        &[Option(&["--eval", "-E"]), File(&["-f", "--file", "--makefile"]), Beginning(&[])]),
    shell(&["socat"], &[], &[Beginning(&["EXEC:", "SYSTEM:", "SHELL:", "exec:", "system:", "shell:"])]),
    shell(&["nc", "ncat"], &["-p", "-w", "-s"], &[Option(&["-e", "-c", "--exec", "--sh-exec"])]),
    shell(&["tcpdump"], &[], &[Option(&["-z"])]),
    shell(&["man"], &[], &[Option(&["-P", "--pager", "-H"])]),
    shell(&["expect"], &[], &[Option(&["-c"]), File(&["-f"]), Script(0), Input(0)]),
    shell(&["ed", "red"], &["-p"], &[Input(ALWAYS)]),
    shell(&["m4"], &["-I"], &[Option(&["-D", "--define"]), Script(0), Input(0)]),
    shell(&["entr"], &[], &[Option(&["-s"]), Runs(0)]),
    shell(&["docker compose", "gcloud", "vagrant"], &[], &[Option(&["--command", "-c"])]),
    // Other languages.
    other(&["python", "python2", "python3", "pypy", "pypy3", "ipython", "ipython3"], &["-m", "-W", "-X"], &[Option(&["-c"]), Script(0), Input(0)]),
    other(&["perl", "perl5"], &["-I"], &[Option(&["-e", "-E", "-M", "-m"]), Script(0), Input(0)]).joined(b"FixCD"),
    other(&["ruby", "jruby"], &["-I", "-r", "-C", "-E"], &[Option(&["-e"]), Script(0), Input(0)]).joined(b"FixWKT"),
    other(&["lua", "luajit", "lua5.1", "lua5.3", "lua5.4"], &["-l"], &[Option(&["-e"]), Script(0), Input(0)]),
    other(&["node", "nodejs", "bun"], &["-r", "--require"], &[Option(&["-e", "-p", "--eval", "--print", "-pe"]), Script(0), Input(0)]),
    other(&["deno"], &[], &[Operand(1), Script(1)]),
    other(&["php", "php8"], &["-d", "-c", "-S", "-t", "-z"], &[Option(&["-r", "-B", "-R", "-E"]), File(&["-f", "-F"]), Script(0), Input(0)]),
    other(&["Rscript", "R", "littler"], &[], &[Option(&["-e"]), File(&["-f", "--file"]), Script(0), Input(0)]),
    other(&["julia"], &["-J", "-p", "-t", "--project", "--threads", "-C", "-O"],
        &[Option(&["-e", "-E", "--eval", "--print"]), File(&["-L", "--load"]), Script(0), Input(0)]),
    other(&["octave", "octave-cli"], &["-p"], &[Option(&["--eval"]), Script(0), Input(0)]),
    other(&["matlab"], &[], &[Option(&["-r", "-batch"]), Input(0)]),
    other(&["gnuplot"], &["-c"], &[Option(&["-e"]), Script(0), Input(0)]),
    other(&["osascript"], &["-l"], &[Option(&["-e"]), Script(0), Input(0)]),
    other(&["ghc", "scala", "groovy", "elixir", "clojure", "clj", "bb", "sbcl", "guile", "racket"], &[],
        &[Option(&["-e", "--eval", "-c"]), Script(0), Input(0)]),
    other(&["erl"], &[], &[Option(&["-eval"])]),
    other(&["tclsh", "wish"], &[], &[Script(0), Input(0)]),
    other(&["gs", "ghostscript"], &[], &[Option(&["-c"]), Script(0), Input(0)]),
    other(&["dc"], &[], &[Option(&["-e", "--expression"]), File(&["-f", "--file"]), Script(0), Input(0)]),
    // What programs do with text or data.
    other(&["awk", "gawk", "mawk", "nawk", "original-awk"], &["-v", "-F", "-i", "-l", "--assign", "--field-separator", "--include"],
        &[Option(&["-e", "--source"]), File(&["-f", "--file", "-E", "--exec"]), Operand(0)]),
    other(&["sed", "gsed", "ssed"], &["-l", "--line-length"], &[Option(&["-e", "--expression"]), File(&["-f", "--file"]), Operand(0)]).joined(b"i"),
    other(&["vim", "vi", "nvim", "view", "gvim", "vimdiff", "ex"], &["-t", "-T", "-u", "-U", "-i", "-w"],
        &[Option(&["-c", "--cmd", "-sc"]), File(&["-S", "-s"]), Beginning(&["+"]), Input(ALWAYS)]),
    other(&["emacs", "emacsclient"], &["-f"], &[Option(&["-e", "-eval", "--eval", "--execute", "-execute"]), File(&["-l", "--load", "--script"])]),
    other(&["gdb", "cgdb"], &["-p", "-s", "-d"], &[Option(&["-ex", "-iex", "-eval-command", "--eval-command", "--ex"]), File(&["-x", "--command"]), Input(ALWAYS)]),
    other(&["lldb"], &["-p", "-n"], &[Option(&["-o", "-O", "--one-line"]), File(&["-s", "--source"]), Input(ALWAYS)]),
    other(&["psql"], &["-h", "-p", "-U", "-d", "-v", "-o", "-F", "-P", "-L", "-R", "-T", "--host", "--port", "--username", "--dbname", "--set"],
        &[Option(&["-c", "--command"]), File(&["-f", "--file"]), Input(ALWAYS)]),
    other(&["mysql", "mariadb"], &["-h", "-P", "-u", "-p", "-D", "-S", "--host", "--user", "--database"], &[Option(&["-e", "--execute"]), Input(ALWAYS)]),
    other(&["sqlite3", "sqlite", "duckdb"], &["-separator", "-nullvalue", "-newline", "-mode"], &[Option(&["-cmd", "-c"]), File(&["-init"]), From(1), Input(1)]),
    other(&["mongo", "mongosh"], &["--host", "--port", "-u", "-p"], &[Option(&["--eval"]), Script(1), Input(1)]),
    other(&["lftp"], &["-u", "-p"], &[Option(&["-e", "-c"]), File(&["-f"]), Input(1)]),
    // Programs that run another one.
    shell(&["env"], &["-u", "-C", "--unset", "--chdir", "-a"], &[Option(&["-S", "--split-string"]), Beginning(&["BASH_FUNC_"]), Runs(0)]),
    shell(&["repeat"], &[], &[Runs(1)]),
    shell(&["sudo", "doas"], &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group"], &[Runs(0)]),
    shell(&["nice", "ionice", "chrt"], &["-n", "-c", "-p", "--adjustment", "--class"], &[Runs(0)]),
    shell(&["nohup", "setsid", "unbuffer", "catchsegv", "fakeroot", "time", "busybox", "toybox", "chronic", "rlwrap", "torsocks", "proxychains",
        "systemd-run", "firejail", "ts", "tsp", "nq", "coproc", "ltrace", "valgrind", "caffeinate", "not", "exec", "command", "builtin"],
        &["-f", "-o", "-a", "--format", "--output"], &[Runs(0)]),
    shell(&["stdbuf"], &["-i", "-o", "-e", "--input", "--output", "--error"], &[Runs(0)]),
    shell(&["timeout", "gtimeout"], &["-k", "-s", "--kill-after", "--signal"], &[Runs(1)]),
    shell(&["strace"], &["-e", "-o", "-p", "-s", "-P", "-E", "-u"], &[Runs(0)]),
    shell(&["taskset", "chroot", "cgexec", "prlimit"], &["-g", "--userspec", "--groups"], &[Runs(1), Runs(0)]),
    shell(&["nsenter"], &["-t", "-S", "-G", "--target", "--setuid", "--setgid"], &[Runs(0)]),
    shell(&["unshare"], &["-S", "-G", "-R", "-w", "--setuid", "--setgid", "--root", "--wd", "--map-user", "--map-group"], &[Runs(0)]),
    shell(&["sshpass"], &["-p", "-f", "-d", "-P"], &[Runs(0)]),
    shell(&["perf", "uv", "poetry", "pipenv", "hatch", "pdm", "rye", "faketime", "dbus-run-session", "gosu", "su-exec", "tini", "dumb-init",
        "s6-setuidgid", "setpriv", "runcon", "chpst", "softlimit", "setarch", "linux64", "cpulimit", "daemonize", "eatmydata", "proot", "bwrap"],
        &["-e", "-o", "-p", "-c", "-u", "-r", "-m", "--reuid", "--regid"], &[Runs(0), Runs(1), Runs(2)]),
    shell(&["capsh"], &[], &[Option(&["-c"]), From(0)]),
    shell(&["start-stop-daemon"], &["-x", "-p", "-u", "-c", "-d", "--exec", "--pidfile", "--chuid", "--chdir"], &[Option(&["-c"]), From(0)]),
    shell(&["hyperfine"], &["-w", "-r", "-m", "-M", "-P", "-L", "-n", "--warmup", "--runs", "--export-json", "--export-csv", "--export-markdown"],
        &[Option(&["-p", "-s", "-c", "--prepare", "--setup", "--cleanup", "-S", "--shell"]), From(0)]),
    shell(&["adb"], &["-s", "-t", "-H", "-P"], &[From(1)]),
    shell(&["sg", "newgrp"], &[], &[Option(&["-c"]), Operand(1)]),
    shell(&["npx", "npm", "pnpm", "yarn", "bunx"], &["-p", "--package", "-w", "--workspace"], &[Option(&["-c", "--call"]), Runs(0), Runs(1)]),
    shell(&["ansible"], &["-i", "-m", "-u", "-f", "-l", "-e"], &[Option(&["-a", "--args"])]),
    shell(&["screen"], &["-S", "-t", "-c", "-p", "-T", "-h", "-s"], &[From(0)]),
    shell(&["xterm", "urxvt", "rxvt", "konsole", "gnome-terminal", "alacritty", "kitty", "st", "foot"], &["-T", "-geometry", "-title"],
        &[RunsBehind(&["-e", "-x", "--"]), Option(&["-e", "--command", "-x"])]),
    shell(&["cmd", "cmd.exe"], &[], &[From(0)]),
    shell(&["split", "gsplit"], &["-b", "-C", "-l", "-n", "-a", "-t"], &[Option(&["--filter"])]),
    shell(&["sort", "gsort"], &["-k", "-t", "-o", "-S", "-T", "--parallel", "--output", "--key"], &[Option(&["--compress-program"])]),
    shell(&["less", "more"], &["-o", "-p", "-x", "-y"], &[Beginning(&["+"])]),
    shell(&["numactl", "xvfb-run", "srun", "mpirun", "mpiexec", "singularity", "apptainer", "docker", "podman", "kubectl", "conda", "nix-shell"],
        &["-n", "-np", "-N", "-c", "-t", "-p", "-s", "-e", "-v", "-w", "-u", "-C", "-m", "-l", "-a", "-f", "-i"],
        &[Option(&["--run", "--command"]), Runs(0), Runs(1), Runs(2), Runs(3)]),
    shell(&["find", "fd", "fdfind"], &[], &[RunsBehind(&["-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"])]),
    shell(&["xargs", "gxargs"],
        &["-n", "-P", "-L", "-s", "-d", "-E", "-a", "-I", "--max-args", "--max-procs", "--max-lines", "--delimiter", "--arg-file", "--replace", "-J", "-R"],
        &[Fills]),
];
