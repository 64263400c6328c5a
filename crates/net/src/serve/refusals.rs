//! Who was turned away, for the operator: a line each, but no more of them than can be read.

use fa_measure::foreign::spoken;
use fa_measure::{Span, Time};
use std::net::IpAddr;

/// Between two lines; whoever knocks without end must not fill a disk with them.
const PAUSE: Span = Span(5_000_000_000);

/// What was told of those turned away.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    told: Option<Time>,
    /// Refusals since then that have no line of their own.
    untold: u64,
}

impl Refusals {
    /// The line for a refusal, where there is one.
    pub(super) fn line(&mut self, now: Time, source: IpAddr, why: &str) -> Option<String> {
        if self.told.is_some_and(|told| now < told + PAUSE) {
            self.untold += 1;
            return None;
        }
        self.told = Some(now);
        let more = match std::mem::take(&mut self.untold) {
            0 => String::new(),
            untold => format!(" ({untold} more refusals since the last line)"),
        };
        Some(format!("{} refused: {}{more}", source.to_canonical(), spoken(why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_but_do_not_flood() {
        let mut refusals = Refusals::default();
        let source = "::ffff:192.0.2.1".parse().expect("an address");
        let mut line = |secs: i64| refusals.line(Time(secs * 1_000_000_000), source, "wrong\u{7} key");
        assert_eq!(line(0).as_deref(), Some("192.0.2.1 refused: wrong key"));
        assert_eq!((line(1), line(4)), (None, None));
        assert_eq!(line(5).as_deref(), Some("192.0.2.1 refused: wrong key (2 more refusals since the last line)"));
        assert_eq!(line(10).as_deref(), Some("192.0.2.1 refused: wrong key"));
    }
}
