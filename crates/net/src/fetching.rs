//! Fetchers of web objects: a thread of their own, so that their waiting is nobody else's.
//!
//! A round fetches every object of a list once, with several workers that keep their connections. Its time runs from its
//! beginning until the last object is there. HTTP/1.1 without TLS.

mod client;
mod lookup;

use crate::clock::Clock;
use crate::group::Sink;
use crate::socket::{Trouble, bind_address};
use client::{Client, Url};
use fa_measure::event::Fetched;
use fa_measure::plan::{FetchList, FetchPlan};
use fa_measure::{Span, Time, What};
use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Objects of a list, at most: more are refused.
const MAX_OBJECTS: usize = 10_000;

/// Bytes of a list, at most: more are refused.
const MAX_LIST: usize = 1024 * 1024;

/// How much longer than its time a fetcher may take for its last round.
const GRACE: Span = Span::from_millis(2_000);

/// A fetcher to run.
pub(crate) struct Job {
    pub(crate) plan: FetchPlan,
    /// The list of our own server.
    pub(crate) server_list: Option<String>,
}

/// Handle of the thread; it ends when this is dropped.
pub(crate) struct Fetching {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Fetching {
    /// Starts the thread. `done` is called once when all fetchers are.
    pub(crate) fn start(
        clock: Clock,
        origin: Time,
        jobs: Vec<Job>,
        sink: Sink,
        done: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("fa-fetch".into()).spawn(move || {
            runtime.block_on(async {
                let mut all = JoinSet::new();
                for job in jobs {
                    let (sink, mut stopped) = (sink.clone(), stopped.clone());
                    all.spawn(async move {
                        let fetch = job.plan.id;
                        tokio::select! {
                            ended = fetch_rounds(clock, origin, job, &sink) => if let Err(Trouble { error, hint }) = ended {
                                sink(clock.now(), What::FetchFailed { fetch, error, hint });
                            },
                            _ = stopped.wait_for(|&stop| stop) => {}
                        }
                    });
                }
                while all.join_next().await.is_some() {}
                done();
            });
            // A resolver that does not answer is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends all fetchers now; a round under way is not told.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Round after round until the time is over.
async fn fetch_rounds(clock: Clock, origin: Time, job: Job, sink: &Sink) -> Result<(), Trouble> {
    let plan = &job.plan;
    let dns = lookup::servers(&plan.dns)?;
    let bind = bind_address(plan.local_bind.as_deref())?;
    let make = || Client::new(clock, dns.clone(), plan.ip_version, plan.timeout, bind);
    let mut first = make();
    let (urls, named) = list(&job, &mut first).await?;
    // Who fetched the list has a connection already.
    let mut workers: Vec<Client> = std::iter::once(first).chain((1..plan.workers).map(|_| make())).collect();
    let (start, end) = (origin + plan.start, origin + plan.start + plan.length);
    let mut number: i64 = 0;
    let (mut longest, mut failure) = (None, None);
    loop {
        let due = start + plan.interval.times(number);
        if due > end {
            return outcome(longest.is_some(), failure, &named);
        }
        tokio::time::sleep_until(clock.instant(due).into()).await;
        let limit = end + GRACE;
        let (mut round, error) = fetch_round(clock, &urls, &mut workers, limit).await;
        round.fetch = plan.id;
        let now = clock.now();
        // One that the end of the run cut short says nothing, unless it had taken longer than any before: then something hangs,
        // and leaving it out would flatter.
        if now >= limit && !round.is_complete() && longest.is_some_and(|longest| round.took <= longest) {
            return outcome(true, failure, &named);
        }
        sink(now, What::Fetched(Box::new(round)));
        if round.is_complete() {
            longest = longest.max(Some(round.took));
        }
        if failure.is_none()
            && let Some(first) = error
        {
            let (failed, all) = (round.failed, round.failed + round.objects);
            let text = format!("{}: {failed} of the {all} objects of {named} failed: {first}", plan.series);
            sink(now, What::Warning { host: None, text });
            failure = Some(first);
        }
        // A round that took longer than the interval delays the next one to the next beginning.
        number = ((now - start).0 / plan.interval.0.max(1) + 1).max(number + 1);
    }
}

/// What is told about a fetcher at its end: one without any complete round has failed.
fn outcome(complete: bool, failure: Option<String>, named: &str) -> Result<(), Trouble> {
    if complete {
        return Ok(());
    }
    let why = failure.unwrap_or_else(|| "the run was over before the first one was".into());
    Err(Trouble::new(format!("no round of fetching {named} was completed: {why}")))
}

/// What to fetch, and what the list is called.
async fn list(job: &Job, client: &mut Client) -> Result<(Vec<Url>, String), Trouble> {
    let hint = "name a file or a http:// address with --http-getter-urllist; one address per line";
    let named = match (&job.plan.list, &job.server_list) {
        (FetchList::Named(named), _) => named.clone(),
        (FetchList::Server, Some(list)) => list.clone(),
        (FetchList::Server, None) => return Err(Trouble::new("there is no server to fetch from").hint(hint)),
    };
    let (text, base) = if named.contains("://") {
        let url = Url::parse(&named, None).map_err(|why| Trouble::new(format!("{named}: {why}")).hint(hint))?;
        let mut body = Vec::new();
        let fetched = client.get(&url, |bytes| {
            body.extend_from_slice(&bytes[..bytes.len().min((MAX_LIST + 1).saturating_sub(body.len()))]);
        });
        fetched.await.map_err(|e| Trouble::new(format!("the list {named}: {}", e.text)).hint(hint))?;
        (String::from_utf8_lossy(&body).into_owned(), Some(url))
    } else {
        (read_list(&named).map_err(|why| Trouble::new(why).hint(hint))?, None)
    };
    let urls = urls_in(&text, base.as_ref(), &named).map_err(|why| Trouble::new(why).hint(hint))?;
    Ok((urls, named))
}

/// Checks a file of this host for `--http-getter-urllist`.
///
/// # Errors
/// That it cannot be read, or the first line that is no address, in words.
pub fn check_object_list(path: &str) -> Result<(), String> {
    urls_in(&read_list(path)?, None, path).map(|_| ())
}

fn read_list(path: &str) -> Result<String, String> {
    let mut text = String::new();
    // Devices have no end.
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_LIST as u64 + 1).read_to_string(&mut text));
    read.map_err(|e| format!("the list {path} cannot be read: {e}")).map(|_| text)
}

/// The addresses in the text of a list.
fn urls_in(text: &str, base: Option<&Url>, named: &str) -> Result<Vec<Url>, String> {
    if text.len() > MAX_LIST {
        return Err(format!("the list {named} is longer than {MAX_LIST} bytes"));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let urls: Result<Vec<Url>, String> = lines
        .take(MAX_OBJECTS + 1)
        .map(|line| Url::parse(line, base).map_err(|why| format!("{line:?} in the list {named}: {why}")))
        .collect();
    let urls = urls?;
    if urls.is_empty() || urls.len() > MAX_OBJECTS {
        let why =
            if urls.is_empty() { "is empty".to_owned() } else { format!("names more than {MAX_OBJECTS} objects") };
        return Err(format!("the list {named} {why}"));
    }
    Ok(urls)
}

/// Every object once. What is not there at `limit` has failed.
async fn fetch_round(clock: Clock, urls: &[Url], workers: &mut [Client], limit: Time) -> (Fetched, Option<String>) {
    let began = clock.now();
    let queue: Arc<Mutex<VecDeque<&Url>>> = Arc::new(Mutex::new(urls.iter().collect()));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let total = Mutex::new((Fetched { began, ..Fetched::default() }, None));
    let work = workers.iter_mut().map(|client| async {
        while let Some(url) = next() {
            let got = tokio::time::timeout_at(clock.instant(limit).into(), client.get(url, |_| {})).await;
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            let (round, error) = &mut *total;
            let longest = |a: &mut Option<Span>, b: Option<Span>| *a = (*a).max(b);
            match got {
                Ok(Ok(got)) => {
                    round.objects += 1;
                    round.bytes += got.bytes;
                    round.connections += u32::from(got.connecting.is_some());
                    longest(&mut round.name_lookup, got.name_lookup);
                    longest(&mut round.connecting, got.connecting);
                    longest(&mut round.first_byte, Some(got.first_byte));
                }
                Ok(Err(e)) => {
                    round.failed += 1;
                    round.timed_out += u32::from(e.timed_out);
                    round.refused += u32::from(e.refused);
                    error.get_or_insert(format!("{url}: {}", e.text));
                }
                Err(_) => {
                    round.failed += 1;
                    round.timed_out += 1;
                    error.get_or_insert(format!("{url}: not there at the end of the run"));
                    return;
                }
            }
        }
    });
    futures_of(work.collect()).await;
    let (mut round, error) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Never asked for.
    round.failed += queue.lock().unwrap_or_else(PoisonError::into_inner).len() as u32;
    round.took = clock.now() - began;
    (round, error)
}

/// Waits for all of them, in this task: they borrow.
async fn futures_of<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut open: Vec<_> = futures.into_iter().map(|f| Some(Box::pin(f))).collect();
    std::future::poll_fn(|context| {
        for slot in &mut open {
            if let Some(future) = slot
                && future.as_mut().poll(context).is_ready()
            {
                *slot = None;
            }
        }
        if open.iter().all(Option::is_none) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
