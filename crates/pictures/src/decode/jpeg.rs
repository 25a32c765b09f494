//! JPEG at its full size, by parjob's own decoder ([`crate::jpeg`]): for `--linear`, and of inks.

use super::{Fault, How, Opened, agrees, jpeg_parts};
use crate::jpeg::{self, Colours};
use crate::pixels::Layout;
use crate::planes;
use crate::probe::Probe;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe, how: How) -> Result<Opened<'a>, Fault> {
    let jpeg = jpeg::open(bytes, how.is_lenient)?;
    agrees((jpeg.width, jpeg.height), probe)?;
    let layout = if jpeg.colours == Colours::Grey { Layout::GREY } else { Layout::RGB };
    let rows: super::Rows<'a> = Box::new(move |push| planes::rows(jpeg, push));
    Ok(Opened { layout, meta: jpeg_parts::meta(bytes), is_animation: false, rows })
}
