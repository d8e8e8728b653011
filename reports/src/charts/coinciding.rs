//! Where is a line drawn that would lie on another one?

/// How far two lines that coincide are drawn apart, and the first and the last of many, in pixels: so that one line and a half have room. More would
/// be read as a difference.
const APART: f64 = 3.4;
const SPREAD: f64 = 3.6;

/// How far from its place each line is drawn, in pixels, among those that coincide with it: 0 if it stands alone. One that has no data (`None`) lies
/// on nothing.
pub(super) fn offsets<T: PartialEq>(lines: &[Option<T>]) -> Vec<f64> {
    let offset = |(index, line): (usize, &Option<T>)| {
        let is_twin = |other: &&Option<T>| line.is_some() && *other == line;
        let (twins, before) = (lines.iter().filter(is_twin).count().max(1), lines[..index].iter().filter(is_twin).count());
        let gaps = (twins - 1) as f64;
        (before as f64 - gaps / 2.0) * APART.min(SPREAD / gaps.max(1.0))
    };
    lines.iter().enumerate().map(offset).collect()
}

/// What a caption says of these `things` if any of them is drawn beside another; else nothing.
pub(super) fn said(offsets: &[f64], things: &str) -> String {
    if offsets.iter().any(|offset| *offset != 0.0) { format!(" {things} that coincide are drawn side by side.") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_coincide_stand_side_by_side_around_their_place() {
        assert_eq!(offsets(&[Some(1), Some(2), Some(1), None, None, Some(1)]), [-1.8, 0.0, 0.0, 0.0, 0.0, 1.8]);
        assert_eq!(offsets(&[Some(1), Some(1)]), [-1.7, 1.7]);
        let ten = offsets(&[Some(1); 10]);
        assert!((ten[9] - ten[0] - SPREAD).abs() < 1e-9 && ten.is_sorted(), "many are spread no farther than few: {ten:?}");
        assert_eq!(
            (said(&[0.0, 0.0], "Lines"), said(&[-0.5, 0.5], "Lines")),
            (String::new(), " Lines that coincide are drawn side by side.".to_owned())
        );
    }
}
