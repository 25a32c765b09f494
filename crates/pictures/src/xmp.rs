//! XMP: the few things in it that are about the pixels, set right when these have changed.
//!
//! It is XML of which anybody may have written anything. A property stands as an attribute or as an element; the prefixes are
//! those that every program uses. Only values are replaced, so the rest stays as it is, byte for byte.

use std::ops::Range;

use memchr::memmem;

use super::exif::View;

const ORIENTATION: &str = "tiff:Orientation";
const WIDTHS: [&str; 2] = ["tiff:ImageWidth", "exif:PixelXDimension"];
const HEIGHTS: [&str; 2] = ["tiff:ImageLength", "exif:PixelYDimension"];
const RESOLUTIONS: [&str; 2] = ["tiff:XResolution", "tiff:YResolution"];
const THUMBNAILS: [&[u8]; 2] = [b"<xmp:Thumbnails", b"</xmp:Thumbnails>"];

/// The orientation, 1 to 8, where it says one.
pub(super) fn orientation(xmp: &[u8]) -> Option<u8> {
    let value = values(xmp, ORIENTATION).into_iter().next()?;
    match xmp[value].trim_ascii() {
        [digit @ b'1'..=b'8'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Says of the new picture what was said of the old one.
pub(super) fn fitted(mut xmp: Vec<u8>, view: View) -> Vec<u8> {
    if !view.is_same {
        let [opens, closes] = THUMBNAILS.map(memmem::Finder::new);
        while let Some(start) = opens.find(&xmp)
            && let Some(length) = closes.find(&xmp[start..])
        {
            xmp.drain(start..start + length + THUMBNAILS[1].len());
        }
    }
    if view.lay {
        let [across, down] = RESOLUTIONS.map(|name| values(&xmp, name).into_iter().next().map(|at| xmp[at].to_vec()));
        if let (Some(across), Some(down)) = (across, down) {
            replace(&mut xmp, RESOLUTIONS[0], &down);
            replace(&mut xmp, RESOLUTIONS[1], &across);
        }
    }
    replace(&mut xmp, ORIENTATION, b"1");
    WIDTHS.iter().for_each(|name| replace(&mut xmp, name, view.width.to_string().as_bytes()));
    HEIGHTS.iter().for_each(|name| replace(&mut xmp, name, view.height.to_string().as_bytes()));
    xmp
}

/// Gives a property that value wherever it stands.
fn replace(xmp: &mut Vec<u8>, name: &str, value: &[u8]) {
    // From the last, so that the others stay where they are.
    for at in values(xmp, name).into_iter().rev() {
        xmp.splice(at, value.iter().copied());
    }
}

/// Where the values of a property stand.
fn values(xmp: &[u8], name: &str) -> Vec<Range<usize>> {
    let places = memmem::find_iter(xmp, name.as_bytes());
    places.filter_map(|at| value(xmp, at, at + name.len())).collect()
}

/// Where the value stands of a name from `start` to `end`.
fn value(xmp: &[u8], start: usize, end: usize) -> Option<Range<usize>> {
    let before = *xmp.get(start.checked_sub(1)?)?;
    let skip = |at: usize| at + xmp[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let until = |at: usize, byte: u8| Some(at..at + memchr::memchr(byte, xmp.get(at..)?)?);
    if before == b'<' {
        let rest = until(end, b'>')?;
        let is_name = rest.is_empty() || xmp[end].is_ascii_whitespace();
        let is_closed = xmp[rest.end - 1] == b'/';
        return if is_name && !is_closed { until(rest.end + 1, b'<') } else { None };
    }
    if !before.is_ascii_whitespace() {
        return None;
    }
    let equals = skip(end);
    let quote = skip(equals + usize::from(*xmp.get(equals)? == b'='));
    let byte = *xmp.get(quote)?;
    if xmp[equals] == b'=' && matches!(byte, b'"' | b'\'') { until(quote + 1, byte) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v6_properties_are_found_as_attributes_and_as_elements() {
        let view = View { width: 40, height: 3000, lay: true, is_same: false };
        let table: [(&[u8], &[u8]); 10] = [
            (b"<r tiff:Orientation=\"6\"/>", b"<r tiff:Orientation=\"1\"/>"),
            (b"<r\ntiff:Orientation = '8' >", b"<r\ntiff:Orientation = '1' >"),
            (b"<tiff:Orientation>6</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
            (b"<tiff:Orientation x='y'> 6\n</tiff:Orientation>", b"<tiff:Orientation x='y'>1</tiff:Orientation>"),
            (b"<tiff:Orientation/> 6", b"<tiff:Orientation/> 6"),
            (b"<xtiff:Orientation>6</x>", b"<xtiff:Orientation>6</x>"),
            (b"<a tiff:ImageWidth='9' tiff:ImageLength='8'>", b"<a tiff:ImageWidth='40' tiff:ImageLength='3000'>"),
            (
                b"<exif:PixelXDimension>9<b exif:PixelYDimension=''",
                b"<exif:PixelXDimension>40<b exif:PixelYDimension='3000'",
            ),
            (b"a <xmp:Thumbnails><x/></xmp:Thumbnails> b", b"a  b"),
            (b"<a tiff:XResolution='1/2' tiff:YResolution='3'>", b"<a tiff:XResolution='3' tiff:YResolution='1/2'>"),
        ];
        for (xmp, expected) in table {
            let got = fitted(xmp.to_vec(), view);
            assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(expected));
            (0..xmp.len()).for_each(|end| _ = fitted(xmp[..end].to_vec(), view));
        }
        assert_eq!(orientation(b"<r tiff:Orientation=\"6\"/>"), Some(6));
        assert_eq!(orientation(b"<r tiff:Orientation=\"9\"/>"), None);
    }
}
