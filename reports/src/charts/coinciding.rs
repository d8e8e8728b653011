//! Where is a line drawn that would lie on another one?

/// How far lines that coincide are drawn apart, in pixels.
pub(super) const APART: f64 = 3.4;

/// Where each line is drawn among those that coincide with it, in multiples of the gap between two: 0 if it stands alone. One that has no data
/// (`None`) lies on nothing.
pub(super) fn places<T: PartialEq>(lines: &[Option<T>]) -> Vec<f64> {
    let place = |(index, line): (usize, &Option<T>)| {
        let is_twin = |other: &&Option<T>| line.is_some() && *other == line;
        let (twins, before) = (lines.iter().filter(is_twin).count().max(1), lines[..index].iter().filter(is_twin).count());
        before as f64 - (twins - 1) as f64 / 2.0
    };
    lines.iter().enumerate().map(place).collect()
}

/// What a caption says of these `things` if any of them is drawn beside another; else nothing.
pub(super) fn said(places: &[f64], things: &str) -> String {
    if places.iter().any(|place| *place != 0.0) { format!(" {things} that coincide are drawn side by side.") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_coincide_stand_side_by_side_around_their_place() {
        assert_eq!(places(&[Some(1), Some(2), Some(1), None, None, Some(1)]), [-1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(places(&[Some(1), Some(1)]), [-0.5, 0.5]);
        assert_eq!(
            (said(&[0.0, 0.0], "Lines"), said(&[-0.5, 0.5], "Lines")),
            (String::new(), " Lines that coincide are drawn side by side.".to_owned())
        );
    }
}
