//! The `SIOCETHTOOL` request: what a network driver says about itself.

#![expect(unsafe_code, reason = "ioctl with a pointer inside the request has no safe wrapper")]

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd};

/// `struct ethtool_value`: a command word and one number.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// `struct ethtool_drvinfo`: the driver's names, each a C string in 32 bytes, then counters.
#[repr(C)]
struct EthtoolDriverInfo {
    command: u32,
    driver: [u8; 32],
    rest: [u8; 160],
}

// linux/ethtool.h: the structure is 196 bytes; a smaller one would let the kernel write past the end.
const _: () = assert!(size_of::<EthtoolDriverInfo>() == 196);

const ETHTOOL_GDRVINFO: u32 = 0x0000_0003;

/// Commands of the "one number" kind, from linux/ethtool.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Query {
    /// TCP segmentation offload.
    Tso = 0x0000_001e,
    /// UDP fragmentation offload; gone from newer kernels.
    Ufo = 0x0000_0021,
    /// Generic segmentation offload.
    Gso = 0x0000_0023,
    /// Flag word; bit 15 is large receive offload.
    Flags = 0x0000_0025,
    /// Generic receive offload.
    Gro = 0x0000_002b,
}

/// Asks the driver of `interface` for one number.
///
/// # Errors
/// The kernel's: no such interface, or the driver does not know the command (`EOPNOTSUPP`).
pub(crate) fn query(socket: &impl AsFd, interface: &str, query: Query) -> io::Result<u32> {
    let mut value = EthtoolValue { command: query as u32, data: 0 };
    request(socket, interface, (&raw mut value).cast())?;
    Ok(value.data)
}

/// The driver's name as the driver gives it; works for virtual links that have no device in sysfs.
///
/// # Errors
/// The kernel's: no such interface, or a link without driver information (`EOPNOTSUPP`).
pub(crate) fn driver(socket: &impl AsFd, interface: &str) -> io::Result<String> {
    let mut info = EthtoolDriverInfo { command: ETHTOOL_GDRVINFO, driver: [0; 32], rest: [0; 160] };
    request(socket, interface, (&raw mut info).cast())?;
    let name = info.driver.split(|&byte| byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(name).into_owned())
}

/// Sends one request; `argument` must point to the structure that its first word, the command, announces.
fn request(socket: &impl AsFd, interface: &str, argument: *mut libc::c_char) -> io::Result<()> {
    // SAFETY: `ifreq` is plain old data, for which all zeros is a valid value.
    let mut ifreq: libc::ifreq = unsafe { std::mem::zeroed() };
    let name = interface.as_bytes();
    if name.len() >= ifreq.ifr_name.len() || name.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "interface name too long"));
    }
    for (slot, &byte) in ifreq.ifr_name.iter_mut().zip(name) {
        *slot = byte as libc::c_char;
    }
    ifreq.ifr_ifru.ifru_data = argument;
    // SAFETY: the descriptor is open for the duration of the borrow, `ifreq` outlives the call, and `argument`
    // points to a live, writable structure of the size that its command makes the kernel use (both callers).
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::SIOCETHTOOL as _, &raw mut ifreq) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
