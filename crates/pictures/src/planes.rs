//! A JPEG made smaller plane by plane, each decoded at the size that it needs.

use fast_image_resize::FilterType;

use super::decode;
use super::jpeg::{Colours, Fault, Jpeg};
use super::pixels::{Layout, Picture, room};
use super::shape::Shape;
use super::shrink::{STRIP, Shrink};

/// So many samples at least are decoded for a pixel of the result, on either side, where the picture has them. The filter
/// does the rest: with fewer its edges are those of the decoder's blocks.
pub(super) const ENOUGH: f64 = 1.3;

/// What a picture becomes.
pub(super) fn resized(jpeg: Jpeg<'_>, shape: &Shape, filter: FilterType) -> Result<Picture, Fault> {
    let points: Vec<usize> = (0..jpeg.planes()).map(|plane| points(&jpeg, plane, shape)).collect();
    let colours = jpeg.colours;
    let mut planes = each(jpeg, &points, shape, filter)?;
    if colours == Colours::Grey {
        return planes.pop().ok_or_else(|| "it has no planes".into());
    }
    let planes: Vec<&[u8]> = planes.iter().map(|plane| &plane.data[..]).collect();
    let data = colours.pixels(&planes, room_for(&planes)?);
    Ok(Picture { width: shape.size.0, height: shape.size.1, layout: Layout::RGB, data })
}

/// The planes of a picture at its own size.
pub(super) fn whole(jpeg: Jpeg<'_>) -> Result<Vec<Picture>, Fault> {
    let size = (jpeg.width, jpeg.height);
    let shape = Shape { part: [0.0, 0.0, f64::from(size.0), f64::from(size.1)], size };
    // A colour that stands for several pixels fades into its neighbours.
    each(jpeg, &[8; 4], &shape, FilterType::Bilinear)
}

/// Hands on the rows of a picture at its own size.
pub(super) fn rows(jpeg: Jpeg<'_>, push: decode::Push<'_>) -> Result<(), Fault> {
    let (width, colours) = (jpeg.width, jpeg.colours);
    let height = jpeg.height as usize;
    let planes = whole(jpeg)?;
    let line = width as usize;
    let strip = (STRIP / 3 / line).max(1) * line;
    for start in (0..line * height).step_by(strip) {
        let part = |plane: &'_ Picture| start..(start + strip).min(plane.data.len());
        let parts: Vec<&[u8]> = planes.iter().map(|plane| &plane.data[part(plane)]).collect();
        push(&mut colours.pixels(&parts, room_for(&parts)?))?;
    }
    Ok(())
}

fn room_for(planes: &[&[u8]]) -> Result<Vec<u8>, Fault> {
    room(3 * planes.first().map_or(0, |plane| plane.len()))
}

/// Each plane, decoded to its number of points, and resized.
fn each(jpeg: Jpeg<'_>, points: &[usize], shape: &Shape, filter: FilterType) -> Result<Vec<Picture>, Fault> {
    let mut shrinks: Vec<Shrink<'_>> = (0..jpeg.planes())
        .map(|plane| {
            let size = jpeg.size(plane, points[plane]);
            Shrink::new(size, Layout::GREY, of_plane(&jpeg, plane, points[plane], shape), filter, None)
        })
        .collect::<Result<_, Fault>>()?;
    jpeg.decode(points, &mut |plane, rows| shrinks[plane].push(rows))?;
    shrinks.into_iter().map(Shrink::finish).collect()
}

/// How many samples of a plane stand for a pixel of the picture, across and down.
fn share(jpeg: &Jpeg<'_>, plane: usize) -> (f64, f64) {
    let (across, down) = jpeg.samples(plane);
    (across / f64::from(jpeg.width), down / f64::from(jpeg.height))
}

/// To how many points the blocks of a plane are decoded.
fn points(jpeg: &Jpeg<'_>, plane: usize, shape: &Shape) -> usize {
    let (across, down) = share(jpeg, plane);
    let [_, _, width, height] = shape.part;
    let shrinks = (width * across / f64::from(shape.size.0)).min(height * down / f64::from(shape.size.1));
    ((8.0 * ENOUGH / shrinks).ceil() as usize).clamp(1, 8)
}

/// The shape for a plane that is decoded to so many points.
fn of_plane(jpeg: &Jpeg<'_>, plane: usize, points: usize, shape: &Shape) -> Shape {
    let (across, down) = share(jpeg, plane);
    let scale = points as f64 / 8.0;
    let (x, y) = (across * scale, down * scale);
    shape.scaled((x, y), jpeg.size(plane, points))
}
