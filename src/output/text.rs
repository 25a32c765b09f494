//! `--format text`: the results themselves, one a line, each after its item and a TAB with `--tag`.

use super::lines::one_line;
use super::{Format, rows};
use crate::base::item::Chunk;
use crate::base::result::{Answer, Results, Value};

/// Plain text.
pub(super) struct Text {
    pub(super) tag: bool,
}

impl Format for Text {
    fn results(&self) -> Results {
        if self.tag { Results::with_ends() } else { Results::default() }
    }

    fn begin(&self, _out: &mut Vec<u8>) {}

    fn chunk(&self, chunk: &Chunk<'_>, results: &mut Results, out: &mut Vec<u8>) {
        if self.tag {
            for row in rows(chunk, results).filter(|row| !row.line.is_empty()) {
                let tag = one_line(row.item.text());
                // A result may hold newlines: each of its lines has the tag, as those of a command have.
                for line in row.line.split_inclusive(|byte| *byte == b'\n') {
                    out.extend_from_slice(&tag);
                    out.push(b'\t');
                    out.extend_from_slice(line);
                }
            }
        } else if out.is_empty() {
            // Results are kept as the very lines that text prints: no copy.
            std::mem::swap(out, &mut results.bytes);
        } else {
            out.extend_from_slice(&results.bytes);
        }
    }

    fn answer(&self, _operation: &str, answer: &Answer, out: &mut Vec<u8>) {
        match &answer.value {
            Value::One(value) => out.extend_from_slice(format!("{value}\n").as_bytes()),
            Value::Table(rows) => {
                rows.iter().for_each(|(name, value)| out.extend_from_slice(format!("{name}\t{value}\n").as_bytes()));
            }
        }
    }
}
