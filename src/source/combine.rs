//! Several sources as one: every combination (`:::`), or value by value (`:::+`).
//!
//! All sources but the result are held in memory whole, since the later ones are gone through again and
//! again; the combinations themselves are made one at a time. Only work whose items have several fields
//! reaches this, and no operation in process takes such items yet: the command line refuses them.

use super::Link;
use super::build::Row;

/// The combined items, with the fields of each source; the last source the fastest.
pub(super) fn combine(columns: Vec<(Vec<Row>, Link)>) -> impl Iterator<Item = Row> + use<> {
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for (values, link) in columns {
        match (link, groups.last_mut()) {
            (Link::Pair, Some(group)) => pair(group, values),
            _ => groups.push(values),
        }
    }
    every_combination(groups)
}

/// Gives each row further fields; what is left over on either side is dropped.
fn pair(group: &mut Vec<Row>, values: Vec<Row>) {
    group.truncate(values.len());
    group.iter_mut().zip(values).for_each(|(row, value)| append(row, value));
}

/// What is wrong with a part is wrong with the whole.
fn append(row: &mut Row, value: Row) {
    row.fields.extend(value.fields);
    row.fault = row.fault.take().or(value.fault);
}

fn every_combination(groups: Vec<Vec<Row>>) -> impl Iterator<Item = Row> {
    let mut places = vec![0; groups.len()];
    let mut done = groups.iter().any(Vec::is_empty);
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let mut row = Row::default();
        groups.iter().zip(&places).for_each(|(group, place)| append(&mut row, group[*place].clone()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::failure::Failure;

    fn words(words: &str, link: Link) -> (Vec<Row>, Link) {
        (words.split_whitespace().map(|word| Row::from(word.as_bytes().to_vec())).collect(), link)
    }

    fn combined(columns: Vec<(Vec<Row>, Link)>) -> Vec<String> {
        combine(columns).map(|row| String::from_utf8_lossy(&row.fields.join(&b' ')).into_owned()).collect()
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
    fn what_is_wrong_with_a_value_is_wrong_with_its_combinations() {
        let fault = Some(Failure::constant("is broken"));
        let faulty = Row { fields: vec![b"x".to_vec(), b"y".to_vec()], fault: fault.clone() };
        let columns = vec![words("a b", Link::Cross), (vec![faulty, Row::from(b"z".to_vec())], Link::Cross)];
        let faults: Vec<Option<Failure>> = combine(columns).map(|row| row.fault).collect();
        assert_eq!(faults, [fault.clone(), None, fault, None]);
    }
}
