//! A JPEG made smaller plane by plane, each decoded at the size that it needs.

use fast_image_resize::FilterType;

use super::jpeg::{Fault, Jpeg};
use super::pixels::{Layout, Picture, room};
use super::shape::Shape;
use super::shrink::Shrink;

/// So many samples at least are decoded for a pixel of the result, on either side, where the picture has them. The filter
/// does the rest: with fewer its edges are those of the decoder's blocks.
pub(super) const ENOUGH: f64 = 1.3;

/// What a picture becomes.
pub(super) fn resized(jpeg: Jpeg<'_>, shape: &Shape, filter: FilterType) -> Result<Picture, Fault> {
    let planes = jpeg.planes();
    let points: Vec<usize> = (0..planes).map(|plane| points(&jpeg, plane, shape)).collect();
    let mut shrinks: Vec<Shrink<'_>> = (0..planes)
        .map(|plane| {
            let size = jpeg.size(plane, points[plane]);
            Shrink::new(size, Layout::GREY, of_plane(&jpeg, plane, points[plane], shape), filter, None)
        })
        .collect::<Result<_, Fault>>()?;
    jpeg.decode(&points, &mut |plane, rows| shrinks[plane].push(rows))?;
    let pictures = shrinks.into_iter().map(Shrink::finish).collect::<Result<Vec<Picture>, Fault>>()?;
    match <[Picture; 3]>::try_from(pictures) {
        Ok(planes) => coloured(&planes),
        Err(mut grey) => grey.pop().ok_or_else(|| "it has no planes".into()),
    }
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

/// Red, green and blue of light and two differences of colour (JFIF 1.02).
fn coloured(planes: &[Picture; 3]) -> Result<Picture, Fault> {
    let [light, blue, red] = planes;
    let mut data = room(light.data.len() * 3)?;
    for ((light, blue), red) in light.data.iter().zip(&blue.data).zip(&red.data) {
        let (y, cb, cr) = (f32::from(*light) + 0.5, f32::from(*blue) - 128.0, f32::from(*red) - 128.0);
        // What lies beyond a byte becomes its end.
        data.extend_from_slice(&[
            (y + 1.402 * cr) as u8,
            (y - 0.344_136 * cb - 0.714_136 * cr) as u8,
            (y + 1.772 * cb) as u8,
        ]);
    }
    Ok(Picture { width: light.width, height: light.height, layout: Layout::RGB, data })
}
