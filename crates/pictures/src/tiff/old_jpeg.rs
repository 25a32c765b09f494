//! JPEG of the old kind, which TIFF 6.0 described and nobody stored alike: a whole JPEG somewhere in the file, or its
//! tables in fields of their own and its data in strips.

use super::directory::Directory;
use super::head::Head;
use super::kinds::Meaning;
use super::{Fault, tag};
use crate::jpeg;
use crate::jpeg_parts::{is_frame, segments};

/// The bytes of a JPEG of the whole picture.
pub(super) fn whole(head: &Head, file: &[u8]) -> Result<Vec<u8>, Fault> {
    let directory = &head.directory;
    let at = directory.first(file, tag::OLD_JPEG).and_then(|at| usize::try_from(at).ok());
    let is_jpeg = |stream: &&[u8]| stream.starts_with(&[0xff, 0xd8]);
    let stream = at.and_then(|at| file.get(at..)).filter(is_jpeg);
    let stream = stream.or_else(|| head.packed(file, 0, 0, 0).ok().filter(is_jpeg));
    if let Some(stream) = stream {
        let fits = |jpeg: jpeg::Jpeg<'_>| (jpeg.width, jpeg.height) == (head.width, head.height);
        if jpeg::open_part(stream, false).is_ok_and(fits) {
            return Ok(stream.to_vec());
        }
    }
    let mut out = vec![0xff, 0xd8];
    let mut has_frame = false;
    for segment in stream.into_iter().flat_map(|stream| segments(stream, 0)) {
        if is_frame(segment.marker) || matches!(segment.marker, 0xc4 | 0xdb | 0xdd) {
            has_frame |= is_frame(segment.marker);
            put(&mut out, segment.marker, segment.body);
        }
    }
    if !has_frame {
        tables(directory, file, head.samples, &mut out)?;
        put(&mut out, 0xc0, &frame(head));
    }
    scan(head, file, &mut out)?;
    Ok(out)
}

fn put(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&u16::try_from(body.len() + 2).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(body);
}

/// The tables that have fields of their own, one for each plane.
fn tables(directory: &Directory, file: &[u8], planes: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    let missing = || "a table of its JPEG is missing".to_string();
    let table = |tag: u16, plane: usize| {
        let at = directory.field(tag).and_then(|field| directory.nth(file, field, plane as u64)).ok_or_else(missing)?;
        usize::try_from(at).ok().and_then(|at| file.get(at..)).ok_or_else(missing)
    };
    for plane in 0..planes {
        let quanta = table(tag::OLD_QUANTA, plane)?.get(..64).ok_or_else(missing)?;
        put(out, 0xdb, &[&[plane as u8], quanta].concat());
        for (class, tag) in [(0, tag::OLD_DC), (0x10, tag::OLD_AC)] {
            let rest = table(tag, plane)?;
            let many: usize = rest.get(..16).ok_or_else(missing)?.iter().map(|count| usize::from(*count)).sum();
            put(out, 0xc4, &[&[class | plane as u8], rest.get(..16 + many).ok_or_else(missing)?].concat());
        }
    }
    Ok(())
}

/// A frame of the size of the picture, its colours sampled as the field says.
fn frame(head: &Head) -> Vec<u8> {
    let side = |length: u32| u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let mut frame = [&[8], &side(head.height)[..], &side(head.width), &[head.samples as u8]].concat();
    for plane in 0..head.samples as u8 {
        let is_light = plane == 0 && head.meaning == Meaning::Ycc;
        let (across, down) = if is_light { head.old_sampling } else { (1, 1) };
        frame.extend_from_slice(&[plane + 1, (across as u8) << 4 | down as u8, plane]);
    }
    frame
}

/// The head of the scan, and its data from the strips. Where those are several, each is decoded by itself.
fn scan(head: &Head, file: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let (across, down) = head.old_sampling;
    let units = (head.width as usize).div_ceil(8 * across) * (head.old_rows as usize).div_ceil(8 * down);
    let strips = head.height.div_ceil(head.old_rows);
    let interval = head.directory.first(file, tag::OLD_RESTART).filter(|interval| *interval > 0);
    let interval = interval.unwrap_or(if strips > 1 { units as u64 } else { 0 });
    put(out, 0xdd, &u16::try_from(interval).map_err(|_| "its strips are too large")?.to_be_bytes());
    let ids = segments(out, 0).find(|segment| is_frame(segment.marker)).map(|segment| {
        segment.body.get(6..).unwrap_or_default().chunks_exact(3).map(|plane| (plane[0], plane[2])).collect::<Vec<_>>()
    });
    let ids = ids.unwrap_or_default();
    let mut scan = vec![ids.len() as u8];
    // A plane has the tables of its quanta; light has the first ones.
    ids.iter().for_each(|(id, table)| scan.extend_from_slice(&[*id, table * 0x11]));
    scan.extend_from_slice(&[0, 63, 0]);
    put(out, 0xda, &scan);
    let (mut mark, per_strip) = (0_u64, if interval > 0 { (units as u64).div_ceil(interval) } else { 0 });
    for strip in 0..strips {
        let mut data = head.packed(file, 0, 0, strip)?;
        while let [before @ .., 0xff, 0xd0..=0xd9] = data {
            data = before;
        }
        out.extend_from_slice(data);
        mark += per_strip;
        let code = if strip + 1 < strips { 0xd0 | (mark.wrapping_sub(1) & 7) as u8 } else { 0xd9 };
        out.extend_from_slice(&[0xff, code]);
    }
    Ok(())
}
