//! Collectors of this host: a thread that reads, by schedule, what the kernel tells.
//!
//! Readers have pure parsers; files and netlink are touched by the readers themselves. A reading bears the time in the
//! middle of itself, not the time it was due.

mod cpu;
mod netstat;
mod own;
mod parse;
mod program;
mod qdisc;
mod text;
mod wifi;

pub(crate) use program::Running;

use crate::clock::Clock;
use crate::group::Sink;
use crate::socket::Trouble;
use fa_measure::collect::{CollectorId, Kernel, Schedule};
use fa_measure::event::{CollectorColumns, CollectorSample, What};
use fa_measure::flow::OwnClock;
use fa_measure::{Span, Time};
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Names and values of one reading.
pub(crate) type Values = Vec<(String, f64)>;

/// What one kernel collector has to do.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) collector: CollectorId,
    pub(crate) what: Kernel,
    /// After the origin.
    pub(crate) start: Span,
    pub(crate) length: Span,
    pub(crate) interval: Span,
}

/// Handle of the thread; dropping it ends the thread and waits for it.
#[derive(Debug)]
pub(crate) struct Collecting {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// Tells the thread to end, at once.
#[derive(Debug, Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_asked(&self) -> bool {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `at`; true when asked to stop before.
    fn wait_until(&self, clock: &Clock, at: Time) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = at - clock.now();
            if *asked || left <= Span::ZERO {
                return *asked;
            }
            asked = self.changed.wait_timeout(asked, left.to_duration()).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Collecting {
    /// Starts the thread.
    ///
    /// - `own`: how its stamps are told, this host being the run's own or a far end;
    /// - `whole`: how long the run lasts; for so long this host's own load is told, too;
    /// - `done`: called when the last sample of the jobs was taken, or after a stop.
    pub(crate) fn start(
        clock: Clock,
        own: OwnClock,
        jobs: Vec<Job>,
        (origin, whole): (Time, Span),
        sink: Sink,
        done: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let heard = stop.clone();
        let thread = std::thread::Builder::new().name("fa-collect".into()).spawn(move || {
            let mut collectors: Vec<Collector> =
                jobs.iter().map(|job| Collector::new(job, origin, own, &sink)).collect();
            // Some twenty times in a short run, once a second in a long one.
            let every = Span(whole.0 / 20).clamp(Span::from_millis(100), Span::from_millis(1000));
            let (mut watched, mut watching) = (own::Own::default(), Schedule::new(origin, Span::ZERO, whole, every));
            let mut done = Some(done);
            loop {
                let next = collectors.iter().filter_map(Collector::due).min();
                if next.is_none()
                    && let Some(done) = done.take()
                {
                    done();
                }
                let Some(at) = next.into_iter().chain(watching.due()).min() else { break };
                if heard.wait_until(&clock, at) {
                    break;
                }
                for collector in &mut collectors {
                    if collector.due().is_some_and(|due| due <= clock.now()) {
                        collector.take(&clock);
                    }
                }
                if watching.due().is_some_and(|due| due <= clock.now()) {
                    let now = clock.now();
                    watching.taken(now);
                    if let Some(load) = watched.read(now, own.when(now)) {
                        sink(now, What::OwnLoad(Box::new(load)));
                    }
                }
            }
            if let Some(done) = done {
                done();
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// No more samples.
    pub(crate) fn stop(&self) {
        self.stop.ask();
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What reads.
enum Reader {
    Cpu(cpu::Cpu),
    Netstat,
    Qdisc(qdisc::Qdisc),
    Wifi(wifi::Wifi),
}

impl Reader {
    fn new(what: &Kernel) -> Self {
        match what {
            Kernel::Cpu => Self::Cpu(cpu::Cpu::default()),
            Kernel::Netstat => Self::Netstat,
            Kernel::Qdisc { interface } => Self::Qdisc(qdisc::Qdisc::new(interface)),
            Kernel::Wifi { interface, stations } => Self::Wifi(wifi::Wifi::new(interface, stations)),
        }
    }

    /// One reading; empty when there is nothing to tell yet, such as the load since the first one.
    fn read(&mut self) -> Result<Values, Trouble> {
        match self {
            Self::Cpu(cpu) => cpu.read(),
            Self::Netstat => netstat::read(),
            Self::Qdisc(qdisc) => qdisc.read(),
            Self::Wifi(wifi) => wifi.read(),
        }
    }
}

/// Where a collector's samples go.
struct Outlet {
    collector: CollectorId,
    own: OwnClock,
    sink: Sink,
    names: Vec<String>,
    /// Number of the next list of names.
    lists: u32,
}

impl Outlet {
    fn new(collector: CollectorId, own: OwnClock, sink: Sink) -> Self {
        Self { collector, own, sink, names: Vec::new(), lists: 0 }
    }

    /// Tells a sample, and before it the names when they are not the last ones.
    fn put(&mut self, at: Time, values: &[(String, f64)]) {
        let collector = self.collector;
        let same = self.names.len() == values.len() && self.names.iter().zip(values).all(|(name, (n, _))| name == n);
        if !same || self.lists == 0 {
            self.names = values.iter().map(|(name, _)| name.clone()).collect();
            let columns = CollectorColumns { collector, list: self.lists, names: self.names.clone() };
            (self.sink)(at, What::CollectorColumns(columns));
            self.lists += 1;
        }
        let values = values.iter().map(|(_, value)| Some(*value).filter(|value| value.is_finite())).collect();
        let sample = CollectorSample { collector, list: self.lists - 1, at: self.own.when(at), values };
        (self.sink)(at, What::CollectorSample(sample));
    }
}

/// One collector under way.
struct Collector {
    reader: Reader,
    schedule: Schedule,
    outlet: Outlet,
    /// Readings that failed one after the other.
    failed: u32,
    given_up: bool,
}

/// So many readings may fail one after the other (an interface is made anew) before a collector gives up.
const PATIENCE: u32 = 25;

impl Collector {
    fn new(job: &Job, origin: Time, own: OwnClock, sink: &Sink) -> Self {
        let schedule = Schedule::new(origin, job.start, job.length, job.interval);
        let outlet = Outlet::new(job.collector, own, sink.clone());
        Self { reader: Reader::new(&job.what), schedule, outlet, failed: 0, given_up: false }
    }

    fn due(&self) -> Option<Time> {
        self.schedule.due().filter(|_| !self.given_up)
    }

    fn take(&mut self, clock: &Clock) {
        let before = clock.now();
        let read = self.reader.read();
        let after = clock.now();
        self.schedule.taken(after);
        match read {
            Ok(values) => {
                self.failed = 0;
                if !values.is_empty() {
                    self.outlet.put(before + Span((after - before).0 / 2), &values);
                }
            }
            Err(Trouble { error, hint }) => {
                self.failed += 1;
                // The first reading decides whether it can work at all.
                if self.outlet.lists == 0 || self.failed >= PATIENCE {
                    self.given_up = true;
                    let collector = self.outlet.collector;
                    (self.outlet.sink)(after, What::CollectorFailed { collector, error, hint });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::sync::mpsc::{Receiver, sync_channel};

    fn collect(jobs: Vec<Job>) -> (Collecting, Receiver<What>) {
        let (tell, told) = sync_channel(10_000);
        let sink: Sink = Arc::new(move |_, what| {
            let _ = tell.try_send(what);
        });
        let clock = Clock::start();
        (Collecting::start(clock, OwnClock::Here, jobs, (clock.now(), Span::ZERO), sink, || {}).unwrap(), told)
    }

    fn job(id: u16, what: Kernel, length_ms: i64) -> Job {
        let (start, interval) = (Span::ZERO, Span::from_millis(20));
        Job { collector: CollectorId(id), what, start, length: Span::from_millis(length_ms), interval }
    }

    #[test]
    fn the_loopback_interface_and_the_counters_of_this_host_are_read() {
        if !cfg!(target_os = "linux") {
            println!("skipped: the_loopback_interface_and_the_counters_of_this_host_are_read: needs Linux");
            return;
        }
        let jobs = vec![
            job(0, Kernel::Netstat, 60),
            job(1, Kernel::Qdisc { interface: "lo".into() }, 60),
            job(2, Kernel::Cpu, 60),
        ];
        let (_collecting, told) = collect(jobs);
        let told: Vec<What> = told.iter().collect();
        let names = |id: u16| {
            told.iter().find_map(|what| match what {
                What::CollectorColumns(c) if c.collector == CollectorId(id) => Some(c.names.clone()),
                _ => None,
            })
        };
        let samples = |id: u16| {
            let of = |what: &&What| matches!(what, What::CollectorSample(s) if s.collector == CollectorId(id));
            told.iter().filter(of).count()
        };
        assert!(names(0).unwrap().iter().any(|name| name == "TcpRetransSegs"));
        assert!(names(1).unwrap().iter().any(|name| name == "if_tx_bytes"));
        assert_eq!((samples(0), samples(1)), (4, 4), "0, 20, 40 and 60 ms: {told:?}");
        assert!(told.iter().all(|what| !matches!(what, What::CollectorFailed { .. })));
    }

    #[test]
    fn an_interface_that_is_not_there_fails_alone_and_names_those_that_are() {
        let (_collecting, told) = collect(vec![job(0, Kernel::Qdisc { interface: "nosuch0".into() }, 40)]);
        let told: Vec<What> = told.iter().collect();
        let [What::CollectorFailed { error, hint, .. }] = told.as_slice() else { panic!("{told:?}") };
        assert!(error.contains("nosuch0"), "{error}");
        assert!(hint.as_deref().is_some_and(|hint| hint.contains("lo")), "{hint:?}");
    }

    #[test]
    fn a_stop_is_heard_between_two_samples() {
        let (collecting, told) =
            collect(vec![Job { interval: Span::from_millis(3_600_000), ..job(0, Kernel::Netstat, 7_200_000) }]);
        assert!(matches!(told.recv().unwrap(), What::CollectorColumns(_)));
        collecting.stop();
        drop(collecting);
        assert!(told.iter().count() <= 1);
    }
}
