//! The live view of a run as lines of text: what is known and how wide the terminal is, nothing else.

use fa_catalog::Direction;
use fa_measure::event::Phase;
use fa_measure::history::{History, Stretch};
use fa_measure::progress::Progress;

/// How lines may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Rows of the terminal.
    pub(crate) height: usize,
    /// Block characters can be shown.
    pub(crate) blocks: bool,
    /// Colours are wanted.
    pub(crate) colour: bool,
}

/// Columns before the curves.
const LABEL: usize = 9;
/// Columns of the value behind them, and of what is said about it where there is room.
const VALUE: usize = 13;
const MORE: usize = 18;
/// A view needs so much room; with less there is one line.
const LEAST: (usize, usize) = (LABEL + VALUE + 10, 9);
/// From here on there is room for more about each value.
const WIDE: usize = 70;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// The lines of the view, none wider than the terminal.
pub(crate) fn lines(progress: &Progress, history: &History, look: Look) -> Vec<String> {
    // The last column stays free: some terminals wrap as soon as it is written.
    let width = look.width.saturating_sub(1);
    if look.width < LEAST.0 || look.height < LEAST.1 || history.stretches().is_empty() {
        return vec![cut(&line(progress), width)];
    }
    let more = if width >= WIDE { MORE } else { 0 };
    let curve = width - LABEL - VALUE - more;
    let columns = columns(history, curve);
    let mut lines = vec![cut(&head(progress, history), width)];
    let column_secs = history.total_secs() / curve as f64;
    let mut row =
        |label: &str, values: &[Option<f64>], most: Option<f64>, value: String, said: String, colour: &str| {
            let curve = sparkline(values, most, look.blocks);
            let said = if more > 0 { format!(" {said:<width$}", width = MORE - 1) } else { String::new() };
            let text = format!("{label:<LABEL$}{curve}{value:>VALUE$}{said}");
            let text = cut(text.trim_end(), width);
            lines.push(if look.colour && !colour.is_empty() { format!("\x1b[{colour}m{text}\x1b[0m") } else { text });
        };
    for (direction, label, colour) in [(Direction::Down, "down", "34"), (Direction::Up, "up", "33")] {
        let Some(mbits) = progress.mbits(direction).filter(|_| history.has(direction)) else { continue };
        let bytes = |stretch: &Stretch| match direction {
            Direction::Down => stretch.down_bytes,
            Direction::Up => stretch.up_bytes,
        };
        let rate = |stretch: &Stretch| bytes(stretch).map(|bytes| bytes * 8e-6 / column_secs);
        // A column of which only a part is known would look like a slump.
        let known = (history.told_secs(direction) / column_secs + 0.01) as usize;
        let rates: Vec<_> = columns.iter().enumerate().map(|(i, s)| rate(s).filter(|_| i < known)).collect();
        let most = most(&rates);
        let said = most.map_or_else(String::new, |most| format!("at most {}", three(most)));
        row(label, &rates, most, format!("{} Mbit/s", three(mbits)), said, colour);
    }
    let (lost, sent) = progress.lost_of_sent();
    if sent > 0 {
        let latency: Vec<_> = columns.iter().map(|stretch| stretch.mean_ms()).collect();
        let now = progress.latency_ms().map_or_else(|| "no answer".to_owned(), |ms| format!("{} ms", three(ms)));
        let longest = history.stretches().iter().map(|stretch| stretch.most_ms).fold(0.0, f64::max);
        row("latency", &latency, most(&latency), now, format!("at most {}", three(longest)), "");
        let share =
            |stretch: &Stretch| (stretch.lost > 0).then(|| f64::from(stretch.lost) / f64::from(stretch.sent.max(1)));
        let losses: Vec<_> = columns.iter().map(share).collect();
        let percent = format!("{} %", three(lost as f64 / sent as f64 * 100.0));
        row("loss", &losses, Some(1.0), percent, format!("{lost} of {sent}"), if lost > 0 { "31" } else { "" });
    }
    lines.push(format!("{:LABEL$}{}", "", ruler(progress, history, curve, look.blocks)));
    lines
}

/// `load  7/20 s   down 93.1 up 18.7 Mbit/s   latency 45.2 ms`
pub(crate) fn line(progress: &Progress) -> String {
    let total = progress.total().as_secs_f64();
    let mut text = phase(progress.phase()).to_owned();
    // How long the run takes is known when it begins.
    if total > 0.0 {
        text.push_str(&format!("  {:.0}/{total:.0} s", progress.elapsed().as_secs_f64()));
    }
    if let Some((_, left)) = progress.waiting() {
        text.push_str(&format!("  a far end does not answer, waiting {:.0} s more", left.as_secs_f64()));
    }
    for (direction, name) in [(Direction::Down, "down"), (Direction::Up, "up")] {
        if let Some(mbits) = progress.mbits(direction) {
            text.push_str(&format!("  {name} {} Mbit/s", three(mbits)));
        }
    }
    if let Some(ms) = progress.latency_ms() {
        text.push_str(&format!("  latency {} ms", three(ms)));
    }
    let (lost, _) = progress.lost_of_sent();
    if lost > 0 {
        text.push_str(&format!("  {lost} lost"));
    }
    if progress.failed() > 0 {
        text.push_str(&format!("  {} failed", progress.failed()));
    }
    text
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "preparing",
        Phase::LeadIn => "idle, before the load",
        Phase::Load => "load",
        Phase::LeadOut => "idle, after the load",
        Phase::Collecting => "collecting",
    }
}

/// `rrul to far.example · load · 7 of 20 s, 13 s left`
fn head(progress: &Progress, history: &History) -> String {
    let (elapsed, total) = (progress.elapsed().as_secs_f64(), history.total_secs());
    let mut text = history.test().to_owned();
    if !history.hosts().is_empty() {
        text.push_str(&format!(" to {}", history.hosts().join(", ")));
    }
    // Names come from the user, but a terminal must not be told anything by them.
    text.retain(|c| !c.is_control());
    if let Some((host, left)) = progress.waiting() {
        let name = history.hosts().get(usize::from(host.0)).map_or("a far end", String::as_str);
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        return format!("{name} does not answer: waiting {:.0} s more for what it kept", left.as_secs_f64());
    }
    text.push_str(&format!(" · {} · {elapsed:.0} of {total:.0} s", phase(progress.phase())));
    match total - elapsed {
        left if left >= 0.5 => text.push_str(&format!(", {left:.0} s left")),
        _ => {}
    }
    if progress.failed() > 0 {
        text.push_str(&format!(" · {} failed", progress.failed()));
    }
    text
}

/// The run in as many columns: each the sum of the stretches in it, and stretches longer than a column in several.
fn columns(history: &History, count: usize) -> Vec<Stretch> {
    let stretches = history.stretches();
    // The last one only holds what comes at the very end.
    let whole = stretches.len().saturating_sub(1).max(1);
    let of_column = |column: usize| {
        let (from, to) = (column * whole / count, (column + 1) * whole / count);
        let sum = stretches[from..to.max(from + 1).min(stretches.len())]
            .iter()
            .fold(Stretch::default(), |sum, one| sum.and(*one));
        // A column shorter than its stretch has only a part of its bytes.
        let part = (whole as f64 / count as f64 / (to.max(from + 1) - from) as f64).min(1.0);
        let scale = |bytes: Option<f64>| bytes.map(|bytes| bytes * part);
        Stretch { down_bytes: scale(sum.down_bytes), up_bytes: scale(sum.up_bytes), ..sum }
    };
    (0..count).map(of_column).collect()
}

fn most(values: &[Option<f64>]) -> Option<f64> {
    values.iter().flatten().copied().reduce(f64::max)
}

/// One character per value, from nothing to `most`; a space where there is none.
fn sparkline(values: &[Option<f64>], most: Option<f64>, blocks: bool) -> String {
    let steps = if blocks { BLOCKS } else { ASCII };
    let most = most.filter(|most| *most > 0.0).unwrap_or(1.0);
    let of = |value: f64| steps[((value / most * 8.0).ceil() as usize).clamp(1, 8) - 1];
    values.iter().map(|value| value.map_or(' ', of)).collect()
}

/// Where load is planned, and how far the run is.
fn ruler(progress: &Progress, history: &History, count: usize, blocks: bool) -> String {
    let total = history.total_secs().max(1e-9);
    let column = |secs: f64| (secs / total * count as f64) as usize;
    let load = history.load_secs().map(|(begin, end)| column(begin)..column(end).max(column(begin) + 1));
    let now = column(progress.elapsed().as_secs_f64()).min(count.saturating_sub(1));
    let (here, loaded, idle) = if blocks { ('▲', '─', '·') } else { ('^', '-', '.') };
    let at = |i: usize| match &load {
        _ if i == now => here,
        Some(load) if load.contains(&i) => loaded,
        _ => idle,
    };
    (0..count).map(at).collect()
}

/// Three digits that count.
fn three(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        value if value < 9.995 => (2 - value.log10().floor() as i32).clamp(2, 5) as usize,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

/// At most so many characters. Those of the view are one column wide; a name with wider ones may be cut by the terminal.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain((width > 0).then_some('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fa_measure::Event;
    use fa_testkit::{Link, Simulation, plan_with};

    const LOOK: Look = Look { width: 80, height: 24, blocks: true, colour: false };

    /// A run over a 10 Mbit/s bottleneck with 100 ms of queue, until so many seconds after its launch.
    fn until(secs: f64) -> (Progress, History) {
        let link = Link::with_delay_ms(10).bottleneck(10.0, 100.0);
        let (mut progress, mut history) = (Progress::new(), History::new());
        let plan = plan_with("rrul_be", 20.0, 5.0, &[]);
        for event in Simulation::seeded(1).up(link.clone()).down(link).run(&plan) {
            if event.at <= fa_measure::Time::from_secs_f64(secs) {
                progress.observe(&event);
                history.observe(&event);
            }
        }
        (progress, history)
    }

    fn curve<'a>(lines: &'a [String], label: &str) -> Vec<char> {
        let line: &'a String =
            lines.iter().find(|line| line.starts_with(label)).unwrap_or_else(|| panic!("{lines:#?}"));
        line.chars().skip(LABEL).take(79 - LABEL - VALUE - MORE).collect()
    }

    #[test]
    fn a_run_shows_rates_latency_loss_and_where_it_is() {
        let (progress, history) = until(20.0);
        let lines = lines(&progress, &history, LOOK);
        assert!(
            lines[0].starts_with("rrul_be to ") && lines[0].contains(" · load · 20 of 30 s, 10 s left"),
            "{lines:#?}"
        );
        assert_eq!(lines.len(), 6, "{lines:#?}");
        // 39 columns of 30 s: five idle seconds are six columns and a half, twenty seconds are 26.
        let (up, latency) = (curve(&lines, "up"), curve(&lines, "latency"));
        assert!(up[..5].iter().all(|c| *c == ' '), "no load yet: {lines:#?}");
        assert!(up[10..24].iter().all(|c| BLOCKS.contains(c)), "{lines:#?}");
        assert!(up[28..].iter().all(|c| *c == ' '), "not yet: {lines:#?}");
        assert!(latency[..5].iter().all(|c| *c == '▁' || *c == '▂'), "20 of 120 ms: {lines:#?}");
        assert!(latency[20..25].iter().all(|c| "▅▆▇█".contains(*c)), "a full queue: {lines:#?}");
        let ruler: Vec<char> = lines[5].chars().skip(LABEL).collect();
        assert_eq!((ruler[0], ruler[10], ruler[25], ruler[38]), ('·', '─', '▲', '·'), "{lines:#?}");
    }

    #[test]
    fn rates_of_columns_are_those_of_the_bottleneck() {
        let (_, history) = until(30.0);
        let rates: Vec<f64> = columns(&history, 39)
            .iter()
            .filter_map(|stretch| stretch.up_bytes)
            .map(|bytes| bytes * 8e-6 / (history.total_secs() / 39.0))
            .collect();
        let middle = &rates[8..20];
        let mean = middle.iter().sum::<f64>() / middle.len() as f64;
        assert!((9.0..=10.1).contains(&mean), "{rates:?}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_little_room_means_one_line() {
        let (progress, history) = until(20.0);
        for width in 1..200 {
            for blocks in [true, false] {
                for line in lines(&progress, &history, Look { width, blocks, ..LOOK }) {
                    assert!(line.chars().count() < width.max(2), "{width}: {line}");
                    assert!(blocks || !line.contains('▁'), "{line}");
                }
            }
        }
        let small = |look| lines(&progress, &history, look).len();
        assert_eq!((small(Look { width: 25, ..LOOK }), small(Look { height: 5, ..LOOK })), (1, 1));
        assert_eq!(lines(&Progress::new(), &History::new(), LOOK), ["preparing"]);
    }

    #[test]
    fn who_waits_for_a_far_end_is_told_how_much_longer() {
        let (mut progress, history) = until(30.0);
        let at = fa_measure::Time::from_secs_f64(33.0);
        let [waited, left] = [1000, 9000].map(fa_measure::Span::from_millis);
        let host = fa_measure::HostId(0);
        progress.observe(&Event::new(at, fa_measure::What::Waiting { host, waited, left }));
        let shown = lines(&progress, &history, LOOK);
        assert!(shown[0].ends_with(" does not answer: waiting 9 s more for what it kept"), "{shown:#?}");
        assert!(line(&progress).contains("waiting 9 s more"), "{}", line(&progress));
    }

    #[test]
    fn colours_end_where_they_begin() {
        let (progress, history) = until(20.0);
        for line in lines(&progress, &history, Look { colour: true, ..LOOK }) {
            assert_eq!(line.matches("\x1b[").count() % 2, 0, "{line:?}");
            assert!(!line.contains("\x1b[") || line.ends_with("\x1b[0m"), "{line:?}");
        }
    }

    #[test]
    fn three_digits_count() {
        let text = [0.0, 0.01234, 0.5, 4.7, 9.999, 45.25, 312.4, 37_000.0].map(three);
        assert_eq!(text, ["0", "0.0123", "0.500", "4.70", "10.0", "45.2", "312", "37000"]);
    }

    #[test]
    fn names_tell_the_terminal_nothing() {
        let mut plan = plan_with("rrul_be", 20.0, 5.0, &[]);
        plan.hosts[0].name = "far\x1b[2Jaway".into();
        let (mut progress, mut history) = (Progress::new(), History::new());
        let event = Event::new(fa_measure::Time::ZERO, fa_measure::What::Plan(Box::new(plan)));
        progress.observe(&event);
        history.observe(&event);
        assert!(lines(&progress, &history, LOOK).iter().all(|line| !line.contains('\x1b')));
    }
}
