//! `len`: how long each item is, in characters or bytes.
//!
//! Bytes that are not UTF-8 count as a reader would see them: each maximal part that cannot be decoded is one
//! replacement character (Unicode 16, section 3.9, "U+FFFD Substitution of Maximal Subparts").

use std::sync::Arc;

use super::lines::Lines;
use super::{Blanks, Example, Kind, Map, Operation, Param, Words, Work, scan};
use crate::base::item::Chunk;
use crate::base::result::Results;

/// The operation.
pub(super) static LEN: Operation = Operation {
    name: "len",
    summary: "the length of each item, in characters",
    about: "Prints the number of characters in each item, blanks included; with --bytes the number of bytes. \
            Bytes that are not UTF-8 count as the replacement characters that a terminal would show for them.",
    examples: &[
        Example { command: "parjob len ::: one two three", output: "3\n3\n5\n" },
        Example { command: "printf 'na\\303\\257ve\\n' | parjob len", output: "5\n" },
        Example { command: "printf 'na\\303\\257ve\\n' | parjob len --bytes", output: "6\n" },
    ],
    params: &[Param::flag("bytes", "Count bytes instead of characters")],
    blanks: Blanks::Kept,
    kind: Kind::InProcess {
        words: |_| Words::Values,
        prepare: |params, _| Ok(Work::Map(Arc::new(Len { bytes: params.flag("bytes") }))),
    },
};

struct Len {
    bytes: bool,
}

impl Map for Len {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        let mut lines = Lines::new(results, chunk.count);
        // Looking once at a whole chunk costs next to nothing and is nearly always the answer.
        let bytes_are_characters = self.bytes || chunk.bytes.is_ascii();
        scan::items(chunk, |rest, len| {
            let len = if bytes_are_characters { len } else { characters(&rest[..len]) };
            lines.integer(false, len as u128);
        });
    }
}

fn characters(item: &[u8]) -> usize {
    let parts = item.utf8_chunks();
    parts.map(|part| part.valid().chars().count() + usize::from(!part.invalid().is_empty())).sum()
}

#[cfg(test)]
mod tests {
    use bstr::ByteSlice;
    use proptest::prelude::*;

    use super::super::testing::{map, map_with, work, work_with};

    #[test]
    fn characters_bytes_and_blanks() {
        let items = ["", " a\r", "naïve", "日本語", "e\u{301}"];
        assert_eq!(map("len", &items), "0\n3\n5\n3\n2\n");
        assert_eq!(map_with(&work_with("len", &[("bytes", "")]), &items, b'\n').0, "0\n3\n6\n9\n3\n");
    }

    proptest! {
        #[test]
        fn bytes_that_are_not_utf8_count_as_replacement_characters(
            items in prop::collection::vec(prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..], 0..12), 1..50),
        ) {
            let expected: String = items.iter().map(|item| format!("{}\n", item.chars().count())).collect();
            prop_assert_eq!(map("len", &items), expected.clone());
            prop_assert_eq!(map_with(&work("len"), &items, 0).0, expected);
        }
    }
}
