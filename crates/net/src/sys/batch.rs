//! Many datagrams per system call: segmentation and receive offload of UDP, and `sendmmsg`/`recvmmsg` beside them.

#![expect(unsafe_code, reason = "sendmmsg, recvmmsg and control messages have no safe wrapper that keeps its buffers")]

use socket2::{SockAddr, SockAddrStorage};
use std::io;
use std::mem::{size_of, zeroed};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};

/// `UDP_SEGMENT` and `UDP_GRO` of linux/udp.h, since Linux 4.18 and 5.0.
const UDP_SEGMENT: libc::c_int = 103;
const UDP_GRO: libc::c_int = 104;

/// Datagrams of one call without segmentation offload.
const MESSAGES: usize = 64;

/// Words, so that control messages are aligned.
type Control = [u64; 32];

/// Lets the kernel hand over neighbouring datagrams of one size as one. False where it cannot.
pub(crate) fn receive_joined(socket: &impl AsFd) -> bool {
    let on: libc::c_int = 1;
    let fd = socket.as_fd().as_raw_fd();
    let size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option's value is an int that lives through the call.
    unsafe { libc::setsockopt(fd, libc::SOL_UDP, UDP_GRO, (&raw const on).cast(), size) == 0 }
}

/// Sends `bytes`, which is datagrams of `size` bytes one after the other, as one unit of segmentation offload.
///
/// # Errors
/// The kernel's: `EIO`, `EINVAL` or `EMSGSIZE` where it cannot cut them.
pub(crate) fn send_joined(socket: &impl AsFd, bytes: &[u8], size: u16) -> io::Result<()> {
    let mut control: Control = [0; 32];
    let mut iov = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: `msghdr` is plain old data, for which all zeros is a valid value.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut iov;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    // SAFETY: a computation without memory access.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<u16>() as u32) } as _;
    // SAFETY: the control buffer is longer than one message with a u16, aligned, and lives through the call; the kernel
    // only reads `bytes`.
    let sent = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_UDP;
        (*header).cmsg_type = UDP_SEGMENT;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as _;
        libc::CMSG_DATA(header).cast::<u16>().write_unaligned(size);
        libc::sendmsg(socket.as_fd().as_raw_fd(), &raw const message, libc::MSG_DONTWAIT)
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sends `bytes`, which is datagrams of `size` bytes one after the other, each as its own; how many the kernel took.
///
/// # Errors
/// The kernel's about the first one.
pub(crate) fn send_each(socket: &impl AsFd, bytes: &[u8], size: usize) -> io::Result<usize> {
    // SAFETY: both are plain old data, for which all zeros is a valid value.
    let mut iovs: [libc::iovec; MESSAGES] = unsafe { zeroed() };
    let mut messages: [libc::mmsghdr; MESSAGES] = unsafe { zeroed() };
    let mut count = 0;
    for ((datagram, iov), message) in bytes.chunks_exact(size.max(1)).zip(&mut iovs).zip(&mut messages) {
        *iov = libc::iovec { iov_base: datagram.as_ptr().cast_mut().cast(), iov_len: datagram.len() };
        message.msg_hdr.msg_iov = iov;
        message.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: `count` messages are filled in, each with one buffer that lives through the call and is only read.
    let sent = unsafe { libc::sendmmsg(fd, messages.as_mut_ptr(), count, libc::MSG_DONTWAIT as _) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(sent as usize) }
}

/// Room for several receptions.
pub(crate) struct Inbox {
    buffers: Vec<Vec<u8>>,
    control: Vec<Control>,
    names: Vec<SockAddrStorage>,
}

/// What came with a reception.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) len: usize,
    pub(crate) truncated: bool,
    /// Size of the datagrams that were joined; 0: it is one.
    pub(crate) segment: usize,
    /// Kernel's stamp, seconds and nanoseconds of the wall clock.
    pub(crate) stamp: Option<(i64, i64)>,
    pub(crate) tos: Option<u8>,
    /// Datagrams that the socket's queue dropped so far.
    pub(crate) dropped: Option<u32>,
    /// Whom it came from.
    pub(crate) from: Option<SocketAddr>,
}

impl Inbox {
    /// Room for `receptions` of up to 64 KiB each.
    pub(crate) fn new(receptions: usize) -> Self {
        let receptions = receptions.clamp(1, MESSAGES);
        let names = (0..receptions).map(|_| SockAddrStorage::zeroed()).collect();
        Self { buffers: vec![vec![0; 65_535]; receptions], control: vec![[0; 32]; receptions], names }
    }

    /// Takes what is there, without waiting; nothing when nothing is.
    ///
    /// # Errors
    /// The kernel's, for example that an earlier datagram was refused over there.
    pub(crate) fn receive(&mut self, socket: &impl AsFd, mut take: impl FnMut(&[u8], Told)) -> io::Result<usize> {
        // SAFETY: both are plain old data, for which all zeros is a valid value.
        let mut iovs: [libc::iovec; MESSAGES] = unsafe { zeroed() };
        let mut messages: [libc::mmsghdr; MESSAGES] = unsafe { zeroed() };
        let parts = self.buffers.iter_mut().zip(&mut self.control).zip(&mut self.names);
        for (((buffer, control), name), (iov, message)) in parts.zip(iovs.iter_mut().zip(&mut messages)) {
            message.msg_hdr.msg_name = (&raw mut *name).cast();
            message.msg_hdr.msg_namelen = name.size_of();
            *iov = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
            message.msg_hdr.msg_iov = iov;
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_control = control.as_mut_ptr().cast();
            message.msg_hdr.msg_controllen = size_of::<Control>() as _;
        }
        let (fd, count) = (socket.as_fd().as_raw_fd(), self.buffers.len() as u32);
        // SAFETY: `count` messages are filled in with buffers that live through the call and nobody else uses.
        let found =
            unsafe { libc::recvmmsg(fd, messages.as_mut_ptr(), count, libc::MSG_DONTWAIT as _, std::ptr::null_mut()) };
        if found < 0 {
            let error = io::Error::last_os_error();
            let nothing = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted);
            return if nothing { Ok(0) } else { Err(error) };
        }
        for ((message, buffer), name) in messages.iter().take(found as usize).zip(&self.buffers).zip(&mut self.names) {
            let len = (message.msg_len as usize).min(buffer.len());
            let truncated = message.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            // SAFETY: the kernel wrote the address and its length.
            let from = unsafe {
                SockAddr::new(std::mem::replace(name, SockAddrStorage::zeroed()), message.msg_hdr.msg_namelen)
            };
            take(&buffer[..len], Told { from: from.as_socket(), ..told(&message.msg_hdr, len, truncated) });
        }
        Ok(found as usize)
    }
}

/// Reads the control messages of a reception.
fn told(message: &libc::msghdr, len: usize, truncated: bool) -> Told {
    let mut told = Told { len, truncated, ..Told::default() };
    // SAFETY: the kernel filled the control buffer and set its length; the macros stay within that. Each kind is read as
    // the type that the kernel writes for it.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while let Some(one) = header.as_ref() {
            let data = libc::CMSG_DATA(header);
            match (one.cmsg_level, one.cmsg_type) {
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING) => {
                    let at = data.cast::<libc::timespec>().read_unaligned();
                    if at.tv_sec != 0 {
                        told.stamp = Some((at.tv_sec, at.tv_nsec));
                    }
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => told.dropped = Some(data.cast::<u32>().read_unaligned()),
                (libc::SOL_UDP, UDP_GRO) => {
                    told.segment = usize::try_from(data.cast::<libc::c_int>().read_unaligned()).unwrap_or(0);
                }
                (libc::SOL_IP, libc::IP_TOS) => told.tos = Some(data.read()),
                (libc::SOL_IPV6, libc::IPV6_TCLASS) => {
                    told.tos = Some(data.cast::<libc::c_int>().read_unaligned() as u8);
                }
                _ => {}
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::net::UdpSocket;

    fn pair() -> (UdpSocket, UdpSocket) {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.connect(receiver.local_addr().unwrap()).unwrap();
        (sender, receiver)
    }

    fn received(socket: &UdpSocket) -> Vec<Vec<u8>> {
        let mut inbox = Inbox::new(8);
        let mut found = Vec::new();
        while inbox
            .receive(socket, |bytes, told| {
                let size = if told.segment == 0 { bytes.len() } else { told.segment };
                found.extend(bytes.chunks(size).map(<[u8]>::to_vec));
            })
            .unwrap()
            > 0
        {}
        found
    }

    #[test]
    fn datagrams_sent_together_arrive_as_they_were() {
        let (sender, receiver) = pair();
        let bytes: Vec<u8> = (0..30u8).flat_map(|n| [n; 100]).collect();
        let expected: Vec<Vec<u8>> = bytes.chunks(100).map(<[u8]>::to_vec).collect();
        assert_eq!(send_each(&sender, &bytes, 100).unwrap(), 30);
        assert_eq!(received(&receiver), expected);
        if let Err(e) = send_joined(&sender, &bytes, 100) {
            println!("skipped: this kernel does not cut datagrams: {e}");
            return;
        }
        assert_eq!(received(&receiver), expected);
        if receive_joined(&receiver) {
            send_joined(&sender, &bytes, 100).unwrap();
            assert_eq!(received(&receiver), expected, "joined, and taken apart here");
        }
    }

    #[test]
    fn what_the_queue_dropped_is_told() {
        let (sender, receiver) = pair();
        let socket = socket2::SockRef::from(&receiver);
        socket.set_recv_buffer_size(1).unwrap();
        nix::sys::socket::setsockopt(&receiver, nix::sys::socket::sockopt::RxqOvfl, &1).unwrap();
        for _ in 0..200 {
            sender.send(&[0; 1000]).unwrap();
        }
        let kept = received(&receiver).len();
        sender.send(&[0; 1000]).unwrap();
        let mut dropped = None;
        Inbox::new(1).receive(&receiver, |_, told| dropped = told.dropped).unwrap();
        assert_eq!(dropped, Some(200 - kept as u32));
    }
}
