//! A stretch of a day that is worked.

use std::{fmt, str::FromStr};

/// 24:00, in seconds after midnight.
pub(super) const DAY: u32 = 86_400;

/// From and to in seconds after midnight, civil time. One that runs over midnight belongs to the day it begins and has a
/// `to` beyond 24:00: `22:00-06:00` is from 79,200 to 108,000.
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
    /// It ends when it begins.
    #[error("a window is not empty; a whole day is 00:00-24:00")]
    Empty,
    /// It begins at the end of the day.
    #[error("a window begins before 24:00")]
    TooLate,
    /// Windows of a day overlap or are out of order.
    #[error("windows of a day are in order and do not overlap; only the last runs over midnight")]
    Overlap,
}

impl Window {
    /// How far it reaches into the next day, in seconds.
    pub(super) const fn over(self) -> u32 {
        self.to.saturating_sub(DAY)
    }
}

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        let (from, to) = text.split_once('-').ok_or(InvalidWindow::Format)?;
        let (from, to) = (time(from)?, time(to)?);
        match (from, to) {
            (DAY.., _) => Err(InvalidWindow::TooLate),
            _ if from == to => Err(InvalidWindow::Empty),
            _ if to < from => Ok(Self { from, to: to + DAY }),
            _ => Ok(Self { from, to }),
        }
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
    if two(minute)? < 60 && seconds <= DAY { Ok(seconds) } else { Err(InvalidWindow::Format) }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = *self;
        let to = if to > DAY { to - DAY } else { to };
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
        for text in ["09:00-12:00", "00:00-24:00", "13:30-18:00", "22:00-24:00", "22:00-06:00", "18:00-17:59"]
        {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_window_over_midnight_ends_on_the_next_day() {
        let night: Window = "22:00-06:00".parse().unwrap();
        assert_eq!((night.from, night.to, night.over()), (79_200, 108_000, 21_600));
        let until_midnight: Window = "22:00-00:00".parse().unwrap();
        assert_eq!((until_midnight, until_midnight.over()), ("22:00-24:00".parse().unwrap(), 0));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        use InvalidWindow::{Empty, Format, Overlap, TooLate};
        let cases = [
            ("9:00-12:00", Format),
            ("09:00", Format),
            ("09:60-12:00", Format),
            ("09:00-24:01", Format),
            ("09:00-+1:00", Format),
            ("", Format),
            ("12:00-12:00", Empty),
            ("24:00-24:00", TooLate),
            ("24:00-06:00", TooLate),
        ];
        for (text, rule) in cases {
            assert_eq!(text.parse::<Window>(), Err(rule), "{text:?}");
        }
        let day = |texts: &[&str]| read_day(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(day(&["09:00-12:00", "11:59-18:00"]), Err((1, Overlap)));
        assert_eq!(day(&["13:00-18:00", "09:00-12:00"]), Err((1, Overlap)));
        assert_eq!(day(&["22:00-06:00", "23:00-24:00"]), Err((1, Overlap)));
        assert!(day(&["09:00-12:00", "12:00-18:00", "18:00-02:00"]).is_ok());
    }
}
