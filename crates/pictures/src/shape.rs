//! How large a picture becomes, and which part of it is used.

/// How a picture is fitted into the size that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// As large as fits inside.
    Inside,
    /// As small as covers it; what stands over is cut off.
    Cover,
    /// Exactly that size, whatever it does to the proportions.
    Exact,
    /// As large as fits inside, and filled up with the background.
    Pad,
}

/// A side as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Side {
    /// Whatever follows from the other.
    Any,
    /// Pixels, at least 1.
    Pixels(u32),
    /// As a part of that of the original, which stands upright.
    Share(f64),
}

/// What is asked for of all pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Maximum width.
    pub width: Side,
    /// Maximum height.
    pub height: Side,
    /// How both together are meant.
    pub fit: Fit,
    /// Smaller pictures are enlarged.
    pub enlarge: bool,
}

impl Wanted {
    /// What is asked for of a picture of that size, which may lie on its side.
    pub(super) fn of(self, stored: (u32, u32), lies: bool) -> Want {
        let (width, height) = if lies { (stored.1, stored.0) } else { stored };
        let side = |side, original: u32| match side {
            Side::Any => 0,
            Side::Pixels(pixels) => pixels,
            Side::Share(share) => pixels(f64::from(original) * share),
        };
        let (width, height) = (side(self.width, width), side(self.height, height));
        Want { width, height, fit: self.fit, enlarge: self.enlarge }
    }
}

/// What is asked for of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Want {
    /// 0: any.
    pub(super) width: u32,
    /// 0: any.
    pub(super) height: u32,
    pub(super) fit: Fit,
    pub(super) enlarge: bool,
}

/// What becomes of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    /// The part that is used, in pixels of the picture: left, top, width, height.
    pub(super) part: [f64; 4],
    /// The size that this part gets.
    pub(super) size: (u32, u32),
}

impl Want {
    /// The same for a picture that lies on its side, if it does.
    pub(super) fn turned(self, lies: bool) -> Want {
        if lies { Want { width: self.height, height: self.width, ..self } } else { self }
    }

    /// What becomes of a picture of that size, which is nowhere 0.
    pub(super) fn of(self, (width, height): (u32, u32)) -> Shape {
        let (w, h) = (f64::from(width), f64::from(height));
        let whole = [0.0, 0.0, w, h];
        // How many times as large each side would be.
        let side = |want: u32, have: f64| (want > 0).then(|| f64::from(want) / have);
        let (across, down) = (side(self.width, w), side(self.height, h));
        let (x, y) = (across.or(down).unwrap_or(1.0), down.or(across).unwrap_or(1.0));
        let most = if self.enlarge { f64::INFINITY } else { 1.0 };
        match self.fit {
            Fit::Inside | Fit::Pad => {
                let times = x.min(y).min(most);
                Shape { part: whole, size: (pixels(w * times), pixels(h * times)) }
            }
            Fit::Exact => Shape { part: whole, size: (pixels(w * x.min(most)), pixels(h * y.min(most))) },
            Fit::Cover => {
                let times = x.max(y).min(most);
                let cut = |want: u32, have: f64| (f64::from(want) / times).min(have);
                let (part_w, part_h) = (cut(self.width, w), cut(self.height, h));
                let part = [(w - part_w) / 2.0, (h - part_h) / 2.0, part_w, part_h];
                Shape { part, size: (pixels(part_w * times), pixels(part_h * times)) }
            }
        }
    }

    /// The canvas on which the picture is laid in the end, where there is one.
    pub(super) fn canvas(self) -> Option<(u32, u32)> {
        (self.fit == Fit::Pad).then_some((self.width, self.height))
    }
}

impl Shape {
    /// The same of a picture that comes that many times as large, across and down, in pixels of that number.
    pub(super) fn scaled(&self, (x, y): (f64, f64), size: (u32, u32)) -> Shape {
        let [left, top, width, height] = self.part;
        let (left, top) = (left * x, top * y);
        // Not beyond the last pixel by the error of a rounding.
        let (width, height) = ((width * x).min(f64::from(size.0) - left), (height * y).min(f64::from(size.1) - top));
        Shape { part: [left, top, width, height], size: self.size }
    }

    /// How many times as large the part is as what it becomes, on the side where that is less.
    #[cfg(feature = "turbojpeg")]
    pub(super) fn shrinks(&self) -> f64 {
        let [_, _, width, height] = self.part;
        (width / f64::from(self.size.0)).min(height / f64::from(self.size.1))
    }
}

/// The nearest whole number of pixels, at least one.
fn pixels(length: f64) -> u32 {
    // A float beyond the range becomes its end.
    (length.round() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANT: Want = Want { width: 80, height: 60, fit: Fit::Inside, enlarge: false };

    #[test]
    fn a_picture_is_fitted() {
        let table = [
            (Fit::Inside, (400, 200), (80, 40), [0., 0., 400., 200.]),
            (Fit::Inside, (200, 400), (30, 60), [0., 0., 200., 400.]),
            (Fit::Inside, (40, 20), (40, 20), [0., 0., 40., 20.]),
            (Fit::Pad, (400, 200), (80, 40), [0., 0., 400., 200.]),
            (Fit::Exact, (400, 200), (80, 60), [0., 0., 400., 200.]),
            (Fit::Exact, (40, 200), (40, 60), [0., 0., 40., 200.]),
            (Fit::Cover, (400, 600), (80, 60), [0., 150., 400., 300.]),
            (Fit::Cover, (40, 20), (40, 20), [0., 0., 40., 20.]),
            (Fit::Cover, (100, 20), (80, 20), [10., 0., 80., 20.]),
        ];
        for (fit, from, size, part) in table {
            assert_eq!(Want { fit, ..WANT }.of(from), Shape { part, size }, "{fit:?} of {from:?}");
        }
    }

    #[test]
    fn v8_a_share_is_of_the_picture_as_it_stands() {
        let share = |width, height| Wanted { width, height, fit: Fit::Inside, enlarge: false };
        let half = share(Side::Share(0.5), Side::Any);
        assert_eq!(half.of((300, 200), false).of((300, 200)).size, (150, 100));
        let lies = half.of((300, 200), true);
        assert_eq!((lies.width, lies.turned(true).of((300, 200)).size), (100, (150, 100)));
        let exact = Wanted { fit: Fit::Exact, ..share(Side::Share(0.5), Side::Share(0.25)) };
        assert_eq!(exact.of((300, 200), false).of((300, 200)).size, (150, 50));
        assert_eq!(share(Side::Any, Side::Share(0.001)).of((300, 200), false).height, 1);
        assert_eq!(share(Side::Pixels(7), Side::Any).of((300, 200), true), Want { width: 7, height: 0, ..WANT });
    }

    #[test]
    fn one_side_alone_gives_the_other() {
        let want = Want { height: 0, ..WANT };
        assert_eq!(want.of((400, 200)).size, (80, 40));
        assert_eq!(want.turned(true).of((400, 200)).size, (160, 80));
        assert_eq!(want.of((10_000, 1)).size, (80, 1));
    }

    #[test]
    fn only_who_asks_for_it_gets_a_larger_picture() {
        let want = Want { enlarge: true, ..WANT };
        assert_eq!(want.of((8, 3)).size, (80, 30));
        assert_eq!(Want { fit: Fit::Cover, ..want }.of((8, 3)), Shape { part: [2., 0., 4., 3.], size: (80, 60) });
        assert_eq!(Want { fit: Fit::Exact, ..want }.of((8, 3)).size, (80, 60));
    }
}
