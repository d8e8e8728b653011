//! Where is room for a label?
//!
//! A label takes the first of its places at which it covers no other. One without room is left out: every shape has a title, which a browser shows under
//! the pointer.

/// How wide a letter of ten pixels is, about, and how high a line.
const LETTER: f64 = 5.4;
const LINE: f64 = 10.0;

/// Where a label may stand: its foot, and whether it ends there instead of beginning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// From the left.
    pub x: f64,
    /// From above, of the foot of its letters.
    pub y: f64,
    /// Whether it grows to the left.
    pub ends: bool,
}

impl Spot {
    /// As SVG says it.
    pub const fn anchor(&self) -> &'static str {
        if self.ends { "end" } else { "start" }
    }
}

/// The labels that have their places.
#[derive(Debug, Default)]
pub struct Labels {
    taken: Vec<[f64; 4]>,
}

impl Labels {
    /// The first of some places at which a text covers no other and stays between the edges; nothing if there is none.
    pub fn place(&mut self, text: &str, spots: impl IntoIterator<Item = Spot>, edges: (f64, f64)) -> Option<Spot> {
        let wide = text.chars().count() as f64 * LETTER;
        let area = |spot: &Spot| {
            let left = if spot.ends { spot.x - wide } else { spot.x };
            [left, spot.y - LINE + 2.0, left + wide, spot.y + 2.0]
        };
        let covers = |a: &[f64; 4], b: &[f64; 4]| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
        let is_free = |spot: &Spot| {
            let area = area(spot);
            area[0] >= edges.0 && area[2] <= edges.1 && !self.taken.iter().any(|taken| covers(taken, &area))
        };
        let found = spots.into_iter().find(is_free)?;
        self.taken.push(area(&found));
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_gives_way_to_those_before_it_and_to_the_edges() {
        let mut labels = Labels::default();
        let spots = |x: f64| [false, true].map(|ends| Spot { x, y: 50.0, ends });
        let mut place = |x| labels.place("ten letter", spots(x), (0.0, 400.0)).map(|spot| spot.ends);
        assert_eq!(place(100.0), Some(false));
        assert_eq!(place(100.0), Some(true), "the other side is free");
        assert_eq!(place(100.0), None, "both are taken");
        assert_eq!(place(399.0), Some(true), "it would leave the picture");
    }
}
