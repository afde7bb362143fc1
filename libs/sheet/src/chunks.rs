//! What is written, in pieces of one size.

use std::io::{self, Write};

/// Gathers what is written and hands it on in pieces of `size` bytes; [`Write::flush`] hands on what is left.
pub struct Chunks<F> {
    gathered: Vec<u8>,
    size: usize,
    send: F,
}

impl<F: FnMut(Vec<u8>) -> io::Result<()>> Chunks<F> {
    /// Pieces of this size go to `send`, which may wait; its error stops the writing.
    pub fn new(size: usize, send: F) -> Self {
        let size = size.max(1);
        Self { gathered: Vec::with_capacity(size), size, send }
    }
}

impl<F: FnMut(Vec<u8>) -> io::Result<()>> Write for Chunks<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.size - self.gathered.len());
        self.gathered.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        if self.gathered.len() == self.size {
            let full = std::mem::replace(&mut self.gathered, Vec::with_capacity(self.size));
            (self.send)(full)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() { Ok(()) } else { (self.send)(std::mem::take(&mut self.gathered)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_one_size_and_the_last_what_is_left() {
        let mut sent = Vec::new();
        let mut chunks = Chunks::new(4, |piece| {
            sent.push(piece);
            Ok(())
        });
        chunks.write_all(b"abcdefghij").unwrap();
        chunks.flush().unwrap();
        chunks.flush().unwrap();
        assert_eq!(sent, [b"abcd".to_vec(), b"efgh".to_vec(), b"ij".to_vec()]);
    }

    #[test]
    fn who_does_not_take_it_stops_it() {
        let mut chunks = Chunks::new(2, |_| Err(io::ErrorKind::BrokenPipe.into()));
        assert!(chunks.write_all(b"abc").is_err());
    }
}
