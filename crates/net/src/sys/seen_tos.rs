//! The TOS byte of a TCP connection's packets as they arrived here.
//!
//! The kernel keeps it on the accepting side only, from the packet that completed the handshake, and gives it away through
//! an old interface: a buffer of control messages read by `getsockopt`.

#![expect(unsafe_code, reason = "getsockopt into a buffer of control messages has no safe wrapper")]

use nix::sys::socket::{setsockopt, sockopt};
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd};

/// TOS byte (IPv6: traffic class) that the peer's packets had on arrival; `None` where the kernel does not tell.
pub(crate) fn seen_tos(socket: &impl AsFd, v6: bool) -> Option<u8> {
    let (level, option, wanted) = if v6 {
        setsockopt(&socket.as_fd(), sockopt::Ipv6RecvTClass, &true).ok()?;
        (libc::SOL_IPV6, libc::IPV6_2292PKTOPTIONS, libc::IPV6_TCLASS)
    } else {
        setsockopt(&socket.as_fd(), sockopt::IpRecvTos, &true).ok()?;
        (libc::SOL_IP, libc::IP_PKTOPTIONS, libc::IP_TOS)
    };
    // Words, so that the kernel finds its alignment.
    let mut buffer = [0u64; 32];
    let mut len = size_of_val(&buffer) as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the buffer has `len` writable bytes and the kernel writes at most that many.
    let done = unsafe { libc::getsockopt(fd, level, option, buffer.as_mut_ptr().cast(), &raw mut len) };
    if done != 0 {
        return None;
    }
    let bytes: Vec<u8> = buffer.iter().flat_map(|w| w.to_ne_bytes()).take(len as usize).collect();
    find(&bytes, level, wanted)
}

/// The number in the control message of this level and type.
fn find(mut bytes: &[u8], level: i32, kind: i32) -> Option<u8> {
    const WORD: usize = size_of::<usize>();
    const HEADER: usize = size_of::<libc::cmsghdr>();
    loop {
        let header = bytes.get(..HEADER)?;
        let len = usize::from_ne_bytes(header[..WORD].try_into().ok()?);
        let i32_at = |b: &[u8], i: usize| Some(i32::from_ne_bytes(b.get(i..i + 4)?.try_into().ok()?));
        let message = bytes.get(..len)?;
        if i32_at(header, WORD)? == level && i32_at(header, WORD + 4)? == kind {
            return u8::try_from(i32_at(message, HEADER)?).ok();
        }
        bytes = bytes.get(len.max(HEADER).next_multiple_of(WORD)..)?;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use socket2::{Domain, Socket, Type};
    use std::net::TcpListener;

    #[test]
    fn the_accepting_side_sees_the_mark_of_the_connecting_one() {
        for (address, domain) in [("127.0.0.1:0", Domain::IPV4), ("[::1]:0", Domain::IPV6)] {
            let Ok(listener) = TcpListener::bind(address) else {
                println!("skipped: {address} is not there");
                continue;
            };
            let socket = Socket::new(domain, Type::STREAM, None).unwrap();
            crate::socket::set_tos(&socket, 0xb8).unwrap();
            socket.connect(&listener.local_addr().unwrap().into()).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            assert_eq!(seen_tos(&accepted, domain == Domain::IPV6), Some(0xb8), "{address}");
        }
    }

    #[test]
    fn cut_or_absurd_messages_end_the_search() {
        let mut message = 20usize.to_ne_bytes().to_vec();
        for number in [0i32, 1, 0x28] {
            message.extend(number.to_ne_bytes());
        }
        assert_eq!(find(&message, 0, 1), Some(0x28));
        for cut in 0..message.len() {
            assert_eq!(find(&message[..cut], 0, 1), None);
        }
        assert_eq!(find(&[0; 64], 0, 1), None, "a length of nothing");
        assert_eq!(find(&[0xff; 64], 0, 1), None);
    }
}
