//! Items with fields, and how a block holds them.
//!
//! Most items are their only field, and stand in a block as they are. Where items have fields (`--colsep`, `--csv`,
//! several sources) an item of a block is the lengths of its fields, then the fields joined by one space:
//!
//! ```text
//! 1,2;a bc def
//! ```
//!
//! The length of the last field follows from the rest. A field may hold any byte but NUL, which closes the item, so no
//! byte is left to part fields with: lengths need none. Items of one block may have different numbers of fields, and
//! to find the end of an item nobody needs to look at them. The joined text is what `{}` stands for, so neither it nor
//! a field is ever copied.

/// How the items of a block hold their fields: the same for all blocks of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fields {
    /// An item is its only field.
    #[default]
    One,
    /// Each item has fields, one or more, and begins with their lengths.
    Several,
}

/// An item of a block, read as its fields.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    fields: Fields,
    /// Those of all fields but the last: decimal, parted by commas.
    lengths: &'a [u8],
    text: &'a [u8],
}

impl<'a> Item<'a> {
    /// Reads an item as it stands in a block.
    pub fn new(item: &'a [u8], fields: Fields) -> Item<'a> {
        let end = if fields == Fields::One { None } else { memchr::memchr(b';', item) };
        match end {
            Some(end) => Item { fields, lengths: &item[..end], text: &item[end + 1..] },
            None => Item { fields, lengths: b"", text: item },
        }
    }

    /// The whole item: its fields joined by one space.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// How it holds its fields.
    pub fn kind(&self) -> Fields {
        self.fields
    }

    /// The fields in order, at least one.
    pub fn fields(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let (text, mut lengths, mut start) = (self.text, self.lengths, Some(0));
        std::iter::from_fn(move || {
            let from = start?;
            let end = next_length(&mut lengths).map(|length| from + length);
            start = end.map(|end| end + 1);
            Some(text.get(from..end.unwrap_or(text.len())).unwrap_or_default())
        })
    }
}

/// Takes the first of the lengths.
fn next_length(lengths: &mut &[u8]) -> Option<usize> {
    if lengths.is_empty() {
        return None;
    }
    let end = memchr::memchr(b',', lengths).unwrap_or(lengths.len());
    let length = lengths[..end].iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    *lengths = lengths.get(end + 1..).unwrap_or_default();
    Some(length)
}

/// Appends an item with these fields, as a block holds it. None of them holds a NUL byte.
pub fn push_fields<'f>(fields: impl Iterator<Item = &'f [u8]> + Clone, out: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    let mut ahead = fields.clone().map(<[u8]>::len).peekable();
    let mut first = true;
    while let Some(length) = ahead.next().filter(|_| ahead.peek().is_some()) {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(digits.format(length).as_bytes());
    }
    out.push(b';');
    for (n, field) in fields.enumerate() {
        if n > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(fields: &[&[u8]]) -> Vec<u8> {
        let mut item = Vec::new();
        push_fields(fields.iter().copied(), &mut item);
        item
    }

    #[test]
    fn an_item_holds_its_fields_and_itself() {
        assert_eq!(item(&[b"a", b"bc", b"def"]), b"1,2;a bc def");
        assert_eq!(item(&[b"a;,1"]), b";a;,1");
        assert_eq!(item(&[b""]), b";");
        assert_eq!(Item::new(b"1,2;a bc def", Fields::Several).text(), b"a bc def");
    }

    #[test]
    fn an_item_without_fields_is_its_only_one() {
        for bytes in [&b""[..], b"1;a", b"\xff\0"] {
            let read = Item::new(bytes, Fields::One);
            assert_eq!(read.text(), bytes);
            assert_eq!(read.fields().collect::<Vec<_>>(), [bytes]);
        }
    }

    proptest! {
        #[test]
        fn fields_come_back_whatever_bytes_they_hold(
            fields in prop::collection::vec(prop::collection::vec(prop_oneof![1u8..=255, Just(b';'), Just(b',')], 0..30), 1..20),
        ) {
            let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
            let item = item(&fields);
            prop_assert!(!item.contains(&0));
            let read = Item::new(&item, Fields::Several);
            prop_assert_eq!(read.fields().collect::<Vec<_>>(), fields.clone());
            prop_assert_eq!(read.text(), fields.join(&b' '));
        }
    }
}
