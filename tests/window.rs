//! `fa gui` where there is no window, and in a real one on a virtual display.

use std::process::{Command, Stdio};

use crate::command::{Desk, sample};

#[test]
fn without_a_display_the_way_out_is_named_with_exit_code_5() {
    let desk = Desk::new();
    let mut command = desk.command();
    command.args(["gui", &sample("ping-idle.flent.gz")]).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let said = command.output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(5), "{text}");
    assert!(text.contains("no display") && text.contains("fa plot"), "{text}");
    assert!(said.stdout.is_empty());
}

#[test]
fn a_display_that_is_not_there_is_no_panic() {
    let desk = Desk::new();
    let mut command = desk.command();
    command
        .args(["gui", "--new-window", &sample("ping-idle.flent.gz")])
        .env_remove("WAYLAND_DISPLAY")
        .env("DISPLAY", ":4711");
    let said = command.output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(5), "{text}");
    assert!(text.contains("fa plot") && !text.contains("panicked"), "{text}");
}

#[test]
fn three_files_are_shown_in_a_real_window() {
    use std::io::BufRead as _;
    let desk = Desk::new();
    // The server chooses a free display and tells its number.
    let server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1400x900x24"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut server) = server else {
        eprintln!("skipped: Xvfb is not installed");
        return;
    };
    let mut number = String::new();
    std::io::BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
    let picture = desk.path().join("window.png");
    let mut command = desk.command();
    command.args(["gui", "--new-window", "--screenshot"]).arg(&picture);
    command.args(["bufferbloat-long.flent.gz", "ping-idle.flent.gz", "upload-long.flent.gz"].map(sample));
    command.env("DISPLAY", format!(":{}", number.trim())).env_remove("WAYLAND_DISPLAY");
    let said = command.output().unwrap();
    drop(server.kill());
    drop(server.wait());
    let text = String::from_utf8_lossy(&said.stderr);
    if text.contains("apt install") {
        eprintln!("skipped: {text}");
        return;
    }
    assert!(said.status.success(), "{text}");
    let bytes = std::fs::read(&picture).unwrap();
    assert_eq!(&bytes[1..4], b"PNG");
    assert!(bytes.len() > 20_000, "an empty window is smaller than {} bytes", bytes.len());
}
