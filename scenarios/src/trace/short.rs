//! How much of what a message says is told?

use std::fmt::{self, Write as _};

/// What a message says, as far as a line bears.
pub fn in_short(words: &dyn fmt::Display) -> String {
    let mut short = Short(String::new());
    match write!(short, "{words}") {
        Ok(()) => short.0,
        Err(_) => short.0 + "...",
    }
}

/// So many bytes of what a message says are told.
const MOST_SAID: usize = 160;

/// A text that takes no more: a log of a million entries is not written down to be cut off.
struct Short(String);

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MOST_SAID - self.0.len();
        let fits = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last().unwrap_or(0);
        self.0.push_str(&text[..fits]);
        if fits < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}
