//! JPEG at its full size, by parjob's own decoder ([`crate::op::resize::jpeg`]): for `--linear`, and of inks.

use super::{Fault, Opened, agrees, jpeg_parts};
use crate::op::resize::jpeg::{self, Colours};
use crate::op::resize::pixels::Layout;
use crate::op::resize::planes;
use crate::op::resize::probe::Probe;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let jpeg = jpeg::open(bytes)?;
    agrees((jpeg.width, jpeg.height), probe)?;
    let layout = if jpeg.colours == Colours::Grey { Layout::GREY } else { Layout::RGB };
    Ok(Opened { layout, meta: jpeg_parts::meta(bytes), rows: Box::new(move |push| planes::rows(jpeg, push)) })
}
