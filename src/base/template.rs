//! What items and words are to the templates of `parjob_shell_template`, and which option helps where one cannot be used.

use anyhow::anyhow;
use parjob_shell_template::{Error, Fields, Sink};
use parjob_sys::words::Words;

use crate::base::item::Item;

/// The values of one item.
pub type Values<'a> = parjob_shell_template::Values<'a, Item<'a>>;

impl<'a> Fields<'a> for Item<'a> {
    fn fields(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        Item::fields(&self)
    }
}

/// Where a template puts the words of a command.
#[derive(Debug)]
pub struct Filling<'w>(pub &'w mut Words);

impl Sink for Filling<'_> {
    fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.0.push_with(write);
    }
}

/// The error that a template cannot be used, with the option that helps.
pub fn unusable(error: Error) -> anyhow::Error {
    match error {
        Error::NoField { .. } => {
            anyhow!("{error}; where braces are to stay as they are, name another placeholder with -I STR")
        }
        Error::EmptyToken => anyhow!("-I: {error}"),
        Error::Script(_) => error.into(),
    }
}
