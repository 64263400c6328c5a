//! The journal: every event of a run as a checksummed binary record, so that nothing measured is lost with the program.
//!
//! Layout: an 8-byte mark, the version as a 32-bit number, then records.
//! A record is the payload's length and its CRC-32 (IEEE), 32 bits each, then the payload: the event as JSON.
//! Numbers are little-endian.
//! JSON, because it is exact, knows optional fields, and can be read with a text editor when all else fails.
//!
//! A crash tears the last record; what is whole is kept and what is not becomes a [`JournalNote`].
//! Reading takes memory for what is there, never for what a length announces.
//!
//! ```
//! use fa_measure::journal::{self, Encoder};
//! use fa_measure::{Event, Time, What};
//!
//! let event = Event::new(Time(7), What::Warning { host: None, text: "late".into() });
//! let mut file = Encoder::header().to_vec();
//! Encoder::default().encode(&event, &mut file)?;
//! file.extend([1, 2, 3]); // the beginning of a record that never got finished
//! let journal = journal::read(file.as_slice())?;
//! assert_eq!((journal.events, journal.notes.len()), (vec![event], 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod tail;

use std::io::{self, Read};

use thiserror::Error;

use crate::event::{EVENT_VERSION, Event};
use crate::recorder::{RecordError, Recorder};
use fa_format::DataSet;

pub use tail::Tail;

/// First bytes of a journal. The high byte and the line end show a transfer in text mode, as in PNG.
const MARK: [u8; 8] = *b"\x8ffa-jnl\n";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 12;
/// No event is near this long; a longer record is a damaged length.
const MAX_PAYLOAD_BYTES: u32 = 16 << 20;

/// Turns events into records.
#[derive(Debug, Default)]
pub struct Encoder {
    /// Kept, so that a record costs no allocation.
    payload: Vec<u8>,
}

impl Encoder {
    /// What a journal begins with.
    pub fn header() -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MARK);
        header[8..].copy_from_slice(&VERSION.to_le_bytes());
        header
    }

    /// Appends the record of one event to `out`.
    ///
    /// # Errors
    /// [`EncodeError`] for an event that JSON cannot hold or that is longer than 16 MiB; `out` is then unchanged.
    pub fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.payload.clear();
        serde_json::to_writer(&mut self.payload, event)?;
        let length = u32::try_from(self.payload.len()).ok().filter(|&length| length <= MAX_PAYLOAD_BYTES);
        let length = length.ok_or(EncodeError::TooLong { bytes: self.payload.len() })?;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&self.payload).to_le_bytes());
        out.extend_from_slice(&self.payload);
        Ok(())
    }
}

/// An event that does not fit into a record.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// JSON cannot hold it.
    #[error("event cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Far longer than any event should be.
    #[error("event of {bytes} bytes is longer than the {MAX_PAYLOAD_BYTES} a journal record may have")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// A journal that cannot be read at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system could not read on.
    #[error("could not read the journal after byte {at}: {source}")]
    Io {
        /// How far it was read.
        at: u64,
        /// Why not further.
        source: io::Error,
    },
    /// Begun and not even marked as one: the disk was full, say.
    #[error("the journal is empty: nothing of the run reached the disk, and nothing can be recovered")]
    Empty,
    /// Something else, perhaps the data file itself.
    #[error("not a journal of fa: it does not begin with the journal's mark; a data file needs no recovery")]
    NotAJournal,
    /// From a newer program.
    #[error("journal version {found} is newer than the newest known, {VERSION}; recover it with the fa that wrote it")]
    TooNew {
        /// Its version.
        found: u32,
    },
    /// Its events do not make a data set.
    #[error("journal has no usable run: {0}")]
    Record(#[from] RecordError),
}

/// What was dropped from a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalNote {
    /// The last record was never finished.
    TornTail {
        /// Where it begins.
        at: u64,
        /// How much of it is there.
        bytes: u64,
    },
    /// A record whose checksum is wrong.
    Damaged {
        /// Where it begins.
        at: u64,
    },
    /// A length that cannot be; what follows cannot be told from it.
    Unreadable {
        /// Where it begins.
        at: u64,
    },
    /// A record that is whole and yet no event of this version.
    NotUnderstood {
        /// Where it begins.
        at: u64,
        /// Why.
        error: String,
    },
}

impl std::fmt::Display for JournalNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TornTail { at, bytes } => {
                write!(f, "dropped the last {bytes} bytes of the journal: the record at byte {at} was not finished")
            }
            Self::Damaged { at } => write!(f, "dropped the journal record at byte {at}: wrong checksum"),
            Self::Unreadable { at } => write!(f, "dropped the journal from byte {at} on: impossible record length"),
            Self::NotUnderstood { at, error } => {
                write!(f, "dropped the journal record at byte {at}: not an event of this version ({error})")
            }
        }
    }
}

/// What a journal holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// Its events in order.
    pub events: Vec<Event>,
    /// What was dropped.
    pub notes: Vec<JournalNote>,
}

/// Reads a journal as far as it can be read.
///
/// # Errors
/// [`JournalError`] when the input cannot be read, is no journal, or is of a newer version.
/// Damage within is a [`JournalNote`], not an error.
pub fn read(mut input: impl Read) -> Result<Journal, JournalError> {
    let mut at = 0;
    let mut header = Vec::new();
    let mut fill = |buffer: &mut Vec<u8>, bytes: usize, at: u64| {
        buffer.clear();
        // `take` and `read_to_end` grow the buffer by what arrives, not by what was announced.
        let read = input.by_ref().take(bytes as u64).read_to_end(buffer);
        read.map_err(|source| JournalError::Io { at, source })
    };
    fill(&mut header, HEADER_BYTES, at)?;
    if header.len() < HEADER_BYTES && Encoder::header().starts_with(&header) {
        return Err(JournalError::Empty);
    }
    let version = header.strip_prefix(&MARK).and_then(<[u8]>::first_chunk).ok_or(JournalError::NotAJournal)?;
    let found = u32::from_le_bytes(*version);
    if found > VERSION {
        return Err(JournalError::TooNew { found });
    }
    at += HEADER_BYTES as u64;
    let mut journal = Journal { events: Vec::new(), notes: Vec::new() };
    let (mut head, mut payload) = (Vec::new(), Vec::new());
    loop {
        let got = fill(&mut head, 8, at)?;
        let (Some(length), Some(checksum)) = (number(&head, 0), number(&head, 4)) else {
            if got > 0 {
                journal.notes.push(JournalNote::TornTail { at, bytes: got as u64 });
            }
            return Ok(journal);
        };
        if length > MAX_PAYLOAD_BYTES {
            journal.notes.push(JournalNote::Unreadable { at });
            return Ok(journal);
        }
        let got = fill(&mut payload, length as usize, at)?;
        if got < length as usize {
            journal.notes.push(JournalNote::TornTail { at, bytes: 8 + got as u64 });
            return Ok(journal);
        }
        if crc32fast::hash(&payload) == checksum {
            match event(&payload) {
                Ok(event) => journal.events.push(event),
                Err(error) => journal.notes.push(JournalNote::NotUnderstood { at, error }),
            }
        } else {
            journal.notes.push(JournalNote::Damaged { at });
        }
        at += 8 + u64::from(length);
    }
}

/// Makes the data set of a run from its journal, as far as it was recorded. What was dropped is in its `WARNINGS`, too.
///
/// # Errors
/// [`JournalError`] as for [`read`], and when the journal does not even tell what was to be measured.
pub fn recover(input: impl Read) -> Result<(DataSet, Vec<JournalNote>), JournalError> {
    let journal = read(input)?;
    let mut set = Recorder::replay(&journal.events).finish()?;
    if !journal.notes.is_empty() {
        let told = set.metadata.get("WARNINGS").and_then(|value| value.as_array()).cloned().unwrap_or_default();
        let dropped = journal.notes.iter().map(|note| note.to_string().into());
        set.metadata.set("WARNINGS", told.into_iter().chain(dropped).collect::<Vec<serde_json::Value>>());
    }
    Ok((set, journal.notes))
}

fn event(payload: &[u8]) -> Result<Event, String> {
    let event: Event = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    if event.v > EVENT_VERSION {
        return Err(format!("version {} is newer than {EVENT_VERSION}", event.v));
    }
    Ok(event)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::event::What;
    use crate::time::Time;

    fn events(count: i64) -> Vec<Event> {
        let text = |i| format!("number {i}: ü \u{0} \"");
        (0..count).map(|i| Event::new(Time(i * 1_000_003), What::Warning { host: None, text: text(i) })).collect()
    }

    fn journal(events: &[Event]) -> Vec<u8> {
        let mut file = Encoder::header().to_vec();
        let mut encoder = Encoder::default();
        for event in events {
            encoder.encode(event, &mut file).unwrap();
        }
        file
    }

    #[test]
    fn what_was_written_is_read() {
        let written = events(50);
        assert_eq!(read(journal(&written).as_slice()).unwrap(), Journal { events: written, notes: vec![] });
    }

    #[test]
    fn every_cut_keeps_the_whole_records_before_it() {
        let written = events(5);
        let file = journal(&written);
        let mut ends = vec![HEADER_BYTES];
        for i in 1..=written.len() {
            ends.push(journal(&written[..i]).len());
        }
        for cut in HEADER_BYTES..file.len() {
            let found = read(&file[..cut]).unwrap();
            let whole = ends.iter().filter(|&&end| end <= cut).count() - 1;
            assert_eq!(found.events, written[..whole], "cut at {cut}");
            let torn = cut - ends[whole];
            let expected = (torn > 0).then_some(JournalNote::TornTail { at: ends[whole] as u64, bytes: torn as u64 });
            assert_eq!(found.notes, Vec::from_iter(expected), "cut at {cut}");
        }
        for cut in 0..HEADER_BYTES {
            assert!(matches!(read(&file[..cut]), Err(JournalError::Empty)), "cut at {cut}");
        }
    }

    #[test]
    fn a_damaged_record_is_left_out_and_the_rest_is_kept() {
        let written = events(3);
        let mut file = journal(&written);
        let second = journal(&written[..1]).len();
        file[second + 20] ^= 1;
        let found = read(file.as_slice()).unwrap();
        assert_eq!(found.events, [written[0].clone(), written[2].clone()]);
        assert_eq!(found.notes, [JournalNote::Damaged { at: second as u64 }]);
    }

    #[test]
    fn an_absurd_length_ends_the_reading_without_memory_for_it() {
        let mut file = journal(&events(1));
        let end = file.len() as u64;
        file.extend(u32::MAX.to_le_bytes());
        file.extend([0; 100]);
        assert_eq!(read(file.as_slice()).unwrap().notes, [JournalNote::Unreadable { at: end }]);
    }

    #[test]
    fn other_files_and_newer_versions_are_refused() {
        assert!(matches!(read(&b"\x1f\x8b\x08 a gzip file"[..]), Err(JournalError::NotAJournal)));
        let mut newer = journal(&[]);
        newer[8] = 2;
        assert!(matches!(read(newer.as_slice()), Err(JournalError::TooNew { found: 2 })));
        let event = Event { v: EVENT_VERSION + 1, ..events(1)[0].clone() };
        assert!(matches!(read(journal(&[event]).as_slice()).unwrap().notes[0], JournalNote::NotUnderstood { .. }));
    }
}
