//! The segments at the head of a JPEG file: its frame, its EXIF, XMP and ICC.

use super::decode::Meta;

/// A segment: its marker and what it holds.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    pub(super) body: &'a [u8],
    /// Where what follows it begins in the file.
    pub(super) end: usize,
}

/// The segments of a file from `at` on, up to and including the next start of a scan.
pub(super) fn segments(bytes: &[u8], mut at: usize) -> impl Iterator<Item = Segment<'_>> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let (marker, start) = next_marker(bytes, at)?;
        if is_bare(marker) {
            at = start;
            ended = marker == 0xd9;
            return Some(Segment { marker, body: &[], end: at });
        }
        let length = usize::from(u16::from_be_bytes(bytes.get(start..start + 2)?.try_into().ok()?));
        let body = bytes.get(start + 2..start.checked_add(length)?)?;
        at = start + length;
        ended = marker == 0xda;
        Some(Segment { marker, body, end: at })
    })
}

/// The next marker from `at` on, and where what follows it begins. Bytes before it that mean nothing are skipped, as
/// libjpeg does: nothing of the picture is missing for it.
pub(super) fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)?;
        // Any number of 0xff may stand before a marker; 0 behind it makes it none.
        at += bytes[at..].iter().take_while(|byte| **byte == 0xff).count();
        match *bytes.get(at)? {
            0 => {}
            marker => return Some((marker, at + 1)),
        }
    }
}

/// A marker without a segment.
pub(super) fn is_bare(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd9)
}

/// A marker of a frame, which tells the size.
pub(super) fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// EXIF, XMP and ICC.
pub(super) fn meta(bytes: &[u8]) -> Meta {
    const EXIF: &[u8] = b"Exif\0\0";
    const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    const ICC: &[u8] = b"ICC_PROFILE\0";
    let mut meta = Meta::default();
    let mut profile: Vec<(u8, &[u8])> = Vec::new();
    for Segment { marker, body, .. } in segments(bytes, 0) {
        match marker {
            0xe1 if body.starts_with(EXIF) => meta.exif = Some(body[EXIF.len()..].to_vec()),
            0xe1 if body.starts_with(XMP) => meta.xmp = Some(body[XMP.len()..].to_vec()),
            // After the name the number of the part, from 1, and how many there are.
            0xe2 if body.starts_with(ICC) && body.len() > ICC.len() + 2 => {
                profile.push((body[ICC.len()], &body[ICC.len() + 2..]));
            }
            _ => {}
        }
    }
    profile.sort_by_key(|(number, _)| *number);
    if !profile.is_empty() {
        meta.icc = Some(profile.iter().flat_map(|(_, part)| part.iter().copied()).collect());
    }
    meta
}
