//! Resizing, a strip of rows at a time.
//!
//! Approach: a convolution is done across first and down afterwards. The first needs only the rows at hand, so it is
//! done as the rows are decoded, while they are still in the cache; what is kept of the picture is as narrow as the
//! result. Alpha is premultiplied between the two and divided out at the end. In linear light the samples are wide in
//! between, so that dark shades are not lost.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, MulDiv, PixelTrait, PixelType, ResizeAlg, ResizeError, ResizeOptions, Resizer};

use super::light::Light;
use super::pixels::{Fault, Layout, Picture, room};
use super::shape::Shape;

/// How many bytes of rows are best handed over at one time: the weights of the filter are worked out for each strip.
pub(super) const STRIP: usize = 2 << 20;

/// A picture being resized.
pub(super) struct Shrink<'a> {
    width: u32,
    layout: Layout,
    shape: Shape,
    filter: FilterType,
    light: Option<&'a Light>,
    resizer: Resizer,
    /// As narrow as the result, as high as the original. Its rows come as they are made.
    middle: Picture,
    /// How many rows of it there are.
    rows: u32,
    /// Nothing is to be done.
    is_copy: bool,
}

impl<'a> Shrink<'a> {
    /// For a picture of that size and layout.
    pub(super) fn new(
        (width, height): (u32, u32),
        layout: Layout,
        shape: Shape,
        filter: FilterType,
        light: Option<&'a Light>,
    ) -> Result<Shrink<'a>, Fault> {
        let whole = [0.0, 0.0, f64::from(width), f64::from(height)];
        let is_copy = shape.size == (width, height) && shape.part == whole;
        let light = light.filter(|_| !is_copy);
        let between = Layout { wide: layout.wide || light.is_some(), ..layout };
        let data = room(between.size(shape.size.0, height))?;
        let middle = Picture { width: shape.size.0, height, layout: between, data };
        Ok(Shrink { width, layout, shape, filter, light, resizer: Resizer::new(), middle, rows: 0, is_copy })
    }

    /// Takes the next rows, which it may change. Rows beyond the last are passed over.
    pub(super) fn push(&mut self, rows: &mut [u8]) -> Result<(), Fault> {
        let line = self.layout.size(self.width, 1);
        let count = ((rows.len() / line) as u32).min(self.middle.height - self.rows);
        let rows = &mut rows[..count as usize * line];
        if count == 0 {
            return Ok(());
        }
        let mut lit;
        let (rows, layout) = match self.light {
            Some(light) => {
                lit = light.linear(rows, self.layout);
                (&mut lit[..], self.middle.layout)
            }
            None => (rows, self.layout),
        };
        let options = self.options();
        let narrow = self.middle.layout.size(self.middle.width, 1);
        let start = self.rows as usize * narrow;
        self.middle.data.resize(start + count as usize * narrow, 0);
        let to = &mut self.middle.data[start..];
        self.rows += count;
        if self.is_copy {
            to.copy_from_slice(rows);
            return Ok(());
        }
        if layout.alpha {
            let mut image = Image::from_slice_u8(self.width, count, rows, layout.kind()).map_err(told)?;
            MulDiv::new().multiply_alpha_inplace(&mut image).map_err(told)?;
        }
        let from = ImageRef::new(self.width, count, rows, layout.kind()).map_err(told)?;
        let mut to = Image::from_slice_u8(self.middle.width, count, to, layout.kind()).map_err(told)?;
        let [left, _, width, _] = self.shape.part;
        let options = options.crop(left, 0.0, width, f64::from(count));
        convolve(&mut self.resizer, &from, &mut to, &options)
    }

    /// Fills the rows that did not come, with black or what is transparent, if there was any.
    pub(super) fn fill(&mut self) -> bool {
        let size = self.middle.layout.size(self.middle.width, self.middle.height);
        let any = self.rows > 0;
        if any {
            self.middle.data.resize(size, 0);
            self.rows = self.middle.height;
        }
        any
    }

    /// The result. All rows must have come.
    pub(super) fn finish(mut self) -> Result<Picture, Fault> {
        if self.rows < self.middle.height {
            return Err(format!("{} of {} rows are missing", self.middle.height - self.rows, self.middle.height));
        }
        if self.is_copy {
            return Ok(self.middle);
        }
        let layout = self.middle.layout;
        let (width, height) = self.shape.size;
        let mut picture = Picture::try_new(width, height, layout)?;
        let options = self.options();
        let from = ImageRef::new(width, self.middle.height, &self.middle.data, layout.kind()).map_err(told)?;
        let mut to = Image::from_slice_u8(width, height, &mut picture.data, layout.kind()).map_err(told)?;
        let [_, top, _, part] = self.shape.part;
        let options = options.crop(0.0, top, f64::from(width), part);
        convolve(&mut self.resizer, &from, &mut to, &options)?;
        if layout.alpha {
            MulDiv::new().divide_alpha_inplace(&mut to).map_err(told)?;
        }
        Ok(match self.light {
            Some(light) => light.shown(&picture, self.layout),
            None => picture,
        })
    }

    fn options(&self) -> ResizeOptions {
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(self.filter)).use_alpha(false)
    }
}

/// What cannot happen to pictures whose sizes agree; told rather than trusted.
/// One way of a resize. [`Resizer::resize`] would bring the code for each of thirteen types of pixels, of which pictures here
/// have eight: that code is most of what the compiler has to do for this crate.
fn convolve(
    resizer: &mut Resizer,
    from: &ImageRef<'_>,
    to: &mut Image<'_>,
    options: &ResizeOptions,
) -> Result<(), Fault> {
    use fast_image_resize::pixels::{U8, U8x2, U8x3, U8x4, U16, U16x2, U16x3, U16x4};
    match from.pixel_type() {
        PixelType::U8 => typed::<U8>(resizer, from, to, options),
        PixelType::U8x2 => typed::<U8x2>(resizer, from, to, options),
        PixelType::U8x3 => typed::<U8x3>(resizer, from, to, options),
        PixelType::U8x4 => typed::<U8x4>(resizer, from, to, options),
        PixelType::U16 => typed::<U16>(resizer, from, to, options),
        PixelType::U16x2 => typed::<U16x2>(resizer, from, to, options),
        PixelType::U16x3 => typed::<U16x3>(resizer, from, to, options),
        PixelType::U16x4 => typed::<U16x4>(resizer, from, to, options),
        _ => Err(told(ResizeError::PixelTypesAreDifferent)),
    }
}

fn typed<P: PixelTrait>(
    resizer: &mut Resizer,
    from: &ImageRef<'_>,
    to: &mut Image<'_>,
    options: &ResizeOptions,
) -> Result<(), Fault> {
    let different = || told(ResizeError::PixelTypesAreDifferent);
    let from = from.typed_image::<P>().ok_or_else(different)?;
    let mut to = to.typed_image_mut::<P>().ok_or_else(different)?;
    resizer.resize_typed(&from, &mut to, options).map_err(told)
}

fn told(error: impl std::fmt::Display) -> Fault {
    error.to_string()
}
