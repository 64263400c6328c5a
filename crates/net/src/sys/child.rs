//! A child process that does not outlive the thread that started it.

#![expect(unsafe_code, reason = "what a child does before it becomes the program has no safe wrapper")]

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Makes the kernel kill the program of `command` when the thread that started it ends, however it ends.
pub(crate) fn end_with_us(command: &mut Command) {
    let parent = nix::unistd::getpid();
    let before_exec = move || {
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
        // It may have died before the call; then nobody would tell.
        if nix::unistd::getppid() == parent { Ok(()) } else { Err(nix::errno::Errno::ESRCH.into()) }
    };
    // SAFETY: between fork and exec only system calls are made, no memory is allocated and no lock is taken.
    unsafe {
        command.pre_exec(before_exec);
    }
}
