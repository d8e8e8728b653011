//! Which colours has the page, in the light and in the dark, and can they be told from what is behind them?
//!
//! Contrast is the Web Content Accessibility Guidelines' (WCAG 2.2, "contrast ratio" and "relative luminance"): 4.5 for text, 3 for lines and
//! marks. The colours of the arms are the charts' own, moved towards black or white until they have it.

use crate::theme::{ARM_COLOURS, Theme};
use plotters::style::RGBColor;
use std::fmt::Write as _;

/// The least contrast of lines and marks against the paper.
const OF_MARKS: f64 = 3.0;

/// The colours of one theme of the page.
struct Palette {
    paper: RGBColor,
    /// Everything that is written, by the name of its variable. All of it stands on paper, and on soft ground as well.
    words: [(&'static str, RGBColor); 7],
    /// Behind heads of tables and code.
    soft: RGBColor,
    /// Lines of tables and of the grid of a picture: decoration.
    line: RGBColor,
    /// Windows of faults.
    fault: RGBColor,
    scheme: &'static str,
}

const fn rgb(colour: u32) -> RGBColor {
    RGBColor((colour >> 16) as u8, (colour >> 8) as u8, colour as u8)
}

const LIGHT: Palette = Palette {
    paper: rgb(0xffffff),
    words: [
        ("ink", rgb(0x222222)),
        ("muted", rgb(0x5b5b5b)),
        ("accent", rgb(0x005f99)),
        ("passed", rgb(0x1b6e45)),
        ("failed", rgb(0xb3261e)),
        ("undecided", rgb(0x7d5700)),
        ("doubt", rgb(0x8a5a00)),
    ],
    soft: rgb(0xf4f5f6),
    line: rgb(0xdddddd),
    fault: rgb(0x999998),
    scheme: "light",
};

const DARK: Palette = Palette {
    paper: rgb(0x16191d),
    words: [
        ("ink", rgb(0xe6e6e6)),
        ("muted", rgb(0xa5a9ae)),
        ("accent", rgb(0x6db8ea)),
        ("passed", rgb(0x4cc38a)),
        ("failed", rgb(0xff7b6b)),
        ("undecided", rgb(0xe0b050)),
        ("doubt", rgb(0xe0b050)),
    ],
    soft: rgb(0x20242a),
    line: rgb(0x3a3f46),
    fault: rgb(0x8a8f96),
    scheme: "dark",
};

/// The variables of both themes as CSS: light, dark for readers whose system is dark unless they choose, and whatever they choose. What is
/// printed is light.
pub fn css() -> String {
    let (light, dark) = (LIGHT.variables(), DARK.variables());
    let arms: String = (0..ARM_COLOURS)
        .map(|arm| {
            format!(
                ".s-a{arm} {{ stroke: var(--a{arm}) }} .f-a{arm} {{ fill: var(--a{arm}) }} .hide-a{arm} :is(.s-a{arm}, .f-a{arm}) {{ display: none }}\n"
            )
        })
        .collect();
    format!(
        ":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}\n\
         @media screen {{ :root[data-theme=dark] {{ {dark} }} }}\n{arms}"
    )
}

/// The colours of the arms as the light and as the dark page show them, for other pages.
#[cfg(feature = "explore")]
pub fn arms() -> [Vec<String>; 2] {
    [LIGHT, DARK].map(|palette| (0..ARM_COLOURS).map(|arm| hex(palette.arm(arm))).collect())
}

impl Palette {
    fn variables(&self) -> String {
        let mut text = format!("color-scheme: {};", self.scheme);
        let ground = [("paper", self.paper), ("soft", self.soft), ("line", self.line), ("fault", self.fault)];
        for (name, colour) in ground.into_iter().chain(self.words) {
            let _ = write!(text, " --{name}: {};", hex(colour));
        }
        for arm in 0..ARM_COLOURS {
            let _ = write!(text, " --a{arm}: {};", hex(self.arm(arm)));
        }
        text
    }

    /// The colour of an arm, as near to that of the charts as the paper allows.
    fn arm(&self, arm: usize) -> RGBColor {
        let (own, far) = (Theme::light().arm(arm), self.words[0].1);
        let mixed = |part: u16| {
            let mix = |from: u8, to: u8| ((u16::from(from) * (64 - part) + u16::from(to) * part) / 64) as u8;
            RGBColor(mix(own.0, far.0), mix(own.1, far.1), mix(own.2, far.2))
        };
        (0..=64).map(mixed).find(|colour| contrast(*colour, self.paper) >= OF_MARKS).unwrap_or(far)
    }
}

fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// How much two colours differ in luminance, from 1 to 21.
fn contrast(one: RGBColor, other: RGBColor) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { to_the_2_4((share + 0.055) / 1.055) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// `x` to the power of 12/5, for `x` from 0.08 to 1: the fifth root of its twelfth power by Newton's method.
fn to_the_2_4(x: f64) -> f64 {
    let fourth = x * x * x * x;
    let twelfth = fourth * fourth * fourth;
    // From above the root Newton's steps come down to it, by a fifth at first: forty are plenty from 1.
    (0..40).fold(1.0, |root: f64, _| (4.0 * root + twelfth / (root * root * root * root)) / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luminance_and_contrast_have_the_known_values() {
        let near = |seen: f64, known: f64| assert!((seen - known).abs() < 5e-4, "{seen} and not {known}");
        near(contrast(rgb(0), rgb(0xffffff)), 21.0);
        near(luminance(rgb(0xff0000)), 0.2126);
        // 0.5028865^2.4 by any calculator.
        near(luminance(rgb(0x808080)), 0.2159);
        near(contrast(rgb(0x777777), rgb(0xffffff)), 4.4784);
    }

    #[test]
    fn everything_written_and_every_line_of_an_arm_can_be_seen_in_both_themes() {
        for palette in [LIGHT, DARK] {
            for ((name, colour), (ground, behind)) in
                palette.words.iter().flat_map(|word| [("paper", palette.paper), ("soft", palette.soft)].map(|behind| (*word, behind)))
            {
                let seen = contrast(colour, behind);
                assert!(seen >= 4.5, "{name} on {ground}, {}: {seen}", palette.scheme);
            }
            for arm in 0..ARM_COLOURS {
                let seen = contrast(palette.arm(arm), palette.paper);
                assert!(seen >= OF_MARKS, "arm {arm}, {}: {seen}", palette.scheme);
            }
        }
    }

    #[test]
    fn arms_keep_colours_of_their_own() {
        for palette in [LIGHT, DARK] {
            let mut colours: Vec<String> = (0..ARM_COLOURS).map(|arm| hex(palette.arm(arm))).collect();
            colours.sort_unstable();
            colours.dedup();
            assert_eq!(colours.len(), ARM_COLOURS);
        }
    }
}
