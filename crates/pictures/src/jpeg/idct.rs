//! From coefficients to samples, in fewer than there were.
//!
//! Approach: the lowest N of eight frequencies are those of a block of N samples, so an inverse transform of N points
//! gives the block at N eighths of its size, without the shades that are too fine for it. No mean of neighbours is as
//! good, and it is less work than the full transform. Done as two multiplications by a matrix, in vectors of eight. A block
//! at its full size has a symmetry that halves them: of a frequency, the second half of the points mirrors the first, with
//! the sign turned where it is odd.

use std::f32::consts::PI;

use wide::{f32x4, f32x8};

/// The coefficients of a block: rows of eight, the lowest frequencies first. The part that is used is at the upper left.
pub(super) type Block = [f32; 64];

/// An inverse transform to some number of points.
pub(super) struct Idct {
    points: usize,
    /// By point, by frequency.
    down: [[f32; 8]; 8],
    /// By frequency, all points.
    across: [f32x8; 8],
    /// The first half of them.
    half: [f32x4; 8],
}

impl Idct {
    /// To `points`, 1 to 8, on either side.
    pub(super) fn new(points: usize) -> Idct {
        let n = points as f32;
        // Of JPEG's transform of eight, at the scale at which the mean stays what it is.
        let weight = |point: usize, frequency: usize| match frequency {
            0 => 8.0_f32.sqrt().recip(),
            k if k < points => 0.5 * ((2 * point + 1) as f32 * k as f32 * PI / (2.0 * n)).cos(),
            _ => 0.0,
        };
        let down = std::array::from_fn(|point| std::array::from_fn(|frequency| weight(point, frequency)));
        let across =
            std::array::from_fn(|frequency| f32x8::from(std::array::from_fn(|point| weight(point, frequency))));
        let half = std::array::from_fn(|frequency| f32x4::from(std::array::from_fn(|point| weight(point, frequency))));
        Idct { points, down, across, half }
    }

    /// Writes the samples of a block at the start of `out`, whose rows are `stride` apart. Frequencies from `used` on
    /// are 0, across and down.
    pub(super) fn block(&self, block: &Block, used: usize, out: &mut [u8], stride: usize) {
        let used = used.min(self.points);
        let rows: [f32x8; 8] = std::array::from_fn(|row| f32x8::from(std::array::from_fn(|at| block[row * 8 + at])));
        if self.points == 8 {
            return self.whole(&rows, used, out, stride);
        }
        for (point, row) in (0..self.points).zip(out.chunks_mut(stride)) {
            let mut column = f32x8::splat(0.0);
            for (weight, coefficients) in self.down[point][..used].iter().zip(&rows) {
                column += *coefficients * f32x8::splat(*weight);
            }
            let column = column.to_array();
            // Half for rounding, 128 for the middle of what a byte holds.
            let mut samples = f32x8::splat(128.5);
            for (coefficient, weights) in column[..used].iter().zip(&self.across) {
                samples += *weights * f32x8::splat(*coefficient);
            }
            // What lies beyond a byte becomes its end.
            let samples = samples.to_array().map(|sample| sample as u8);
            row[..self.points].copy_from_slice(&samples[..self.points]);
        }
    }

    /// The same at full size.
    fn whole(&self, rows: &[f32x8; 8], used: usize, out: &mut [u8], stride: usize) {
        for point in 0..4 {
            let (mut even, mut odd) = (f32x8::splat(0.0), f32x8::splat(0.0));
            for (n, (row, weight)) in rows[..used].iter().zip(&self.down[point]).enumerate() {
                *(if n % 2 == 0 { &mut even } else { &mut odd }) += *row * f32x8::splat(*weight);
            }
            out[point * stride..][..8].copy_from_slice(&self.line(even + odd, used));
            out[(7 - point) * stride..][..8].copy_from_slice(&self.line(even - odd, used));
        }
    }

    /// The samples of a row of which these are the frequencies.
    fn line(&self, frequencies: f32x8, used: usize) -> [u8; 8] {
        let (mut even, mut odd) = (f32x4::splat(128.5), f32x4::splat(0.0));
        for (n, (frequency, weights)) in frequencies.to_array()[..used].iter().zip(&self.half).enumerate() {
            *(if n % 2 == 0 { &mut even } else { &mut odd }) += *weights * f32x4::splat(*frequency);
        }
        let bytes = |samples: f32x4| samples.fast_max(f32x4::splat(0.0)).fast_min(f32x4::splat(255.0)).fast_trunc_int();
        let ([a, b, c, d], [h, g, f, e]) = (bytes(even + odd).to_array(), bytes(even - odd).to_array());
        [a, b, c, d, e, f, g, h].map(|sample| sample as u8)
    }

    /// The samples of a block that has nothing but a mean.
    pub(super) fn flat(&self, mean: f32, out: &mut [u8], stride: usize) {
        let sample = (mean / 8.0 + 128.5) as u8;
        out.chunks_mut(stride).take(self.points).for_each(|row| row[..self.points].fill(sample));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// JPEG's transform of a block of samples, from its definition.
    fn forward(samples: &[f32; 64]) -> Block {
        let c = |k: usize| if k == 0 { 0.5_f32.sqrt() } else { 1.0 };
        let cos = |x: usize, k: usize| ((2 * x + 1) as f32 * k as f32 * PI / 16.0).cos();
        std::array::from_fn(|place| {
            let (u, v) = (place % 8, place / 8);
            let terms = (0..64).map(|at| (samples[at] - 128.0) * cos(at % 8, u) * cos(at / 8, v));
            0.25 * c(u) * c(v) * terms.sum::<f32>()
        })
    }

    #[test]
    fn eight_points_give_the_block_and_one_its_mean() {
        let samples: [f32; 64] = std::array::from_fn(|at| ((at * 37 + at * at * 11) % 256) as f32);
        let block = forward(&samples);
        let mut out = [0; 64];
        Idct::new(8).block(&block, 8, &mut out, 8);
        assert_eq!(out.map(f32::from), samples);
        Idct::new(1).block(&block, 8, &mut out, 8);
        assert_eq!(f32::from(out[0]), (samples.iter().sum::<f32>() / 64.0).round());
    }

    #[test]
    fn a_slope_stays_a_slope_at_any_size() {
        let samples: [f32; 64] = std::array::from_fn(|at| 20.0 + 24.0 * (at % 8) as f32);
        let block = forward(&samples);
        for points in 1..=8 {
            let mut out = [0; 64];
            Idct::new(points).block(&block, 8, &mut out, 8);
            for (x, sample) in out.iter().enumerate().take(points) {
                let middle = (x as f32 + 0.5) * 8.0 / points as f32 - 0.5;
                let off = f32::from(*sample) - (20.0 + 24.0 * middle);
                assert!(off.abs() < 12.0, "{points} points: {off} off at {x}");
            }
        }
    }

    #[test]
    fn a_flat_block_is_the_same_either_way() {
        let block = forward(&[77.0; 64]);
        let (mut one, mut other) = ([0; 64], [0; 64]);
        Idct::new(5).block(&block, 1, &mut one, 8);
        Idct::new(5).flat(block[0], &mut other, 8);
        assert_eq!(one, other);
        assert_eq!(one[0], 77);
    }
}
