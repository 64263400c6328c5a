//! Programs of this host whose output is collected: the user's command, `ipmitool`, `mosquitto_sub`, `stress-ng`.
//!
//! Each has a thread and each of its processes a process group of its own, which is ended with it: politely first, then by
//! force. Nothing here can be asked for by a far end: plans of far ends know no programs.

use super::parse::{number_line, payload_value, power};
use super::{Outlet, Stop};
use crate::clock::Clock;
use crate::group::Sink;
use crate::socket::Trouble;
use crate::sys::child::end_with_us;
use fa_measure::collect::{Collected, CollectorId, CollectorPlan, Program, Schedule};
use fa_measure::event::What;
use fa_measure::flow::OwnClock;
use fa_measure::{Span, Time};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a process may take to end after being asked, each time more firmly.
const PATIENCE: Duration = Duration::from_secs(1);

/// Most output of one run of a command that is read, bytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// Readings that may fail one after the other before a collector gives up.
const TRIES: u32 = 5;

/// Environment variable with the password at the MQTT broker; arguments of programs can be seen by every user.
const MQTT_PASSWORD: &str = "FA_MQTT_PASSWORD";

/// A program's thread; dropping it ends the program and waits for it, for at most two seconds or so.
#[derive(Debug)]
pub(crate) struct Running {
    stop: Arc<Stop>,
    group: Arc<Group>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts the thread; `None` for a collector that is no program.
    pub(crate) fn start(clock: Clock, plan: &CollectorPlan, origin: Time, sink: Sink) -> io::Result<Option<Self>> {
        let Collected::Program(program) = plan.what.clone() else { return Ok(None) };
        let (stop, group) = (Arc::new(Stop::default()), Arc::new(Group::default()));
        let schedule = Schedule::new(origin, plan.start, plan.length, plan.interval);
        let collector = plan.id;
        let outlet = Outlet::new(collector, OwnClock::Here, sink.clone());
        let (begin, end) = (origin + plan.start, origin + plan.start + plan.length);
        let runner = Runner { clock, stop: stop.clone(), group: group.clone(), schedule, outlet, begin, end };
        let thread = std::thread::Builder::new().name("fa-program".into()).spawn(move || {
            if let Err(Trouble { error, hint }) = runner.run(&program, collector, &sink) {
                sink(clock.now(), What::CollectorFailed { collector, error, hint });
            }
        })?;
        Ok(Some(Self { stop, group, thread: Some(thread) }))
    }

    /// Asks the program to end.
    pub(crate) fn stop(&self) {
        self.stop.ask();
        self.group.signal(Signal::SIGINT);
    }

    fn ended_within(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            if self.ended_within(PATIENCE) {
                break;
            }
            self.group.signal(signal);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The process group that runs now.
#[derive(Debug, Default)]
struct Group(Mutex<Option<Pid>>);

impl Group {
    fn signal(&self, signal: Signal) {
        // Only while the leader is there, dead or alive: otherwise the number may be somebody else's.
        if let Some(group) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = killpg(group, signal);
        }
    }

    fn set(&self, group: Option<Pid>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = group;
    }

    /// Waits for the leader, ends whatever it left behind, and forgets the group. Whether it ended well.
    fn wait(&self, child: &mut Child) -> io::Result<std::process::ExitStatus> {
        let pid = Pid::from_raw(child.id() as i32);
        while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(nix::errno::Errno::EINTR) {}
        let _ = killpg(pid, Signal::SIGKILL);
        self.set(None);
        child.wait()
    }
}

/// What a program's thread works with.
struct Runner {
    clock: Clock,
    stop: Arc<Stop>,
    group: Arc<Group>,
    schedule: Schedule,
    outlet: Outlet,
    begin: Time,
    end: Time,
}

impl Runner {
    fn run(mut self, program: &Program, collector: CollectorId, sink: &Sink) -> Result<(), Trouble> {
        match program {
            Program::Command { command } => {
                let shell = || {
                    let mut shell = Command::new("/bin/sh");
                    shell.arg("-c").arg(command);
                    shell
                };
                self.again_and_again(shell, |text| number_line(text).ok_or("it printed no number on a line of its own"))
            }
            Program::Ipmi { host } => {
                let tool = || {
                    let mut tool = Command::new("ipmitool");
                    if let Some(host) = host {
                        // The password is taken from IPMI_PASSWORD.
                        tool.args(["-I", "lanplus", "-H", host, "-E"]);
                    }
                    tool.args(["dcmi", "power", "reading"]);
                    tool
                };
                self.again_and_again(tool, |text| power(text).ok_or("it printed no \"Instantaneous power reading\""))
            }
            Program::Mqtt { topic, host, port, user, payload_key } => {
                self.mqtt(topic, host, *port, user.as_deref(), payload_key.as_deref())
            }
            Program::Stress { stressors, load } => self.stress(*stressors, *load, collector, sink),
        }
    }

    /// Starts a program in a process group of its own.
    fn spawn(&self, mut command: Command) -> Result<Child, Trouble> {
        let name = command.get_program().to_string_lossy().into_owned();
        end_with_us(&mut command);
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|e| {
            let trouble = Trouble::new(format!("{name} cannot be started: {e}"));
            if e.kind() == io::ErrorKind::NotFound {
                trouble.hint(format!("install {name} on this host"))
            } else {
                trouble
            }
        })?;
        self.group.set(Some(Pid::from_raw(child.id() as i32)));
        if self.stop.is_asked() {
            self.group.signal(Signal::SIGINT);
        }
        Ok(child)
    }

    /// Runs a program for each sample.
    fn again_and_again(
        &mut self,
        command: impl Fn() -> Command,
        value: impl Fn(&str) -> Result<f64, &'static str>,
    ) -> Result<(), Trouble> {
        let mut failed = 0;
        while let Some(due) = self.schedule.due() {
            if self.stop.wait_until(&self.clock, due) {
                return Ok(());
            }
            let command = command();
            let name = command.get_program().to_string_lossy().into_owned();
            let mut child = self.spawn(command)?;
            let complaints = drain(child.stderr.take());
            let mut bytes = Vec::new();
            if let Some(out) = child.stdout.take() {
                // What ends the output early shows in what is made of it.
                let _ = out.take(MAX_OUTPUT).read_to_end(&mut bytes);
            }
            // The number is as old as its output.
            let now = self.clock.now();
            let status = self.group.wait(&mut child);
            let complaints = complaints.map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
            self.schedule.taken(now);
            if self.stop.is_asked() {
                return Ok(());
            }
            match value(&String::from_utf8_lossy(&bytes)) {
                Ok(value) => {
                    failed = 0;
                    self.outlet.put(now, &[("value".to_owned(), value)]);
                }
                Err(why) => {
                    failed += 1;
                    if failed >= TRIES {
                        let status = status.map(|status| format!(" ({status})")).unwrap_or_default();
                        let said =
                            complaints.lines().last().map(|line| format!("; it said: {line}")).unwrap_or_default();
                        return Err(Trouble::new(format!("{name}: {why}{status}{said}")));
                    }
                }
            }
        }
        Ok(())
    }

    fn mqtt(
        &mut self,
        topic: &str,
        host: &str,
        port: u16,
        user: Option<&str>,
        payload_key: Option<&str>,
    ) -> Result<(), Trouble> {
        if self.stop.wait_until(&self.clock, self.begin) {
            return Ok(());
        }
        let seconds = (self.end - self.begin).as_secs_f64().ceil().max(1.0);
        let mut command = Command::new("mosquitto_sub");
        // As JSON; messages that the broker kept from before would be older than the run.
        command.args(["-F", "%j", "-R", "-W", &format!("{seconds}"), "-h", host, "-p", &port.to_string(), "-t", topic]);
        if let Some(user) = user {
            command.args(["-u", user]);
        }
        let secret = std::env::var(MQTT_PASSWORD).ok().map(|password| PrivateFolder::with_password(&password));
        let secret =
            secret.transpose().map_err(|e| Trouble::new(format!("the MQTT password cannot be handed over: {e}")))?;
        if let Some(folder) = &secret {
            command.env("XDG_CONFIG_HOME", &folder.0).env_remove(MQTT_PASSWORD);
        }
        let mut child = self.spawn(command)?;
        let complaints = drain(child.stderr.take());
        let mut values = 0_u64;
        let lines = child.stdout.take().map(|out| BufReader::new(out.take(1 << 30)).split(b'\n'));
        for line in lines.into_iter().flatten().map_while(Result::ok) {
            if let Some(value) = payload_value(&String::from_utf8_lossy(&line), payload_key) {
                values += 1;
                self.outlet.put(self.clock.now(), &[("value".to_owned(), value)]);
            }
        }
        let status = self.group.wait(&mut child);
        let complaints = complaints.map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
        // 27: the time given with -W has passed.
        let ended = status.is_ok_and(|status| status.success() || status.code() == Some(27));
        if ended || values > 0 || self.stop.is_asked() {
            return Ok(());
        }
        let said = complaints.lines().last().unwrap_or("nothing was said about why").to_owned();
        Err(Trouble::new(format!("mosquitto_sub, topic {topic} at {host}:{port}: {said}"))
            .hint(format!("a password goes into the environment variable {MQTT_PASSWORD}")))
    }

    /// Loads processors. How many workers run is counted here: not every version of the program tells.
    fn stress(&mut self, stressors: u32, load: u32, collector: CollectorId, sink: &Sink) -> Result<(), Trouble> {
        if self.stop.wait_until(&self.clock, self.begin) {
            return Ok(());
        }
        let seconds = (self.end - self.begin).as_secs_f64().ceil().max(1.0);
        let mut command = Command::new("stress-ng");
        command.args(["--quiet", "-t", &format!("{seconds}s"), "--cpu", &stressors.to_string()]);
        command.args(["--cpu-load", &load.to_string(), "--cpu-method", "int64"]);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        if stressors > 0 && (stressors as usize) <= processors {
            let last = stressors - 1;
            command.args(["--taskset", &if last == 0 { "0".to_owned() } else { format!("0-{last}") }]);
        }
        let before = idle_states();
        let mut child = self.spawn(command)?;
        let began = self.clock.now();
        drop(child.stdout.take());
        let complaints = drain(child.stderr.take());
        let leader = child.id();
        let alive = |child: &Child| {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
            let state = waitid(Id::Pid(Pid::from_raw(child.id() as i32)), flags);
            matches!(state, Ok(nix::sys::wait::WaitStatus::StillAlive))
        };
        while let Some(due) = self.schedule.due() {
            if self.stop.wait_until(&self.clock, due) || !alive(&child) {
                break;
            }
            let now = self.clock.now();
            self.schedule.taken(now);
            self.outlet.put(now, &[("val".to_owned(), f64::from(workers(leader)))]);
        }
        let early = self.clock.now() + Span::from_millis(500) < self.end && !self.stop.is_asked();
        self.group.signal(Signal::SIGINT);
        let status = self.group.wait(&mut child);
        let passed = (self.clock.now() - began).as_secs_f64();
        let complaints = complaints.map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
        if early && !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
            let said = complaints.lines().last().unwrap_or_default().to_owned();
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            return Err(Trouble::new(format!("stress-ng ended early ({status}): {said}")));
        }
        let facts = residency(&before, &idle_states(), passed, processors);
        sink(self.clock.now(), What::CollectorFacts { collector, facts });
        Ok(())
    }
}

/// Reads what a program complains about, so that it never waits for us; the end of it is kept.
fn drain(from: Option<impl Read + Send + 'static>) -> Option<JoinHandle<String>> {
    let from = from?;
    std::thread::Builder::new()
        .name("fa-complaints".into())
        .spawn(move || {
            let mut last = String::new();
            for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
                let line: String =
                    String::from_utf8_lossy(&line).chars().filter(|c| !c.is_control()).take(300).collect();
                if !line.trim().is_empty() {
                    last = line;
                }
            }
            last
        })
        .ok()
}

/// Workers of `stress-ng` in a process group.
fn workers(group: u32) -> u32 {
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    let is_worker = |pid: &str| {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
        // `pid (name) state parent group …`; the name may hold anything.
        let Some((head, rest)) = stat.rsplit_once(") ") else { return false };
        let mut fields = rest.split(' ');
        let (state, own_group) = (fields.next(), fields.nth(1).and_then(|group| group.parse::<u32>().ok()));
        let worker = head.split_once('(').is_some_and(|(_, name)| name.starts_with("stress-ng-cpu"));
        worker && state != Some("Z") && own_group == Some(group)
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    pids.filter(|name| name.bytes().all(|b| b.is_ascii_digit())).filter(|pid| is_worker(pid)).count() as u32
}

/// Time that all processors together spent in each idle state, by name, µs.
fn idle_states() -> Vec<(String, u64)> {
    let mut states: Vec<(String, u64)> = Vec::new();
    for cpu in std::fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().flatten() {
        for state in std::fs::read_dir(cpu.path().join("cpuidle")).into_iter().flatten().flatten() {
            let read = |name: &str| std::fs::read_to_string(state.path().join(name)).ok();
            let (Some(name), Some(time)) = (read("name"), read("time").and_then(|t| t.trim().parse::<u64>().ok()))
            else {
                continue;
            };
            match states.iter_mut().find(|(known, _)| *known == name.trim()) {
                Some((_, sum)) => *sum += time,
                None => states.push((name.trim().to_owned(), time)),
            }
        }
    }
    states
}

/// Percent of the time that processors spent in each idle state.
fn residency(
    before: &[(String, u64)],
    after: &[(String, u64)],
    seconds: f64,
    processors: usize,
) -> serde_json::Map<String, serde_json::Value> {
    let share = |(name, now): &(String, u64)| {
        let (_, then) = before.iter().find(|(known, _)| known == name)?;
        let percent = now.saturating_sub(*then) as f64 / 1e4 / seconds / processors as f64;
        Some((format!("CSTATE_{name}"), serde_json::Value::from(percent)))
    };
    after.iter().filter_map(share).collect()
}

/// A folder that only this user may enter; gone when dropped.
struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// With `mosquitto_sub`'s own configuration file in it.
    fn with_password(password: &str) -> io::Result<Self> {
        let name = format!("fa-{}", crate::serve::random_token().to_hex());
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        let folder = Self(path);
        std::fs::write(folder.0.join("mosquitto_sub"), format!("-P {password}\n"))?;
        Ok(folder)
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::sync::mpsc::{Receiver, sync_channel};

    fn run(program: Program, length_ms: i64) -> (Running, Receiver<What>) {
        let (tell, told) = sync_channel(1000);
        let sink: Sink = Arc::new(move |_, what| {
            let _ = tell.try_send(what);
        });
        let clock = Clock::start();
        let plan = CollectorPlan {
            id: CollectorId(0),
            series: "x".into(),
            host: None,
            start: Span::ZERO,
            length: Span::from_millis(length_ms),
            interval: Span::from_millis(20),
            what: Collected::Program(program),
        };
        (Running::start(clock, &plan, clock.now(), sink).unwrap().unwrap(), told)
    }

    fn values(told: &[What]) -> Vec<f64> {
        told.iter()
            .filter_map(|what| match what {
                What::CollectorSample(sample) => sample.values[0],
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_command_is_run_again_for_each_sample() {
        let command = "echo noise; echo ' 42.5 '; echo 7".to_owned();
        let (running, told) = run(Program::Command { command }, 60);
        let told: Vec<What> = told.iter().collect();
        drop(running);
        let values = values(&told);
        assert!((1..=4).contains(&values.len()) && values.iter().all(|&value| value == 42.5), "{told:?}");
    }

    #[test]
    fn a_command_that_prints_no_number_fails_with_what_it_said() {
        let command = "echo hello; echo 'no such sensor' >&2; exit 3".to_owned();
        let (_running, told) = run(Program::Command { command }, 10_000);
        let told: Vec<What> = told.iter().collect();
        let [What::CollectorFailed { error, .. }] = told.as_slice() else { panic!("{told:?}") };
        assert!(error.contains("no such sensor") && error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn what_a_command_starts_is_gone_with_it() {
        // It leaves a process behind, and both ignore polite requests.
        let command = "trap '' INT TERM; sleep 1000 & wait".to_owned();
        let (running, told) = run(Program::Command { command }, 3_600_000);
        let shell = loop {
            if let Some(pid) = *running.group.0.lock().unwrap() {
                break pid;
            }
            std::thread::yield_now();
        };
        let members = || {
            let stats = std::fs::read_dir("/proc")
                .unwrap()
                .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok());
            let of_group = |stat: &String| {
                let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
                // Who has been killed may take a while to be off the list, but has begun to go: the kernel's PF_EXITING.
                let exiting = fields[6].parse::<u64>().unwrap() & 4 != 0;
                fields[2] == shell.to_string() && !exiting && !["Z", "X"].contains(&fields[0])
            };
            stats.filter(of_group).count()
        };
        // With the sleeper there the shell has set its traps.
        while members() < 2 {
            std::thread::yield_now();
        }
        // The end of their output, which is waited for, comes when the last of them has begun to exit.
        drop(running);
        assert_eq!(members(), 0, "nobody of the group is left");
        drop(told);
    }

    #[test]
    fn idle_states_are_shares_of_all_processors_time() {
        let state = |name: &str, us: u64| (name.to_owned(), us);
        let found = residency(
            &[state("C1", 1_000_000), state("C6", 0)],
            &[state("C1", 2_000_000), state("C6", 4_000_000)],
            5.0,
            2,
        );
        // 1 s and 4 s of 10 s.
        assert_eq!((found["CSTATE_C1"].as_f64(), found["CSTATE_C6"].as_f64()), (Some(10.0), Some(40.0)));
    }
}
