//! Several sources as one: every combination (`:::`), or value by value (`:::+`).
//!
//! All sources but the result are held in memory whole, since the later ones are gone through again and
//! again; the combinations themselves are made one at a time. Only work whose items have several fields
//! reaches this, and no operation in process takes such items yet: the command line refuses them.

use std::os::unix::ffi::OsStringExt;

use anyhow::Result;

use super::inputs::{Got, Inputs};
use super::{Column, Input, Link, Origin, Reading, range};

/// The fields that a group of paired sources gives an item.
type Row = Vec<Vec<u8>>;

/// The combined items, each a list of one field a source; the last source the fastest.
pub(super) fn combine(columns: Vec<Column>, reading: &Reading) -> Result<impl Iterator<Item = Result<Row>> + use<>> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for column in columns {
        let values = values(column.origin, reading)?;
        match (column.link, groups.last_mut()) {
            (Link::Pair, Some(group)) => pair(group, values),
            _ => groups.push(values.into_iter().map(|value| vec![value]).collect()),
        }
    }
    Ok(every_combination(groups).map(Ok))
}

/// Gives each row a further field; what is left over on either side is dropped.
fn pair(group: &mut Vec<Row>, values: Vec<Vec<u8>>) {
    group.truncate(values.len());
    group.iter_mut().zip(values).for_each(|(row, value)| row.push(value));
}

fn every_combination(groups: Vec<Vec<Row>>) -> impl Iterator<Item = Row> {
    let mut places = vec![0; groups.len()];
    let mut done = groups.iter().any(Vec::is_empty);
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let row = groups.iter().zip(&places).flat_map(|(group, place)| group[*place].iter().cloned()).collect();
        done = !advance(&mut places, &groups);
        Some(row)
    })
}

/// Moves the last place on, and the one before it where that one is through; false after the last combination.
fn advance(places: &mut [usize], groups: &[Vec<Row>]) -> bool {
    for (place, group) in places.iter_mut().zip(groups).rev() {
        *place += 1;
        if *place < group.len() {
            return true;
        }
        *place = 0;
    }
    false
}

/// The values of one source.
pub(super) fn values(origin: Origin, reading: &Reading) -> Result<Vec<Vec<u8>>> {
    match origin {
        Origin::Words(words) => Ok(words.into_iter().map(OsStringExt::into_vec).collect()),
        Origin::Range(range) => Ok(range::values(range).collect()),
        Origin::Inputs(inputs) => read_all(inputs, reading),
    }
}

fn read_all(inputs: Vec<Input>, reading: &Reading) -> Result<Vec<Vec<u8>>> {
    let mut values = Vec::new();
    for input in inputs {
        let bytes = slurp(input)?;
        let text = bytes.strip_suffix(&[reading.delimiter]).unwrap_or(&bytes);
        if bytes.is_empty() {
            continue;
        }
        for value in text.split(|byte| *byte == reading.delimiter) {
            let value = if reading.strip_cr { value.strip_suffix(b"\r").unwrap_or(value) } else { value };
            if reading.stop_at.as_deref() == Some(value) {
                return Ok(values);
            }
            if !(reading.drop_empty && value.is_empty()) {
                values.push(value.to_vec());
            }
        }
    }
    Ok(values)
}

fn slurp(input: Input) -> Result<Vec<u8>> {
    let mut inputs = Inputs::new(vec![input]);
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while let Got::Bytes(n) = inputs.read(&mut buffer)? {
        bytes.extend_from_slice(&buffer[..n]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn words(words: &str, link: Link) -> Column {
        Column { origin: Origin::Words(words.split_whitespace().map(Into::into).collect()), link }
    }

    fn combined(columns: Vec<Column>) -> Vec<String> {
        let rows = combine(columns, &Reading::default()).unwrap();
        rows.map(|row| String::from_utf8(row.unwrap().join(&b' ')).unwrap()).collect()
    }

    #[test]
    fn the_last_source_is_the_fastest() {
        let columns = vec![words("a b", Link::Cross), words("1 2 3", Link::Cross)];
        assert_eq!(combined(columns), ["a 1", "a 2", "a 3", "b 1", "b 2", "b 3"]);
    }

    #[test]
    fn pairs_go_to_the_shorter() {
        assert_eq!(combined(vec![words("a b c", Link::Cross), words("1 2", Link::Pair)]), ["a 1", "b 2"]);
        assert_eq!(combined(vec![words("a", Link::Cross), words("1 2", Link::Pair)]), ["a 1"]);
    }

    #[test]
    fn pairs_are_crossed_as_one() {
        let columns = vec![words("x y", Link::Cross), words("a b", Link::Cross), words("1 2", Link::Pair)];
        assert_eq!(combined(columns), ["x a 1", "x b 2", "y a 1", "y b 2"]);
    }

    #[test]
    fn an_empty_source_leaves_nothing() {
        assert_eq!(combined(vec![words("a b", Link::Cross), words("", Link::Cross)]), [""; 0]);
    }

    #[test]
    fn ranges_are_sources_too() {
        let range = Column { origin: Origin::Range("1:2".parse().unwrap()), link: Link::Cross };
        assert_eq!(combined(vec![words("a", Link::Cross), range]), ["a 1", "a 2"]);
    }
}
