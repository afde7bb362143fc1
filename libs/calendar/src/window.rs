//! A stretch of a day that is worked.

use std::{fmt, str::FromStr};

/// From and to in seconds after midnight, civil time; `to` is at most 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The text is no window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWindow {
    /// Not `HH:MM-HH:MM`.
    #[error("a window is HH:MM-HH:MM, 24:00 at the latest")]
    Format,
    /// The end is not after the beginning.
    #[error("a window ends after it begins")]
    Backwards,
    /// Windows of a day overlap or are out of order.
    #[error("windows of a day are in order and do not overlap")]
    Overlap,
}

impl Window {
    /// Its length in civil seconds.
    pub(super) const fn seconds(self) -> u32 {
        self.to - self.from
    }
}

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        let (from, to) = text.split_once('-').ok_or(InvalidWindow::Format)?;
        let (from, to) = (time(from)?, time(to)?);
        if from < to { Ok(Self { from, to }) } else { Err(InvalidWindow::Backwards) }
    }
}

fn time(text: &str) -> Result<u32, InvalidWindow> {
    let (hour, minute) = text.split_once(':').ok_or(InvalidWindow::Format)?;
    let two = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
            .ok_or(InvalidWindow::Format)
    };
    let seconds = two(hour)? * 3_600 + two(minute)? * 60;
    if two(minute)? < 60 && seconds <= 86_400 { Ok(seconds) } else { Err(InvalidWindow::Format) }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 3_600, from / 60 % 60, to / 3_600, to / 60 % 60)
    }
}

/// The windows of a day, in order and apart. Windows that touch are allowed.
pub(super) fn read_day(texts: &[String]) -> Result<Vec<Window>, (usize, InvalidWindow)> {
    let mut day: Vec<Window> = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let window: Window = text.parse().map_err(|rule| (index, rule))?;
        if day.last().is_some_and(|before| window.from < before.to) {
            return Err((index, InvalidWindow::Overlap));
        }
        day.push(window);
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_read_as_they_are_written() {
        for text in ["09:00-12:00", "00:00-24:00", "13:30-18:00"] {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        use InvalidWindow::{Backwards, Format, Overlap};
        let cases = [
            ("9:00-12:00", Format),
            ("09:00", Format),
            ("09:60-12:00", Format),
            ("09:00-24:01", Format),
            ("09:00-+1:00", Format),
            ("", Format),
            ("12:00-09:00", Backwards),
            ("12:00-12:00", Backwards),
        ];
        for (text, rule) in cases {
            assert_eq!(text.parse::<Window>(), Err(rule), "{text:?}");
        }
        let day = |texts: &[&str]| read_day(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(day(&["09:00-12:00", "11:59-18:00"]), Err((1, Overlap)));
        assert_eq!(day(&["13:00-18:00", "09:00-12:00"]), Err((1, Overlap)));
        assert!(day(&["09:00-12:00", "12:00-18:00"]).is_ok());
    }
}
