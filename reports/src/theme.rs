//! Which colours, dashes and sizes does every picture share?
//!
//! Colours: Okabe and Ito (2008), safe for the colour-blind, without the yellow that vanishes on white, and three darker
//! ones after them; ten more arms have the same hues darker or lighter. Every arm also has its own dash pattern, so that a print in grey
//! can be read. Each colour has a class name in the SVG, so that a page may exchange it for a dark background.

use plotters::style::RGBColor;
use sim_core::stats::{exp, ln};

/// Name, colour and dash pattern of the arms, in the order of the scenario; a twenty-first arm begins anew.
const ARMS: [(&str, RGBColor, &str); 20] = [
    ("a0", RGBColor(0x00, 0x72, 0xb2), ""),
    ("a1", RGBColor(0xd5, 0x5e, 0x00), "9 4"),
    ("a2", RGBColor(0x00, 0x9e, 0x73), "2 3"),
    ("a3", RGBColor(0xcc, 0x79, 0xa7), "10 3 2 3"),
    ("a4", RGBColor(0xe6, 0x9f, 0x00), "5 3"),
    ("a5", RGBColor(0x56, 0xb4, 0xe9), "14 4"),
    ("a6", RGBColor(0x01, 0x01, 0x01), "6 2 2 2 2 2"),
    ("a7", RGBColor(0x33, 0x22, 0x88), "3 6"),
    ("a8", RGBColor(0x8c, 0x4a, 0x00), "12 2 4 2"),
    ("a9", RGBColor(0x7f, 0x7f, 0x7e), "4 2"),
    ("a10", RGBColor(0x00, 0x3c, 0x60), "8 8"),
    ("a11", RGBColor(0x7e, 0x33, 0x00), "2 2 2 8"),
    ("a12", RGBColor(0x00, 0x54, 0x3d), "18 3"),
    ("a13", RGBColor(0x85, 0x38, 0x63), "7 2"),
    ("a14", RGBColor(0x8a, 0x60, 0x00), "20 3 3 3 3 3"),
    ("a15", RGBColor(0x1c, 0x6d, 0x9c), "2 7"),
    ("a16", RGBColor(0x4c, 0x4c, 0x4b), "5 2 5 8"),
    ("a17", RGBColor(0x7a, 0x6b, 0xd0), "16 6 2 6"),
    ("a18", RGBColor(0xc0, 0x7d, 0x33), "3 3 9 3"),
    ("a19", RGBColor(0xa8, 0xa8, 0xa7), "11 7"),
];

/// From little to much: lighter to darker, so that a print in grey keeps the order.
const RAMP: [RGBColor; 6] = [
    RGBColor(0xd3, 0xe3, 0xf1),
    RGBColor(0xa3, 0xc8, 0xe0),
    RGBColor(0x6b, 0xa6, 0xcf),
    RGBColor(0x39, 0x80, 0xb5),
    RGBColor(0x16, 0x58, 0x8f),
    RGBColor(0x08, 0x30, 0x5c),
];

/// Words on the lighter and on the darker half of the ramp; they belong to it, and stay when a page changes its colours.
const ON_RAMP: [RGBColor; 2] = [RGBColor(0x00, 0x00, 0x00), RGBColor(0xfe, 0xfe, 0xfe)];

/// How many colours there are for arms.
pub const ARM_COLOURS: usize = ARMS.len();

/// Colours and sizes of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Behind everything.
    pub paper: RGBColor,
    /// Titles, labels and axes.
    pub ink: RGBColor,
    /// Captions and what is less important.
    pub muted: RGBColor,
    /// Lines of the grid.
    pub grid: RGBColor,
    /// Fault windows.
    pub fault: RGBColor,
    /// Height of ordinary letters in pixels.
    pub text: f64,
}

impl Theme {
    /// Dark on white: for paper, slides and README files.
    pub const fn light() -> Self {
        Self {
            paper: RGBColor(0xff, 0xff, 0xff),
            ink: RGBColor(0x22, 0x22, 0x22),
            muted: RGBColor(0x5f, 0x5f, 0x5f),
            grid: RGBColor(0xdd, 0xdd, 0xdd),
            fault: RGBColor(0x99, 0x99, 0x98),
            text: 13.0,
        }
    }

    /// The colour of an arm.
    pub const fn arm(&self, arm: usize) -> RGBColor {
        ARMS[arm % ARMS.len()].1
    }

    /// One of so many steps from little to much.
    pub fn step(&self, step: usize, steps: usize) -> RGBColor {
        self.heat(step as f64 / steps.saturating_sub(1).max(1) as f64)
    }

    /// A colour between little (0) and much (1).
    pub fn heat(&self, share: f64) -> RGBColor {
        let place = share.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
        let below = (place as usize).min(RAMP.len() - 2);
        let part = place - below as f64;
        let (RGBColor(r, g, b), RGBColor(red, green, blue)) = (RAMP[below], RAMP[below + 1]);
        let between = |from: u8, to: u8| (f64::from(from) + part * (f64::from(to) - f64::from(from)) + 0.5) as u8;
        RGBColor(between(r, red), between(g, green), between(b, blue))
    }

    /// The colour of words on [`heat`](Self::heat): the one that stands out more.
    pub fn on_heat(&self, share: f64) -> RGBColor {
        let [dark, light] = ON_RAMP;
        let heat = self.heat(share);
        if contrast(heat, dark) >= contrast(heat, light) { dark } else { light }
    }

    /// The dash pattern of an arm as SVG and plotly.js write it, in pixels; nothing for a line that is whole.
    pub const fn dashes(arm: usize) -> &'static str {
        ARMS[arm % ARMS.len()].2
    }

    /// Class name and dash pattern of a colour of this theme.
    pub(crate) fn class_of(&self, colour: &str) -> Option<(&'static str, &'static str)> {
        let named = [
            ("paper", self.paper, ""),
            ("ink", self.ink, ""),
            ("muted", self.muted, ""),
            ("grid", self.grid, ""),
            ("fault", self.fault, ""),
        ];
        let found = named.into_iter().chain(ARMS).find(|(_, RGBColor(r, g, b), _)| format!("#{r:02X}{g:02X}{b:02X}") == colour);
        found.map(|(name, _, dash)| (name, dash))
    }
}

/// How much two colours stand out from each other, from 1 to 21: the contrast ratio of the Web Content Accessibility Guidelines 2.1.
pub(crate) fn contrast(one: RGBColor, other: RGBColor) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// How light a colour is to the eye, from 0 to 1 (relative luminance of sRGB).
pub(crate) fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { exp(2.4 * ln((part + 0.055) / 1.055)) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_keep_their_order_in_grey_and_carry_readable_words() {
        let theme = Theme::light();
        let mut before = f64::INFINITY;
        for share in (0..=100).map(|percent| f64::from(percent) / 100.0) {
            let heat = theme.heat(share);
            assert!(luminance(heat) < before, "{share}");
            before = luminance(heat);
            assert!(contrast(heat, theme.on_heat(share)) >= 4.5, "{share}: {}", contrast(heat, theme.on_heat(share)));
        }
    }

    #[test]
    fn words_and_arms_stand_out_from_paper_and_no_two_arms_share_dashes() {
        let theme = Theme::light();
        for words in [theme.ink, theme.muted] {
            assert!(contrast(words, theme.paper) >= 4.5);
        }
        for (index, (name, colour, dash)) in ARMS.iter().enumerate() {
            assert!(contrast(*colour, theme.paper) >= 2.0, "{name}");
            assert!(ARMS[..index].iter().all(|(_, _, other)| other != dash), "{name}");
            assert!(ARMS[..index].iter().all(|(_, other, _)| other != colour), "{name}");
        }
    }
}
