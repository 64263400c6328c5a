//! What the flow engine costs per wake-up: a wake-up is one stream that moved bytes, told and followed by the question
//! what to do next.

use divan::Bencher;
use fa_measure::event::FlowEnd;
use fa_measure::flow::{FlowSpec, Flows, Input, Output, OwnClock, SlotId};
use fa_measure::{FlowId, Span, Time};

fn main() {
    divan::main();
}

fn engine(flows: u16) -> Flows {
    let mut engine = Flows::new(OwnClock::Here, Span::from_millis(200));
    for i in 0..flows {
        let (start, length) = (Span::ZERO, Span::from_millis(3_600_000));
        engine.add(FlowSpec { flow: FlowId(i), end: FlowEnd::Receiver, start, length, bytes: None }, Time::ZERO);
    }
    engine.begin(Time::ZERO);
    engine
}

fn settle(engine: &mut Flows, now: Time) {
    while !matches!(engine.poll(now), Output::WaitUntil(_) | Output::Done) {}
}

/// Between two samples: what happens a hundred thousand times a second.
#[divan::bench(args = [1, 8, 1000])]
fn wake_up(bencher: Bencher, flows: u16) {
    let mut engine = engine(flows);
    let mut now = Time::ZERO;
    settle(&mut engine, now);
    let mut next = 0;
    bencher.bench_local(|| {
        engine.handle(SlotId(next), Input::Read(131_072), now);
        next = (next + 1) % u32::from(flows);
        engine.poll(now)
    });
    now += Span::from_millis(1);
    settle(&mut engine, now);
}

/// The same over an hour of a flow's life, samples included: 10 µs between wake-ups.
#[divan::bench(args = [1, 8, 1000])]
fn wake_up_with_samples(bencher: Bencher, flows: u16) {
    let mut engine = engine(flows);
    let mut now = Time::ZERO;
    let mut next = 0;
    bencher.bench_local(|| {
        now += Span::from_micros(10);
        engine.handle(SlotId(next), Input::Read(131_072), now);
        next = (next + 1) % u32::from(flows);
        settle(&mut engine, now);
    });
}
