//! What a series carries, for colours that follow meaning.

use fa_analyze::kind::{self, Direction, Kind};
use fa_catalog::Expanded;

use crate::scene::Flavour;

pub(crate) fn of(series: &str, expanded: &Expanded) -> Flavour {
    let class = kind::of(series, expanded);
    match (class.kind, class.direction) {
        (Kind::Rtt | Kind::Owd | Kind::Http, _) => Flavour::Latency,
        (Kind::Throughput, Direction::Down) => Flavour::Download,
        (Kind::Throughput, Direction::Up) => Flavour::Upload,
        _ => Flavour::Other,
    }
}
