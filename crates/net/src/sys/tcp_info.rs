//! `TCP_INFO` and `TCP_CC_INFO`: a socket's kernel state.

#![expect(unsafe_code, reason = "getsockopt into a structure whose length the kernel decides has no safe wrapper")]

use fa_measure::TcpInfo;
use fa_measure::tcp_info::BbrInfo;
use std::mem::{offset_of, size_of};
use std::os::fd::{AsFd, AsRawFd};

/// Reads the kernel's state of a TCP socket; `None` when it does not tell (not TCP, socket gone).
pub(crate) fn tcp_info(socket: &impl AsFd) -> Option<TcpInfo> {
    let mut raw = Raw([0; ROOM]);
    let len = get(socket, libc::TCP_INFO, raw.0.as_mut_ptr().cast(), ROOM)?;
    let mut info = convert(&raw, len);
    info.bbr = bbr_info(socket);
    Some(info)
}

/// Bytes of the structure that are asked for: more than any kernel has so far, so that none is cut.
const ROOM: usize = 512;
const _: () = assert!(size_of::<libc::tcp_info>() <= ROOM, "the known part has to fit");

/// What the kernel filled in; the rest is zero.
struct Raw([u8; ROOM]);

impl Raw {
    /// The part that the C library knows.
    fn known(&self) -> libc::tcp_info {
        // SAFETY: large enough, and read as what may lie anywhere; all fields are integers, for which any bytes
        // are a value.
        unsafe { self.0.as_ptr().cast::<libc::tcp_info>().read_unaligned() }
    }

    /// The 32-bit field at an offset behind that part, when the kernel filled `len` bytes.
    fn later(&self, offset: usize, len: usize) -> Option<u32> {
        let bytes = self.0.get(offset..offset + 4).filter(|_| offset + 4 <= len)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    }
}

/// Asks for option `name` of level TCP; returns how many bytes the kernel filled.
fn get(socket: &impl AsFd, name: libc::c_int, into: *mut libc::c_void, size: usize) -> Option<usize> {
    let mut len = size as libc::socklen_t;
    // SAFETY: `into` points to `size` writable bytes and `len` says so; the kernel writes at most that many.
    let done = unsafe { libc::getsockopt(socket.as_fd().as_raw_fd(), libc::IPPROTO_TCP, name, into, &raw mut len) };
    (done == 0).then_some((len as usize).min(size))
}

/// `struct tcp_bbr_info` of linux/inet_diag.h.
#[repr(C)]
#[derive(Clone, Copy)]
struct TcpBbrInfo {
    bw_lo: u32,
    bw_hi: u32,
    min_rtt: u32,
    pacing_gain: u32,
    cwnd_gain: u32,
}

/// State of BBR. Other algorithms fill other structures of other lengths, so the algorithm's name decides.
fn bbr_info(socket: &impl AsFd) -> Option<BbrInfo> {
    let mut name = [0u8; 16];
    let len = get(socket, libc::TCP_CONGESTION, name.as_mut_ptr().cast(), name.len())?;
    if !name[..len].starts_with(b"bbr") {
        return None;
    }
    let mut raw = TcpBbrInfo { bw_lo: 0, bw_hi: 0, min_rtt: 0, pacing_gain: 0, cwnd_gain: 0 };
    let len = get(socket, libc::TCP_CC_INFO, (&raw mut raw).cast(), size_of::<TcpBbrInfo>())?;
    (len == size_of::<TcpBbrInfo>()).then_some(BbrInfo {
        bw: u64::from(raw.bw_hi) << 32 | u64::from(raw.bw_lo),
        min_rtt_us: raw.min_rtt,
        pacing_gain: raw.pacing_gain,
        cwnd_gain: raw.cwnd_gain,
    })
}

/// Takes over the fields that a kernel filling `len` bytes knows.
fn convert(filled: &Raw, len: usize) -> TcpInfo {
    let raw = filled.known();
    // A field counts when its last byte was filled: an older kernel's structure ends earlier.
    macro_rules! field {
        ($field:ident) => {
            (offset_of!(libc::tcp_info, $field) + size_of_val(&raw.$field) <= len).then_some(raw.$field)
        };
    }
    // One byte of bits behind the window scales, which has no name in the C library.
    let bits = offset_of!(libc::tcp_info, tcpi_snd_rcv_wscale) + 1;
    let bits = (bits < len).then(|| filled.0[bits]);
    // All ones stand for "none" or "no limit" in these.
    let real = |rate: Option<u64>| rate.filter(|&r| r != u64::MAX);
    let known = |us: Option<u32>| us.filter(|&v| v != u32::MAX);
    TcpInfo {
        ca_state: field!(tcpi_ca_state),
        options: field!(tcpi_options),
        rto_us: field!(tcpi_rto),
        ato_us: field!(tcpi_ato),
        snd_mss: field!(tcpi_snd_mss),
        rcv_mss: field!(tcpi_rcv_mss),
        unacked: field!(tcpi_unacked),
        sacked: field!(tcpi_sacked),
        lost: field!(tcpi_lost),
        retrans: field!(tcpi_retrans),
        pmtu: field!(tcpi_pmtu),
        rtt_us: field!(tcpi_rtt),
        rttvar_us: field!(tcpi_rttvar),
        snd_ssthresh: field!(tcpi_snd_ssthresh),
        rcv_ssthresh: field!(tcpi_rcv_ssthresh),
        snd_cwnd: field!(tcpi_snd_cwnd),
        reordering: field!(tcpi_reordering),
        rcv_rtt_us: field!(tcpi_rcv_rtt),
        rcv_space: field!(tcpi_rcv_space),
        total_retrans: field!(tcpi_total_retrans),
        pacing_rate: real(field!(tcpi_pacing_rate)),
        bytes_acked: field!(tcpi_bytes_acked),
        bytes_received: field!(tcpi_bytes_received),
        segs_out: field!(tcpi_segs_out),
        segs_in: field!(tcpi_segs_in),
        notsent_bytes: field!(tcpi_notsent_bytes),
        min_rtt_us: known(field!(tcpi_min_rtt)),
        delivery_rate: field!(tcpi_delivery_rate),
        busy_time_us: field!(tcpi_busy_time),
        rwnd_limited_us: field!(tcpi_rwnd_limited),
        sndbuf_limited_us: field!(tcpi_sndbuf_limited),
        delivered: field!(tcpi_delivered),
        delivered_ce: field!(tcpi_delivered_ce),
        bytes_sent: field!(tcpi_bytes_sent),
        bytes_retrans: field!(tcpi_bytes_retrans),
        dsack_dups: field!(tcpi_dsack_dups),
        reord_seen: field!(tcpi_reord_seen),
        rcv_ooopack: field!(tcpi_rcv_ooopack),
        snd_wnd: field!(tcpi_snd_wnd),
        rcv_wnd: field!(tcpi_rcv_wnd),
        state: field!(tcpi_state),
        retransmits: field!(tcpi_retransmits),
        probes: field!(tcpi_probes),
        backoff: field!(tcpi_backoff),
        wscale: field!(tcpi_snd_rcv_wscale),
        rehash: field!(tcpi_rehash),
        total_rto: field!(tcpi_total_rto),
        total_rto_recoveries: field!(tcpi_total_rto_recoveries),
        total_rto_time_ms: field!(tcpi_total_rto_time),
        last_data_sent_ms: field!(tcpi_last_data_sent),
        last_data_recv_ms: field!(tcpi_last_data_recv),
        last_ack_recv_ms: field!(tcpi_last_ack_recv),
        advmss: field!(tcpi_advmss),
        max_pacing_rate: real(field!(tcpi_max_pacing_rate)),
        data_segs_in: field!(tcpi_data_segs_in),
        data_segs_out: field!(tcpi_data_segs_out),
        app_limited: bits.map(|bits| bits & 1),
        fastopen_client_fail: bits.map(|bits| bits >> 1 & 3),
        // Offsets of the kernel's headers.
        received_ce: filled.later(248, len),
        delivered_e1_bytes: filled.later(252, len),
        delivered_e0_bytes: filled.later(256, len),
        delivered_ce_bytes: filled.later(260, len),
        received_e1_bytes: filled.later(264, len),
        received_e0_bytes: filled.later(268, len),
        received_ce_bytes: filled.later(272, len),
        accecn: filled.later(276, len),
        bbr: None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connection_tells_its_round_trip_and_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut b, _) = listener.accept().unwrap();
        a.write_all(&[0; 1000]).unwrap();
        b.read_exact(&mut [0; 1000]).unwrap();
        let info = tcp_info(&b).unwrap();
        assert_eq!(info.bytes_received, Some(1000));
        assert!(info.snd_mss.unwrap() > 0 && info.pmtu.unwrap() > 0);
    }

    #[test]
    fn what_an_old_kernel_does_not_fill_is_absent() {
        let raw = Raw([0; ROOM]);
        // Linux 2.6 ended after `tcpi_total_retrans`.
        let old = convert(&raw, offset_of!(libc::tcp_info, tcpi_pacing_rate));
        assert_eq!((old.total_retrans, old.pacing_rate, old.rcv_wnd), (Some(0), None, None));
        assert_eq!((old.app_limited, old.received_ce), (Some(0), None));
    }
}
