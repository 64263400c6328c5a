//! Prefixes of SI units: which one suits the numbers of an axis.

/// Prefixes by power of a thousand, from 10⁻¹² on.
const PREFIXES: [&str; 11] = ["p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E"];
/// Where no prefix stands.
const PLAIN: i32 = 4;

/// Units that take prefixes, and the greatest power of a thousand that is usual for them: a run lasts 20 000 s, not 20 ks.
const STEMS: [(&str, i32); 15] = [
    ("bits/s", 6),
    ("bit/s", 6),
    ("Bits/s", 6),
    ("Bit/s", 6),
    ("bps", 6),
    ("bytes/s", 6),
    ("Bytes/s", 6),
    ("B/s", 6),
    ("bytes", 6),
    ("Bytes", 6),
    ("B", 6),
    ("Hz", 6),
    ("W", 6),
    ("J", 6),
    ("s", 0),
];

/// How the numbers of an axis are said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// As they are.
    Plain,
    /// In another unit: the axis is called so.
    Unit(String),
    /// With a prefix after each number.
    Suffix(&'static str),
    /// As multiples of the power of ten alone: there is no prefix for it.
    Power,
}

/// The power of ten by which the numbers of an axis are divided, and how that is told.
///
/// - `label`: name of the axis; its unit is what stands in its last brackets, or all of it.
/// - `largest`: greatest magnitude on the axis.
/// - `step`: distance of its numbers. Numbers that differ in their last digits only keep them all.
pub fn scaled(label: &str, largest: f64, step: f64) -> (i32, Said) {
    let plain = (0, Said::Plain);
    if !(largest > 0.0 && largest.is_finite()) || step / largest < 1e-5 {
        return plain;
    }
    let thousands = (largest.log10() / 3.0 + 1e-12).floor() as i32;
    if let Some(unit) = Unit::of(label) {
        if (0.1..1e4).contains(&largest) {
            return plain;
        }
        let power = thousands.clamp(-PLAIN - unit.power, (unit.most - unit.power).max(0));
        return match unit.renamed(power) {
            Some(name) if power != 0 => (power * 3, Said::Unit(name)),
            _ => plain,
        };
    }
    if (1e-3..1e4).contains(&largest) {
        return plain;
    }
    match usize::try_from(thousands + PLAIN).ok().and_then(|i| PREFIXES.get(i)) {
        Some(prefix) => (thousands * 3, Said::Suffix(prefix)),
        None => (thousands * 3, Said::Power),
    }
}

/// The unit that an axis is labelled with.
struct Unit<'a> {
    before: &'a str,
    /// Power of a thousand of its prefix.
    power: i32,
    stem: &'static str,
    after: &'a str,
    most: i32,
}

impl<'a> Unit<'a> {
    fn of(label: &'a str) -> Option<Self> {
        let inside = label.rfind('(').zip(label.rfind(')')).filter(|(open, close)| open < close);
        let (from, to) = inside.map_or((0, label.len()), |(open, close)| (open + 1, close));
        let unit = &label[from..to];
        STEMS.into_iter().find_map(|(stem, most)| {
            let prefix = match unit.strip_suffix(stem)? {
                "u" => "µ",
                "K" => "k",
                other => other,
            };
            let power = i32::try_from(PREFIXES.iter().position(|p| *p == prefix)?).ok()? - PLAIN;
            Some(Self { before: &label[..from], power, stem, after: &label[to..], most })
        })
    }

    /// The label with the unit a thousand to `power` times as large.
    fn renamed(&self, power: i32) -> Option<String> {
        let prefix = PREFIXES.get(usize::try_from(self.power + power + PLAIN).ok()?)?;
        Some(format!("{}{prefix}{}{}", self.before, self.stem, self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str) -> Said {
        Said::Unit(name.to_owned())
    }

    #[test]
    fn units_change_their_prefix() {
        assert_eq!(scaled("Mbits/s", 25_000.0, 5000.0), (3, unit("Gbits/s")));
        assert_eq!(scaled("Latency (ms)", 90_000.0, 2e4), (3, unit("Latency (s)")));
        assert_eq!(scaled("Latency (ms)", 0.05, 0.01), (-3, unit("Latency (µs)")));
        assert_eq!(scaled("Mean TCP goodput (Mbit/s)", 0.02, 0.005), (-3, unit("Mean TCP goodput (kbit/s)")));
        assert_eq!(scaled("Bytes", 3e9, 1e9), (9, unit("GBytes")));
    }

    #[test]
    fn usual_numbers_stay() {
        for (label, largest) in [("Mbits/s", 9000.0), ("Latency (ms)", 0.2), ("Time (s)", 2e5), ("Packets", 900.0)] {
            assert_eq!(scaled(label, largest, largest / 5.0), (0, Said::Plain), "{label}");
        }
        // A thousand seconds are no kilosecond, milliseconds without end are seconds.
        assert_eq!(scaled("Latency (ms)", 5e8, 1e8), (3, unit("Latency (s)")));
        // Equal but for the last digits: the digits must stay.
        assert_eq!(scaled("Packets", 1e7 + 4.0, 1.0), (0, Said::Plain));
        assert_eq!(scaled("", 0.0, 0.0), (0, Said::Plain));
    }

    #[test]
    fn other_numbers_carry_a_suffix() {
        assert_eq!(scaled("Packets", 4.2e6, 1e6), (6, Said::Suffix("M")));
        assert_eq!(scaled("Packets", 20_000.0, 5e3), (3, Said::Suffix("k")));
        assert_eq!(scaled("Share", 3e-6, 1e-6), (-6, Said::Suffix("µ")));
        assert_eq!(scaled("Share", 1e30, 1e29), (30, Said::Power));
    }
}
