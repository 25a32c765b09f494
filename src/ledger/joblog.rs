//! The job log: a table with the nine columns of GNU parallel's `--joblog`, for tools that read those.
//!
//! It is made new for each run, unless the run goes on with an earlier one: then rows are added to those that are there.
//! Nothing is resumed from it: that is the ledger's part. A row is written at once, by one write, when an item has had
//! its last attempt. Two things are not as GNU writes them: what would end a row or
//! a field inside a command is escaped, so that one row stays one row; and an item that has no process is given the
//! status that a shell would give.

use std::fmt::Write;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::append::Appender;
use crate::base::item::{Quoted, Seq};
use crate::base::outcome::End;

const HEADER: &[u8] = b"Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/// A job log that is being written. Any thread may add a row.
pub struct Joblog(Appender);

/// What a row tells.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The item's number; of a batch the first item's.
    pub seq: Seq,
    /// When the last attempt was started.
    pub started: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// The bytes that it was given on standard input.
    pub sent: u64,
    /// The bytes that it printed on standard output.
    pub received: u64,
    /// How it ended. One that parjob ended itself has no row.
    pub end: End,
    /// The command as a user would type it.
    pub command: &'a [u8],
}

impl Joblog {
    /// Makes the file, or empties it, and writes the header.
    ///
    /// # Errors
    ///
    /// It cannot be opened or written: it is named.
    pub fn create(path: &Path) -> io::Result<Joblog> {
        Joblog::on(File::create(path).map_err(|error| unwritable(path, &error))?, path)
    }

    /// Adds to the file, and makes it where there is none. The header stands there once, and what was torn off by a
    /// full disk stays a row of its own.
    ///
    /// # Errors
    ///
    /// It cannot be opened or written: it is named.
    pub fn go_on(path: &Path) -> io::Result<Joblog> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = file.map_err(|error| unwritable(path, &error))?;
        // What has no length, a device or a pipe, has no header yet.
        let Some(last) = file.metadata().ok().and_then(|meta| meta.len().checked_sub(1)) else {
            return Joblog::on(file, path);
        };
        let mut end = [0];
        let is_torn = file.read_exact_at(&mut end, last).is_ok() && end != *b"\n";
        let log = Joblog(Appender::new(file, "--joblog", path));
        log.0.append(if is_torn { b"\n" } else { b"" })?;
        Ok(log)
    }

    /// Writes the header and the rows to what is open already, such as a standard stream, and empties nothing. It is
    /// called by `path` in messages.
    ///
    /// # Errors
    ///
    /// It cannot be written: it is named.
    pub fn on(file: File, path: &Path) -> io::Result<Joblog> {
        let log = Joblog(Appender::new(file, "--joblog", path));
        log.0.append(HEADER)?;
        Ok(log)
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// The file could not be written, now or before: it is named.
    pub fn row(&self, row: &Row<'_>) -> io::Result<()> {
        let Some((status, signal)) = as_gnu(row.end) else { return Ok(()) };
        let started = row.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            "{}\t:\t{}.{:03}\t{:10.3}\t{}\t{}\t{status}\t{signal}\t",
            row.seq,
            started.as_secs(),
            started.subsec_millis(),
            row.took.as_secs_f64(),
            row.sent,
            row.received,
        );
        let mut line = line.into_bytes();
        // Backslashes stay single: the command of nearly every row is then the very command.
        row.command.iter().for_each(|byte| match byte {
            b'\t' => line.extend_from_slice(br"\t"),
            b'\n' => line.extend_from_slice(br"\n"),
            b'\r' => line.extend_from_slice(br"\r"),
            byte => line.push(*byte),
        });
        line.push(b'\n');
        self.0.append(&line)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> io::Error {
    let name = Quoted(path.as_os_str().as_encoded_bytes());
    io::Error::new(error.kind(), format!("cannot write --joblog {name}: {error}"))
}

/// Exitval and Signal.
fn as_gnu(end: End) -> Option<(i32, i32)> {
    match end {
        End::Exited(status) => Some((status, 0)),
        End::Signaled { signal, .. } => Some((0, signal)),
        End::TimedOut { .. } => Some((-1, libc::SIGTERM)),
        End::NotStarted(libc::ENOENT) => Some((127, 0)),
        End::NotStarted(_) => Some((126, 0)),
        End::Cancelled => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    const ROW: Row<'_> = Row {
        seq: Seq(3),
        started: UNIX_EPOCH,
        took: Duration::from_micros(41_600),
        sent: 0,
        received: 2,
        end: End::Exited(0),
        command: b"echo 1",
    };

    fn rows(rows: &[Row<'_>]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "of an earlier run\n".repeat(100)).unwrap();
        let log = Joblog::create(file.path()).unwrap();
        rows.iter().for_each(|row| log.row(row).unwrap());
        let text = std::fs::read_to_string(file.path()).unwrap();
        text.strip_prefix(str::from_utf8(HEADER).unwrap()).unwrap().to_owned()
    }

    #[test]
    fn a_run_that_goes_on_adds_to_what_is_there() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let header = str::from_utf8(HEADER).unwrap();
        let row = "3\t:\t0.000\t     0.042\t0\t2\t0\t0\techo 1\n";
        let go_on = || Joblog::go_on(file.path()).unwrap().row(&ROW).unwrap();
        go_on();
        go_on();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), [header, row, row].concat());
        std::fs::write(&file, [header, "2\t:\t0.0"].concat()).unwrap();
        go_on();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), [header, "2\t:\t0.0\n", row].concat());
    }

    #[test]
    fn a_row_is_as_gnu_parallel_writes_it() {
        let started = UNIX_EPOCH + Duration::new(1_586_815_193, 757_900_000);
        assert_eq!(rows(&[Row { started, ..ROW }]), "3\t:\t1586815193.757\t     0.042\t0\t2\t0\t0\techo 1\n");
    }

    #[test]
    fn each_end_has_its_status_and_signal() {
        let after = Duration::from_secs(1);
        for (end, expected) in [
            (End::Exited(3), "3\t0"),
            (End::Signaled { signal: 9, core: false }, "0\t9"),
            (End::TimedOut { after }, "-1\t15"),
            (End::NotStarted(libc::ENOENT), "127\t0"),
            (End::NotStarted(libc::EACCES), "126\t0"),
        ] {
            let row = rows(&[Row { end, ..ROW }]);
            assert_eq!(row.split('\t').skip(6).take(2).collect::<Vec<_>>().join("\t"), expected);
        }
        assert_eq!(rows(&[Row { end: End::Cancelled, ..ROW }]), "");
    }

    #[test]
    fn a_row_stays_a_row_whatever_the_command() {
        let text = rows(&[Row { command: b"a\tb\nc\rd\\e", ..ROW }, ROW]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.split('\t').count() == 9), "{text}");
        assert!(lines[0].ends_with(r"a\tb\nc\rd\e"), "{text}");
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let error = Joblog::create(Path::new("/dev/full")).err().unwrap();
        assert!(error.to_string().starts_with("cannot write --joblog \"/dev/full\": No space left"), "{error}");
        let error = Joblog::create(Path::new("/nowhere/x")).err().unwrap();
        assert!(error.to_string().starts_with("cannot write --joblog \"/nowhere/x\": No such file"), "{error}");
    }
}
