//! Flows of one run or session: what the threads of byte streams and of datagrams have in common.

use crate::spending::Spending;
use crate::wait::Waiter;
use crate::worker::{Door, Inbox, Worker};
use fa_measure::{Time, What};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// Takes events; never blocks for long.
pub(crate) type Sink = Arc<dyn Fn(Time, What) + Send + Sync>;

/// A group of flows with one engine; the same number for as long as it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GroupId(pub(crate) u64);

/// What decides about a group's flows.
pub(crate) trait Engine: Send + 'static {
    /// Its plan times count from `origin`.
    fn begin(&mut self, origin: Time);
    /// Its flows end gracefully, now.
    fn stop(&mut self, now: Time);
}

/// A group.
pub(crate) struct Group<E> {
    pub(crate) engine: E,
    pub(crate) sink: Sink,
    done: Option<Box<dyn FnOnce() + Send>>,
    /// Places of its flows, by the engine's numbers.
    pub(crate) members: Vec<usize>,
    /// What it may move in all; nothing to count any more once that is reached.
    spending: Option<Arc<Spending>>,
    /// Its engine has something to say.
    pub(crate) touched: bool,
    /// When it will have.
    pub(crate) due: Time,
}

impl<E: Engine> Group<E> {
    /// Without flows yet.
    ///
    /// - `spending`: what it moves counts there, and its flows end when nothing is left;
    /// - `done`: called once when all its flows are over after its origin.
    pub(crate) fn new(
        engine: E,
        sink: Sink,
        spending: Option<Arc<Spending>>,
        done: impl FnOnce() + Send + 'static,
    ) -> Self {
        let (members, touched, due) = (Vec::new(), true, Time::ZERO);
        Self { engine, sink, done: Some(Box::new(done)), members, spending, touched, due }
    }

    /// Counts what its flows moved, and ends them when they may move no more.
    pub(crate) fn spend(&mut self, moved: u64, now: Time) {
        if self.spending.as_ref().is_some_and(|spending| !spending.count(moved)) {
            self.spending = None;
            self.engine.stop(now);
        }
    }

    /// All its flows are over.
    pub(crate) fn finish(&mut self) {
        self.due = Time::NEVER;
        if let Some(done) = self.done.take() {
            done();
        }
    }
}

/// What a thread of groups is told; `Own`: what only this kind of thread knows.
pub(crate) enum Order<E, O> {
    New(GroupId, Box<Group<E>>),
    Begin(GroupId, Time),
    Stop(GroupId),
    Forget(GroupId),
    Own(GroupId, O),
}

/// What is left to do for the thread itself.
pub(crate) enum Left<O> {
    /// Flows in these places are closed at once, where they are still this group's: a place may have another's flow by now.
    Close(GroupId, Vec<usize>),
    /// This order.
    Own(GroupId, O),
}

/// Handle of a thread of groups.
pub(crate) struct Crew<E, O>(Worker<Order<E, O>>);

impl<E: Engine, O: Send + 'static> Crew<E, O> {
    /// Starts the thread.
    pub(crate) fn start_as(
        name: &str,
        run: impl FnOnce(Waiter, Inbox<Order<E, O>>) + Send + 'static,
    ) -> io::Result<Self> {
        Ok(Self(Worker::start(name, Waiter::new()?, run)?))
    }

    /// Adds a group.
    pub(crate) fn add_group(&self, id: GroupId, group: Group<E>) {
        self.0.tell(Order::New(id, Box::new(group)));
    }

    /// The group's plan times count from `origin`.
    pub(crate) fn begin(&self, id: GroupId, origin: Time) {
        self.0.tell(Order::Begin(id, origin));
    }

    /// The group's flows end gracefully, now.
    pub(crate) fn stop(&self, id: GroupId) {
        self.0.tell(Order::Stop(id));
    }

    /// The group's flows are closed at once and it is forgotten.
    pub(crate) fn forget(&self, id: GroupId) {
        self.0.tell(Order::Forget(id));
    }

    /// An order that only this kind of thread knows.
    pub(crate) fn tell(&self, id: GroupId, own: O) {
        self.0.tell(Order::Own(id, own));
    }

    /// What gives orders from elsewhere.
    pub(crate) fn door(&self) -> Door<Order<E, O>> {
        self.0.door()
    }
}

/// The groups of a thread.
pub(crate) struct Groups<E>(HashMap<GroupId, Group<E>>);

impl<E: Engine> Groups<E> {
    pub(crate) fn new() -> Self {
        Self(HashMap::new())
    }

    pub(crate) fn get_mut(&mut self, id: GroupId) -> Option<&mut Group<E>> {
        self.0.get_mut(&id)
    }

    /// Does what is asked for, as far as it concerns groups alone.
    pub(crate) fn obey<O>(&mut self, order: Order<E, O>, now: Time) -> Option<Left<O>> {
        match order {
            Order::New(id, group) => drop(self.0.insert(id, *group)),
            Order::Begin(id, origin) => self.change(id, |engine| engine.begin(origin)),
            Order::Stop(id) => self.change(id, |engine| engine.stop(now)),
            Order::Forget(id) => return self.0.remove(&id).map(|group| Left::Close(id, group.members)),
            Order::Own(id, own) => return Some(Left::Own(id, own)),
        }
        None
    }

    fn change(&mut self, id: GroupId, change: impl FnOnce(&mut E)) {
        if let Some(group) = self.0.get_mut(&id) {
            change(&mut group.engine);
            group.touched = true;
        }
    }

    /// Groups whose engines have something to say, or will have said so by now.
    pub(crate) fn waiting(&self, now: Time) -> Vec<GroupId> {
        self.0.iter().filter(|(_, group)| group.touched || group.due <= now).map(|(&id, _)| id).collect()
    }

    /// When the next engine has something to say.
    pub(crate) fn due(&self) -> Time {
        self.0.values().map(|group| group.due).min().unwrap_or(Time::NEVER)
    }
}
