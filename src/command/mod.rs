//! What the command of an item is: the words of `run`, the script of `sh`, made of a template and the item.
//!
//! [`placeholder`] finds where values go, [`template`] expands words without a shell, and [`quote`] makes a shell script in which
//! a value can never become code. Both know values as bytes and write them into [`words::Words`]. They know
//! nothing of processes, of where items come from, or of what becomes of the output.

pub mod placeholder;
pub mod quote;
pub mod template;
pub mod words;
