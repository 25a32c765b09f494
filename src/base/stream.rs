//! The two streams of output.

/// Where bytes are to appear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stream {
    /// With the results: standard output, or the file in its place.
    #[default]
    Out,
    /// On standard error.
    Err,
}
