//! Reading a journal that is still being written.

use super::{HEADER_BYTES, JournalError, JournalNote, MARK, MAX_PAYLOAD_BYTES, VERSION, event, number};
use crate::event::Event;

/// Turns a growing journal into events, piece by piece. A record that is not finished waits for its rest.
///
/// ```
/// use fa_measure::journal::{Encoder, Tail};
/// use fa_measure::{Event, Time, What};
///
/// let event = Event::new(Time(7), What::Warning { host: None, text: "late".into() });
/// let mut file = Encoder::header().to_vec();
/// Encoder::default().encode(&event, &mut file)?;
/// let mut tail = Tail::default();
/// assert!(tail.feed(&file[..20])?.0.is_empty());
/// assert_eq!(tail.feed(&file[20..])?.0, [event]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Tail {
    /// Bytes of a record that is not whole yet.
    pending: Vec<u8>,
    /// Where in the file they begin.
    at: u64,
    /// Nothing after a damaged length can be told apart.
    lost: bool,
}

impl Tail {
    /// How many bytes of the file it was given.
    pub fn read(&self) -> u64 {
        self.at + self.pending.len() as u64
    }

    /// Takes in the next bytes of the file; gives the events that are whole now, and what was dropped.
    ///
    /// # Errors
    /// [`JournalError`] when it is no journal, or one of a newer version.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(Vec<Event>, Vec<JournalNote>), JournalError> {
        let (mut events, mut notes) = (Vec::new(), Vec::new());
        self.pending.extend_from_slice(bytes);
        let mut rest = self.pending.as_slice();
        if self.at == 0 {
            let known = rest.len().min(MARK.len());
            if rest[..known] != MARK[..known] {
                return Err(JournalError::NotAJournal);
            }
            let Some(header) = rest.get(..HEADER_BYTES) else { return Ok((events, notes)) };
            let found = number(header, MARK.len()).unwrap_or(u32::MAX);
            if found > VERSION {
                return Err(JournalError::TooNew { found });
            }
            rest = &rest[HEADER_BYTES..];
            self.at += HEADER_BYTES as u64;
        }
        while let (Some(length), Some(checksum)) = (number(rest, 0), number(rest, 4)) {
            if self.lost {
                break;
            }
            if length > MAX_PAYLOAD_BYTES {
                notes.push(JournalNote::Unreadable { at: self.at });
                self.lost = true;
                break;
            }
            let Some(payload) = rest.get(8..8 + length as usize) else { break };
            if crc32fast::hash(payload) == checksum {
                match event(payload) {
                    Ok(event) => events.push(event),
                    Err(error) => notes.push(JournalNote::NotUnderstood { at: self.at, error }),
                }
            } else {
                notes.push(JournalNote::Damaged { at: self.at });
            }
            rest = &rest[8 + length as usize..];
            self.at += 8 + u64::from(length);
        }
        let left = rest.len();
        if self.lost {
            self.at += left as u64;
            self.pending.clear();
        } else {
            self.pending.drain(..self.pending.len() - left);
        }
        Ok((events, notes))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::{Encoder, read};
    use super::*;
    use crate::event::What;
    use crate::time::Time;

    fn file(count: i64) -> Vec<u8> {
        let mut file = Encoder::header().to_vec();
        let mut encoder = Encoder::default();
        for i in 0..count {
            let text = format!("number {i} {}", "x".repeat(i as usize * 7));
            encoder.encode(&Event::new(Time(i), What::Warning { host: None, text }), &mut file).unwrap();
        }
        file
    }

    #[test]
    fn any_pieces_give_the_events_of_the_whole() {
        let file = file(30);
        let whole = read(file.as_slice()).unwrap().events;
        for size in [1, 3, 8, 11, 100, file.len()] {
            let mut tail = Tail::default();
            let events: Vec<Event> = file.chunks(size).flat_map(|piece| tail.feed(piece).unwrap().0).collect();
            assert_eq!((events.len(), tail.read()), (30, file.len() as u64), "{size}");
            assert_eq!(events, whole);
        }
    }

    #[test]
    fn damage_is_noted_as_when_the_whole_is_read() {
        let mut bytes = file(5);
        let at = bytes.len() - 3;
        bytes[at] ^= 1;
        bytes.extend([0xff; 40]);
        let whole = read(bytes.as_slice()).unwrap();
        let mut tail = Tail::default();
        let (events, notes) = tail.feed(&bytes).unwrap();
        assert_eq!((events, notes), (whole.events, whole.notes));
        assert_eq!(tail.feed(&[1, 2, 3]).unwrap(), (Vec::new(), Vec::new()));
        assert_eq!(tail.read(), bytes.len() as u64 + 3);
        assert!(matches!(Tail::default().feed(b"{\"metadata\""), Err(JournalError::NotAJournal)));
    }
}
