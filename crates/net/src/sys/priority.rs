//! A thread's claim on the processor.

#![expect(unsafe_code, reason = "scheduling of a single thread has no safe wrapper in nix")]

/// Static priority among real-time threads: above nothing that matters, below the kernel's own.
const REAL_TIME: libc::c_int = 10;

/// Niceness tried when real time is not permitted.
const NICE: libc::c_int = -10;

/// Asks for real-time priority for the calling thread, else a better niceness, else a short time slice, and for timers
/// without slack.
/// Says what was obtained: `real-time 10`, `nice -10`, `normal, short slice` or `normal`.
pub(crate) fn raise() -> String {
    // Without this the kernel may wake us 50 µs late on purpose. Failing leaves it at that; lateness is recorded.
    let _ = nix::sys::prctl::set_timerslack(1);
    // SAFETY: a zeroed `sched_param` is valid on every libc (musl has more fields), and the call only reads it.
    let real_time = unsafe {
        let mut param: libc::sched_param = std::mem::zeroed();
        param.sched_priority = REAL_TIME;
        // Children must not inherit it: SCHED_RESET_ON_FORK.
        libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const param) == 0
    };
    if real_time {
        return format!("real-time {REAL_TIME}");
    }
    let thread = nix::unistd::gettid().as_raw() as libc::id_t;
    // SAFETY: no pointers involved.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS as _, thread, NICE) } == 0 {
        return format!("nice {NICE}");
    }
    if short_slice() { "normal, short slice".into() } else { "normal".into() }
}

/// Asks for what does not take the processor from others: timers without slack, a better niceness or a short time slice.
/// For threads that may have much to do.
pub(crate) fn raise_a_little() {
    // Failing leaves it at that; lateness is recorded.
    let _ = nix::sys::prctl::set_timerslack(1);
    let thread = nix::unistd::gettid().as_raw() as libc::id_t;
    // SAFETY: no pointers involved.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS as _, thread, NICE) } != 0 {
        short_slice();
    }
}

/// Shortest time slice the scheduler accepts, nanoseconds.
const SLICE: u64 = 100_000;

/// Asks for a short time slice, which nobody needs permission for: a thread that wants little at a time is let in sooner
/// (EEVDF scheduler with slices, Linux 6.12 and later; older kernels take the call and change nothing).
fn short_slice() -> bool {
    let attributes = SchedAttr { size: size_of::<SchedAttr>() as u32, runtime: SLICE, ..SchedAttr::default() };
    let (this_thread, flags) = (0, 0);
    // SAFETY: the kernel reads `size` bytes from a structure that is that long.
    unsafe { libc::syscall(libc::SYS_sched_setattr, this_thread, &raw const attributes, flags) == 0 }
}

/// `struct sched_attr` of linux/sched/types.h, first version; policy 0 is the normal one.
#[repr(C)]
#[derive(Default)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

// SCHED_ATTR_SIZE_VER0: another length would be refused.
const _: () = assert!(size_of::<SchedAttr>() == 48);

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    #[test]
    fn what_is_obtained_is_one_of_four() {
        let got = std::thread::spawn(super::raise).join().unwrap();
        assert!(["real-time 10", "nice -10", "normal, short slice", "normal"].contains(&got.as_str()), "{got}");
    }
}
