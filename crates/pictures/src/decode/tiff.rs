//! TIFF, by parjob's own reader ([`crate::tiff`]): the first picture of the file.

use std::io::Cursor;

use super::{Fault, Meta, Opened, agrees, told};
use crate::probe::Probe;
use crate::tiff::{self, Head, tag};

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let head = Head::read(&mut Cursor::new(bytes)).map_err(told)??;
    agrees((head.width, head.height), probe)?;
    let field = |tag| head.directory.bytes(bytes, tag).map(<[u8]>::to_vec);
    // What comes of inks and of Lab is sRGB, which a profile of theirs does not describe.
    let icc = if head.keeps_profile() { field(tag::ICC) } else { None };
    let meta = Meta { icc, xmp: field(tag::XMP), orientation: head.orientation, ..Meta::default() };
    Ok(Opened {
        layout: head.layout(),
        meta,
        is_animation: false,
        rows: Box::new(move |push| tiff::rows(&head, bytes, push)),
    })
}
