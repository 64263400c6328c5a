//! Datagrams of our own probes: every layout, every check, no state.
//!
//! A client proves its address before anything else is sent to it: hello with the token it got over TCP, a nonce to the
//! datagram's source, the nonce back, and only then answers to probes. Each packet of the handshake is as long as the
//! one it answers, so a forged source gains nothing. All are [`LEN`] bytes, little-endian:
//!
//! | bytes | handshake | request | reply |
//! |---|---|---|---|
//! | 0–3 | `66 61 d0 01` | | |
//! | 4 | kind | 5 | 6 |
//! | 5 | 0 | 0 | bit 0: arrival stamped by the kernel, bit 1: TOS known |
//! | 6 | 0 | 0 | TOS byte of the request on arrival |
//! | 8–15 | token, first half | session | session |
//! | 16–23 | token, second half | sequence number u32, 0 | sequence number u32, 0 |
//! | 24–31 | nonce | 0 | arrival of the request, i64 |
//! | 32–39 | 0 | 0 | sending of the reply, i64 |
//! | 40–43 | 0 | 0 | requests received, u32 |
//! | 44–47 | 0 | 0 | duplicates among them, u32 |
//! | 48–55 | 0 | 0 | bit i: request `sequence − i` was received |
//! | 56–59 | 0 | 0 | requests that came after a later one, u32 |
//! | 60–63 | 0 | 0 | datagrams the receive queue dropped, u32 |
//!
//! Times are the reflector's [`FarTime`].

use crate::event::{Reflected, StampKind};
use crate::time::FarTime;

/// Length of every datagram, bytes of UDP payload.
pub const LEN: usize = 64;

/// Longest request and reply, bytes of UDP payload: what is longer than [`LEN`] is padding that means nothing.
pub const MAX_LEN: usize = 1_472;

/// A datagram's bytes.
pub type Datagram = [u8; LEN];

const MAGIC: [u8; 4] = [0x66, 0x61, 0xd0, 0x01];

const KERNEL_STAMP: u8 = 1;
const TOS_KNOWN: u8 = 2;

/// What a client shows to be admitted: given to it over the control connection, one per probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(pub [u8; 16]);

impl Token {
    /// As 32 hexadecimal digits.
    pub fn to_hex(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    /// From 32 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok()?;
        digits.then(|| Self(number.to_be_bytes()))
    }

    /// The half that names the session in requests and replies.
    pub fn session(self) -> u64 {
        let mut half = [0; 8];
        half.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(half)
    }
}

/// A reflector's reply to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// Session of the request.
    pub session: u64,
    /// Which request.
    pub seq: u32,
    /// The reflector's stamps.
    pub there: Reflected,
    /// Requests received so far, duplicates not counted.
    pub received: u32,
    /// Duplicates so far.
    pub duplicates: u32,
    /// Bit i: request `seq − i` was received.
    pub window: u64,
    /// Requests so far that came after a later one.
    pub reordered: u32,
    /// Datagrams dropped so far by the reflector's receive queue.
    pub dropped: u32,
}

/// A datagram, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet {
    /// Client: let me in.
    Hello(Token),
    /// Server: show that you are there.
    Challenge(Token, u64),
    /// Client: I am.
    Answer(Token, u64),
    /// Server: you are in; send probes from this address.
    Welcome(Token),
    /// Client: answer this.
    Request {
        /// First half of the token.
        session: u64,
        /// From 0.
        seq: u32,
    },
    /// Server: here you are.
    Reply(Reply),
}

impl Packet {
    /// The bytes on the wire.
    pub fn emit(&self) -> Datagram {
        let mut b = [0; LEN];
        b[..4].copy_from_slice(&MAGIC);
        let mut handshake = |kind: u8, token: &Token, nonce: u64| {
            b[4] = kind;
            b[8..24].copy_from_slice(&token.0);
            b[24..32].copy_from_slice(&nonce.to_le_bytes());
        };
        match self {
            Self::Hello(token) => handshake(1, token, 0),
            Self::Challenge(token, nonce) => handshake(2, token, *nonce),
            Self::Answer(token, nonce) => handshake(3, token, *nonce),
            Self::Welcome(token) => handshake(4, token, 0),
            Self::Request { session, seq } => {
                b[4] = 5;
                b[8..16].copy_from_slice(&session.to_le_bytes());
                b[16..20].copy_from_slice(&seq.to_le_bytes());
            }
            Self::Reply(r) => {
                b[4] = 6;
                if r.there.received_kind == StampKind::Kernel {
                    b[5] |= KERNEL_STAMP;
                }
                if let Some(tos) = r.there.tos_seen {
                    b[5] |= TOS_KNOWN;
                    b[6] = tos;
                }
                b[8..16].copy_from_slice(&r.session.to_le_bytes());
                b[16..20].copy_from_slice(&r.seq.to_le_bytes());
                b[24..32].copy_from_slice(&r.there.received.0.to_le_bytes());
                b[32..40].copy_from_slice(&r.there.sent.0.to_le_bytes());
                b[40..44].copy_from_slice(&r.received.to_le_bytes());
                b[44..48].copy_from_slice(&r.duplicates.to_le_bytes());
                b[48..56].copy_from_slice(&r.window.to_le_bytes());
                b[56..60].copy_from_slice(&r.reordered.to_le_bytes());
                b[60..64].copy_from_slice(&r.dropped.to_le_bytes());
            }
        }
        b
    }

    /// Reads a request or a reply that may be padded; handshakes are never.
    pub fn parse_padded(bytes: &[u8]) -> Option<Self> {
        let packet = Self::parse(bytes.get(..LEN)?)?;
        let may_be = matches!(packet, Self::Request { .. } | Self::Reply(_)) && bytes.len() <= MAX_LEN;
        (bytes.len() == LEN || may_be).then_some(packet)
    }

    /// Reads a datagram; `None` when it is not one of ours. Any length but [`LEN`] is not.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let b: &Datagram = bytes.try_into().ok()?;
        if b[..4] != MAGIC {
            return None;
        }
        let u32_at = |i: usize| u32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        let u64_at = |i: usize| u64::from(u32_at(i)) | u64::from(u32_at(i + 4)) << 32;
        let token = || {
            let mut t = [0; 16];
            t.copy_from_slice(&b[8..24]);
            Token(t)
        };
        Some(match b[4] {
            1 => Self::Hello(token()),
            2 => Self::Challenge(token(), u64_at(24)),
            3 => Self::Answer(token(), u64_at(24)),
            4 => Self::Welcome(token()),
            5 => Self::Request { session: u64_at(8), seq: u32_at(16) },
            6 => Self::Reply(Reply {
                session: u64_at(8),
                seq: u32_at(16),
                there: Reflected {
                    received: FarTime(u64_at(24) as i64),
                    received_kind: if b[5] & KERNEL_STAMP == 0 { StampKind::Program } else { StampKind::Kernel },
                    sent: FarTime(u64_at(32) as i64),
                    tos_seen: (b[5] & TOS_KNOWN != 0).then_some(b[6]),
                },
                received: u32_at(40),
                duplicates: u32_at(44),
                window: u64_at(48),
                reordered: u32_at(56),
                dropped: u32_at(60),
            }),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn reply() -> Reply {
        Reply {
            session: 0x0807_0605_0403_0201,
            seq: 513,
            there: Reflected {
                received: FarTime(-2),
                received_kind: StampKind::Kernel,
                sent: FarTime(1_800_000_000_000_000_000),
                tos_seen: Some(0xb8),
            },
            received: 500,
            duplicates: 3,
            window: 0xff,
            reordered: 2,
            dropped: 1,
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let b = Packet::Reply(reply()).emit();
        assert_eq!(b[..20], [0x66, 0x61, 0xd0, 1, 6, 3, 0xb8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 0, 0]);
        assert_eq!(b[24..32], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(b[40..48], [0xf4, 1, 0, 0, 3, 0, 0, 0]);
    }

    #[test]
    fn what_is_emitted_is_parsed_back() {
        let token = Token([9; 16]);
        for packet in [
            Packet::Hello(token),
            Packet::Challenge(token, u64::MAX - 1),
            Packet::Answer(token, 7),
            Packet::Welcome(token),
            Packet::Request { session: token.session(), seq: u32::MAX },
            Packet::Reply(reply()),
        ] {
            assert_eq!(Packet::parse(&packet.emit()), Some(packet));
        }
    }

    #[test]
    fn tokens_survive_their_text_form() {
        let token = Token::from_hex("000102030405060708090a0b0c0d0eff").unwrap();
        assert_eq!(token.0[15], 0xff);
        assert_eq!(token.to_hex(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(Token::from_hex("00"), None);
        assert_eq!(Token::from_hex("ä00102030405060708090a0b0c0d0ef"), None);
    }

    proptest! {
        #[test]
        fn hostile_datagrams_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Packet::parse(&bytes);
        }

        #[test]
        fn padding_is_for_requests_and_replies(kind in 1u8..=6, padding in 0usize..2000) {
            let mut b = MAGIC.to_vec();
            b.push(kind);
            b.resize(LEN + padding, 0);
            let may_be = padding == 0 || kind >= 5 && b.len() <= MAX_LEN;
            prop_assert_eq!(Packet::parse_padded(&b).is_some(), may_be);
        }

        #[test]
        fn any_body_behind_our_magic_is_understood_or_refused(kind in any::<u8>(), body in prop::collection::vec(any::<u8>(), 59)) {
            let mut b = MAGIC.to_vec();
            b.push(kind);
            b.extend(body);
            prop_assert_eq!(Packet::parse(&b).is_some(), (1..=6).contains(&kind));
        }
    }
}
