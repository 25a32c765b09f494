//! The rows of a picture, from strips or tiles, in one plane or several.

use std::io::{Cursor, Read};

use super::colours::Colours;
use super::head::Head;
use super::kinds::{Format, Predictor};
use super::{Fault, packed, samples};
use crate::decode::{Push, in_strips};
use crate::pixels::{Layout, room};
use crate::shrink::STRIP;

/// Hands on the rows of a picture from top to bottom.
pub(crate) fn rows(head: &Head, file: &[u8], push: Push<'_>) -> Result<(), Fault> {
    let colours = Colours::new(head, &mut Cursor::new(file));
    let (layout, (across, down)) = (head.layout(), head.blocks());
    let line = layout.size(head.width, 1);
    for y in 0..down {
        let high = head.block.1.min(head.height - y * head.block.1);
        if across == 1 {
            // A strip may be the whole picture.
            let mut block = Block::open(head, &colours, file, (0, y), high)?;
            let most = (STRIP / line).clamp(1, high as usize) as u32;
            for from in (0..high).step_by(most as usize) {
                // What comes before a fault is handed on too.
                let (mut rows, read) = block.rows(most.min(high - from), line, layout)?;
                push(&mut rows)?;
                read?;
            }
            continue;
        }
        let mut band = room(line * high as usize)?;
        band.resize(line * high as usize, 0);
        for x in 0..across {
            let from = layout.size(x * head.block.0, 1);
            let to = (from + layout.size(head.block.0, 1)).min(line);
            let read = Block::open(head, &colours, file, (x, y), high)
                .and_then(|mut block| band.chunks_exact_mut(line).try_for_each(|row| block.row(&mut row[from..to])));
            if read.is_err() {
                in_strips(&mut band, line, push)?;
                return read;
            }
        }
        in_strips(&mut band, line, push)?;
    }
    Ok(())
}

/// A strip or a tile.
struct Block<'a> {
    head: &'a Head,
    colours: &'a Colours,
    /// The bytes of each plane.
    planes: Vec<Box<dyn Read + 'a>>,
    /// A row as it is stored, and as it is put together.
    raw: Vec<u8>,
    spare: Vec<u8>,
    plane: Vec<u16>,
    samples: Vec<u16>,
    /// Number of rows that were taken.
    taken: usize,
}

impl<'a> Block<'a> {
    fn open(
        head: &'a Head,
        colours: &'a Colours,
        file: &'a [u8],
        (x, y): (u32, u32),
        rows: u32,
    ) -> Result<Block<'a>, Fault> {
        let planes = (0..head.planes()).map(|plane| {
            let bytes = head.packed(file, plane, x, y)?;
            if head.packing.most_from(bytes.len()) < head.line() {
                // Not even one row can be in it: nothing is set aside for rows.
                return Err("it ends too early".to_owned());
            }
            packed::open(head, file, bytes, rows)
        });
        let planes = planes.collect::<Result<Vec<_>, Fault>>()?;
        let (raw, spare, plane, samples) = Default::default();
        Ok(Block { head, colours, planes, raw, spare, plane, samples, taken: 0 })
    }

    /// The next rows, of that many bytes each: those that there are, and why there are no more.
    fn rows(&mut self, many: u32, line: usize, layout: Layout) -> Result<(Vec<u8>, Result<(), Fault>), Fault> {
        let size = many as usize * line;
        let mut out = room(size)?;
        if self.is_direct(layout) {
            // The bytes of the file are the pixels.
            let read = self.take(0, size);
            self.raw.truncate(self.raw.len() / line * line);
            return Ok((std::mem::replace(&mut self.raw, out), read));
        }
        for start in (0..size).step_by(line) {
            out.resize(start + line, 0);
            if let Err(why) = self.row(&mut out[start..]) {
                out.truncate(start);
                return Ok((out, Err(why)));
            }
        }
        Ok((out, Ok(())))
    }

    /// Whether nothing at all is to be done to the bytes of a strip.
    fn is_direct(&self, layout: Layout) -> bool {
        let Head { bits, sampling, .. } = *self.head;
        bits == 8
            && self.is_plain()
            && self.head.predictor == Predictor::None
            && sampling == (1, 1)
            && layout.size(self.head.block.0, 1) as u64 == self.head.line()
    }

    /// Whether the samples, as they are in memory, are pixels.
    fn is_plain(&self) -> bool {
        let Head { bits, format, planar, .. } = *self.head;
        matches!(bits, 8 | 16) && format == Format::Unsigned && !planar && self.colours.are_samples()
    }

    /// Fills a row of pixels, as many as it has.
    fn row(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        let head = self.head;
        if head.sampling != (1, 1) {
            self.shared_row()?;
            self.colours.pixels(&self.samples, out);
            return Ok(());
        }
        if self.is_plain() {
            self.settled(0)?;
            out.copy_from_slice(&self.raw[..out.len()]);
            return Ok(());
        }
        if !head.planar {
            self.settled(0)?;
            samples::read(head, &self.raw, &mut self.samples);
        } else {
            self.samples.clear();
            self.samples.resize(head.block.0 as usize * head.samples, 0);
            for plane in 0..head.planes() {
                self.settled(plane)?;
                samples::read(head, &self.raw, &mut self.plane);
                let places = self.samples.iter_mut().skip(plane).step_by(head.samples);
                places.zip(&self.plane).for_each(|(place, sample)| *place = *sample);
            }
        }
        self.colours.pixels(&self.samples, out);
        Ok(())
    }

    /// A row of samples of which several share their colours.
    fn shared_row(&mut self) -> Result<(), Fault> {
        let (across, down) = self.head.sampling;
        let inside = self.taken % down;
        if inside == 0 {
            self.take(0, self.head.line() as usize)?;
        }
        self.taken += 1;
        self.samples.clear();
        for unit in self.raw.chunks_exact(across * down + 2) {
            let (light, colours) = unit.split_at(across * down);
            for light in &light[inside * across..(inside + 1) * across] {
                self.samples.extend([*light, colours[0], colours[1]].map(u16::from));
            }
        }
        Ok(())
    }

    /// Takes the next row of a plane, its samples as they are in memory.
    fn settled(&mut self, plane: usize) -> Result<(), Fault> {
        self.take(plane, self.head.line() as usize)?;
        samples::settle(self.head, &mut self.raw, &mut self.spare);
        Ok(())
    }

    /// Takes the next bytes of a plane. As much memory is touched as there are bytes.
    fn take(&mut self, plane: usize, size: usize) -> Result<(), Fault> {
        self.raw.clear();
        self.raw.try_reserve_exact(size).map_err(|_| format!("there is no memory for {size} bytes of it"))?;
        let from = &mut self.planes[plane];
        from.take(size as u64).read_to_end(&mut self.raw).map_err(|error| error.to_string())?;
        if self.raw.len() < size { Err("it ends too early".into()) } else { Ok(()) }
    }
}
