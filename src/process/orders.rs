//! What the watch over a child obeys, and to whom it hands what the child prints.

use std::sync::atomic::AtomicU8;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::clock::{Bell, Clock};
use crate::base::stream::Stream;

/// A request to end a child.
pub mod ending {
    /// It may run.
    pub const NONE: u8 = 0;
    /// Ask it to end, and kill it after the grace.
    pub const SOON: u8 = 1;
    /// Kill it.
    pub const NOW: u8 = 2;
}

/// What a watch obeys.
pub struct Orders<'a> {
    /// Rings when something here has changed, and when some child was stopped or goes on.
    pub bell: &'a Bell,
    /// The time.
    pub clock: &'a Clock,
    /// One of [`ending`].
    pub ending: &'a AtomicU8,
    /// How long the child may run. Asked while it runs: what others took may tell.
    pub timeout: &'a dyn Fn() -> Option<Duration>,
    /// How long it has between the request to end and its death.
    pub grace: Duration,
    /// The size of a read from a child that prints much ([`super::child::large_read`]).
    pub large_read: usize,
}

/// Takes what a child prints.
pub trait Attendant {
    /// Takes bytes out of `bytes`, which is not empty.
    fn take(&mut self, stream: Stream, bytes: &mut Vec<u8>);

    /// The bell rang.
    fn woken(&mut self);

    /// Whether the child should wait, since nobody takes its output.
    fn is_full(&self) -> bool;

    /// The child was stopped by this signal.
    fn stopped(&mut self, signal: i32);

    /// Sends a signal to descendants that have left the child's group, which is `group`. That may be stopped afterwards: it
    /// is to get the signal, and SIGCONT, next.
    fn signal_strays(&mut self, signal: Signal, group: Pid);

    /// The child has ended.
    fn ended(&mut self);

    /// Whether the process of another item may hold the pipes, for a moment, because it is just being started.
    fn others_hold(&self) -> bool;

    /// The child has run for a while: there is time to see to other things.
    fn meanwhile(&mut self);

    /// How long the child may be left alone at most; without a bound, the bell rings when there is something.
    fn look_again(&self) -> Option<Duration>;
}
