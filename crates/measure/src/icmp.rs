//! ICMP echo, IPv4 and IPv6: layout of requests and answers.
//!
//! The 16 bits of sequence number that ICMP has are not enough for long runs, so the payload carries all 32, and a magic
//! number by which we know our own.

/// Bytes of an echo message of ours: 8 of header, 56 of payload, what `ping` sends.
pub const LEN: usize = 64;

const MAGIC: [u8; 4] = [0x66, 0x61, 0x1c, 0x01];

/// Version of ICMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icmp {
    /// For IPv4.
    V4,
    /// For IPv6.
    V6,
}

/// An echo request; the kernel overwrites `ident` on unprivileged sockets, and the checksum for IPv6.
pub fn request(version: Icmp, ident: u16, seq: u32) -> [u8; LEN] {
    let mut b = [0; LEN];
    b[0] = match version {
        Icmp::V4 => 8,
        Icmp::V6 => 128,
    };
    b[4..6].copy_from_slice(&ident.to_be_bytes());
    b[6..8].copy_from_slice(&(seq as u16).to_be_bytes());
    b[8..12].copy_from_slice(&MAGIC);
    b[12..16].copy_from_slice(&seq.to_le_bytes());
    b[16..18].copy_from_slice(&ident.to_le_bytes());
    if version == Icmp::V4 {
        let sum = checksum(&b);
        b[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    b
}

/// Sequence number of an echo reply to one of our requests with this ident; `None` for everything else.
///
/// - `with_ip_header`: raw IPv4 sockets deliver the IP header too.
pub fn reply(version: Icmp, packet: &[u8], ident: u16, with_ip_header: bool) -> Option<u32> {
    let b = if with_ip_header {
        let header = usize::from(packet.first()? & 0x0f) * 4;
        packet.get(header..)?
    } else {
        packet
    };
    let kind = match version {
        Icmp::V4 => 0,
        Icmp::V6 => 129,
    };
    if b.len() < LEN || b[0] != kind || b[1] != 0 || b[8..12] != MAGIC || b[16..18] != ident.to_le_bytes() {
        return None;
    }
    Some(u32::from_le_bytes([b[12], b[13], b[14], b[15]]))
}

/// Internet checksum (RFC 1071) of a message of even length whose checksum field is zero.
fn checksum(b: &[u8]) -> u16 {
    let sum: u32 = b.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_makes_the_sum_all_ones() {
        let b = request(Icmp::V4, 0x1234, 70_000);
        let sum: u32 = b.chunks_exact(2).map(|p| u32::from(u16::from_be_bytes([p[0], p[1]]))).sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    }

    #[test]
    fn only_replies_to_our_own_requests_count() {
        for version in [Icmp::V4, Icmp::V6] {
            let mut b = request(version, 7, 70_000);
            assert_eq!(reply(version, &b, 7, false), None, "a request is no reply");
            b[0] = if version == Icmp::V4 { 0 } else { 129 };
            assert_eq!(reply(version, &b, 7, false), Some(70_000));
            assert_eq!(reply(version, &b, 8, false), None, "another program's");
            let mut with_header = vec![0x46; 24];
            with_header.extend(b);
            assert_eq!(reply(version, &with_header, 7, true), Some(70_000));
        }
    }

    proptest! {
        #[test]
        fn hostile_packets_never_panic(packet in prop::collection::vec(any::<u8>(), 0..120), header in any::<bool>()) {
            let _ = reply(Icmp::V4, &packet, 0, header);
        }
    }
}
