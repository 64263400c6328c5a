//! Route netlink, just enough to ask for links, addresses, routes, qdiscs and classes.
//!
//! Parsing is pure functions over bytes; [`Netlink`] is the thin rim that sends a request and collects the
//! answer.
//! The attribute layouts that matter here (queueing disciplines) are decoded by no maintained crate, so the
//! framing, which is thirty lines, is here too.

use std::io::{self, Read, Write};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// An answer larger than this is cut off with an error: a host with 100 000 routes is not worth the time.
const MAX_ANSWER_BYTES: usize = 16 << 20;
/// The kernel fills at most 32 KiB per message batch when the reader offers as much.
const RECEIVE_BYTES: usize = 32 << 10;

const HEADER_BYTES: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_MULTI: u16 = 0x2;
const NLM_F_DUMP: u16 = 0x300;

/// Request types of `linux/rtnetlink.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Ask {
    /// Links: answer body is `ifinfomsg`.
    Link = 18,
    /// Addresses: `ifaddrmsg`.
    Address = 22,
    /// Routes: `rtmsg`.
    Route = 26,
    /// Queueing disciplines: `tcmsg`.
    Qdisc = 38,
    /// Traffic classes: `tcmsg`.
    Class = 42,
}

/// One message of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) body: &'a [u8],
}

/// The messages in `bytes`; stops at the first one that is cut short or announces less than its header.
pub(crate) fn messages(bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(rest, 0)?).ok()?;
        let message = rest.get(..length)?;
        let body = message.get(HEADER_BYTES..)?;
        rest = rest.get(align(length)..).unwrap_or_default();
        Some(Message { kind: u16_at(message, 4)?, flags: u16_at(message, 6)?, body })
    })
}

/// The attributes in `bytes` as (type without flag bits, value); stops at the first one cut short.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let kind = u16_at(rest, 2)? & 0x3fff;
        let value = rest.get(4..length)?;
        rest = rest.get(align(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The value of the first attribute of this type.
pub(crate) fn attribute(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes).find(|&(kind, _)| kind == wanted).map(|(_, value)| value)
}

/// A C string attribute; bytes that are not UTF-8 are replaced.
pub(crate) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

/// Attributes and messages start at multiples of four.
const fn align(length: usize) -> usize {
    (length + 3) & !3
}

/// A request: header, fixed body, attributes.
pub(crate) fn request(ask: Ask, dump: bool, body: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    message(ask as u16, dump, body, attributes)
}

/// The same of any type of message, which in generic netlink is the number of a family.
pub(crate) fn message(kind: u16, dump: bool, body: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    bytes.extend_from_slice(body);
    for (name, value) in attributes {
        bytes.resize(align(bytes.len()), 0);
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_ne_bytes());
        bytes.extend_from_slice(&name.to_ne_bytes());
        bytes.extend_from_slice(value);
    }
    bytes.resize(align(bytes.len()), 0);
    let flags = NLM_F_REQUEST | if dump { NLM_F_DUMP } else { 0 };
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes[0..4].copy_from_slice(&length.to_ne_bytes());
    bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
    bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
    bytes
}

/// What one received block of messages means for the one who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// More blocks follow.
    More,
    /// The answer is complete.
    Complete,
    /// The kernel refused; the value is the (positive) error number.
    Refused(i32),
}

/// Whether `block` ends an answer: by DONE, by an error, or because its messages are not of a series.
fn progress(block: &[u8]) -> Progress {
    let mut last = Progress::Complete;
    for message in messages(block) {
        match message.kind {
            NLMSG_DONE => return Progress::Complete,
            NLMSG_ERROR => {
                let code = u32_at(message.body, 0).map_or(0, |code| code as i32);
                return if code == 0 { Progress::Complete } else { Progress::Refused(-code) };
            }
            _ if message.flags & NLM_F_MULTI != 0 => last = Progress::More,
            _ => last = Progress::Complete,
        }
    }
    last
}

/// A netlink socket.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: Socket,
}

impl Netlink {
    /// Opens a socket to the kernel's routing; needs no privileges.
    pub(crate) fn open() -> io::Result<Self> {
        Self::of(libc::NETLINK_ROUTE)
    }

    /// The same to families of generic netlink.
    pub(crate) fn generic() -> io::Result<Self> {
        Self::of(libc::NETLINK_GENERIC)
    }

    fn of(protocol: libc::c_int) -> io::Result<Self> {
        let socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(Protocol::from(protocol)))?;
        // The kernel answers at once; this only keeps a surprise from hanging the program.
        socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        Ok(Self { socket })
    }

    /// Sends `request` and returns the bytes of all messages of the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        self.socket.write_all(request)?;
        let mut answer = Vec::new();
        let mut block = vec![0; RECEIVE_BYTES];
        loop {
            let length = self.socket.read(&mut block)?;
            let received = &block[..length];
            answer.extend_from_slice(received);
            match progress(received) {
                Progress::Complete => return Ok(answer),
                Progress::Refused(code) => return Err(io::Error::from_raw_os_error(code)),
                Progress::More if answer.len() > MAX_ANSWER_BYTES => {
                    return Err(io::Error::new(io::ErrorKind::FileTooLarge, "netlink answer too long"));
                }
                Progress::More => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_request_parses_as_the_message_it_is() {
        let bytes = request(Ask::Route, false, &[2, 32, 0, 0], &[(1, &[127, 0, 0, 1]), (4, b"x")]);
        let message = messages(&bytes).next().unwrap();
        assert_eq!((message.kind, message.flags), (26, NLM_F_REQUEST));
        let found: Vec<_> = attributes(&message.body[4..]).collect();
        assert_eq!(found, [(1, &[127, 0, 0, 1][..]), (4, b"x")]);
        assert_eq!(messages(&bytes).count(), 1);
    }

    #[test]
    fn cut_or_absurd_lengths_end_the_iteration() {
        let bytes = request(Ask::Link, true, &[0; 16], &[(3, b"lo\0")]);
        for cut in 0..bytes.len() {
            assert!(messages(&bytes[..cut]).count() <= 1);
        }
        for length in [0_u32, 3, 15, u32::MAX] {
            let mut broken = bytes.clone();
            broken[..4].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(messages(&broken).count(), 0, "length {length}");
        }
        assert_eq!(attributes(&[2, 0, 1, 0]).count(), 0, "an attribute is at least its header");
    }

    #[test]
    fn an_error_message_is_a_refusal_and_an_acknowledgement_is_not() {
        let mut refusal = request(Ask::Qdisc, false, &(-95_i32).to_ne_bytes(), &[]);
        refusal[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
        assert_eq!(progress(&refusal), Progress::Refused(95));
        refusal[16..20].copy_from_slice(&0_i32.to_ne_bytes());
        assert_eq!(progress(&refusal), Progress::Complete);
    }
}
