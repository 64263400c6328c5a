//! Calls and other ready-made traffic: what a `VoIP` series sends.
//!
//! Two kinds of call are known. Flent's own, by way of irtt: a round trip every 20 ms with 172 bytes, which is G.711 with
//! 20 ms of speech under an RTP header. And D-ITG's: a one-way flow by codec, header and silences. Beside them D-ITG's
//! ready-made profiles of other applications, and any distributions of times and sizes.

use crate::traffic::{Distribution, Traffic};
use indexmap::IndexMap;

/// Between requests of Flent's call, milliseconds.
pub const ROUND_TRIP_INTERVAL_MS: i64 = 20;

/// Payload of each of its requests.
pub const ROUND_TRIP_BYTES: u32 = 172;

/// Bytes of an RTP header (RFC 3550).
const RTP: u32 = 12;

/// Bytes that header compression leaves of it (RFC 2508).
const CRTP: u32 = 2;

/// Mean talk spurt and pause of a conversation, milliseconds (ITU-T P.59).
const TALK_MS: f64 = 1_004.0;
const PAUSE_MS: f64 = 1_587.0;

/// Names of codecs, bytes of speech per packet, packets per second.
const CODECS: [(&str, u32, f64); 5] = [
    ("G.711.1", 80, 100.0),
    ("G.711.2", 160, 50.0),
    ("G.729.2", 20, 50.0),
    ("G.729.3", 30, 33.0),
    ("G.723.1", 30, 26.0),
];

/// Names of other profiles with gaps (ms) and sizes (bytes). Means are those that D-ITG's profiles show.
const PROFILES: [(&str, Distribution, Distribution); 5] = [
    ("telnet", Distribution::Exponential(10.1), Distribution::Exponential(4.3)),
    ("dns", Distribution::Exponential(1_000.0), Distribution::Normal(210.0, 60.0)),
    ("quake3", Distribution::Normal(6.94, 0.5), Distribution::Normal(64.0, 4.0)),
    ("csa", Distribution::Normal(41.7, 4.0), Distribution::Normal(44.0, 6.0)),
    ("csi", Distribution::Normal(41.7, 1.0), Distribution::Normal(28.0, 1.0)),
];

/// What a call is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Round trips, as Flent makes them with irtt.
    RoundTrips,
    /// A one-way flow, as D-ITG makes it.
    OneWay {
        /// What is sent.
        traffic: Traffic,
        /// For the data file: `G.711.1 over RTP`, …
        name: String,
    },
}

/// Names of the test parameters that decide what a call is.
pub const PARAMETERS: [&str; 7] =
    ["voip_codec", "voip_header", "voip_vad", "voip_profile", "voip_gap", "voip_size", "voip_on_off"];

/// Those, and some of [`PARAMETERS`], that only D-ITG's call knows.
const DITG: [&str; 7] =
    ["voip_header", "voip_vad", "voip_on_off", "voip_gap", "voip_size", "voip_ttl", "voip_interface"];

impl Call {
    /// Reads the test parameters that say what a call is; `lists` holds what `file:NAME` stands for.
    ///
    /// # Errors
    /// What cannot be, and what can.
    pub fn from_params(
        params: &IndexMap<String, String>,
        lists: &IndexMap<String, Vec<f64>>,
        seed: u64,
    ) -> Result<Self, String> {
        let get = |key: &str| params.get(key).map(|v| v.trim()).filter(|v| !v.is_empty());
        let distribution = |key: &str| match get(key) {
            Some(text) if text.starts_with("file:") => lists
                .get(text)
                .ok_or_else(|| format!("{key}={text}: the file was not read"))
                .and_then(|list| Distribution::List(list.clone()).checked())
                .map(Some),
            Some(text) => text.parse::<Distribution>().map(Some).map_err(|e| format!("{key}: {e}")),
            None => Ok(None),
        };
        let vad = match get("voip_vad").map(str::to_ascii_lowercase).as_deref() {
            Some("yes" | "1" | "on" | "true") => true,
            None | Some("no" | "0" | "off" | "false") => false,
            Some(other) => return Err(format!("voip_vad={other}: there is yes and no")),
        };
        let (gap, size) = (distribution("voip_gap")?, distribution("voip_size")?);
        let on_off_ms = match get("voip_on_off") {
            None if vad => Some((Distribution::Exponential(TALK_MS), Distribution::Exponential(PAUSE_MS))),
            None => None,
            Some(text) => {
                let (on, off) = text.split_once('/').ok_or("voip_on_off: two distributions with a slash between")?;
                let read = |text: &str| text.parse::<Distribution>().map_err(|e| format!("voip_on_off: {e}"));
                Some((read(on)?, read(off)?))
            }
        };
        let silences = if on_off_ms.is_some() { ", with silences" } else { "" };
        if let Some(name) = get("voip_profile") {
            let (name, default_gap, default_size) = PROFILES
                .into_iter()
                .find(|p| p.0.eq_ignore_ascii_case(name))
                .ok_or_else(|| format!("voip_profile={name}: there is {}", PROFILES.map(|p| p.0).join(", ")))?;
            let (gap_ms, size) = (gap.unwrap_or(default_gap), size.unwrap_or(default_size));
            let traffic = Traffic { gap_ms, size, on_off_ms, seed }.checked()?;
            return Ok(Self::OneWay { traffic, name: format!("{name}{silences}") });
        }
        let codec = get("voip_codec").filter(|c| !c.eq_ignore_ascii_case("irtt"));
        if let (Some(gap_ms), Some(size)) = (&gap, &size) {
            let traffic = Traffic { gap_ms: gap_ms.clone(), size: size.clone(), on_off_ms, seed }.checked()?;
            return Ok(Self::OneWay { traffic, name: format!("own distributions{silences}") });
        }
        let header = match get("voip_header").map(str::to_ascii_lowercase).as_deref() {
            None | Some("rtp") => (RTP, "RTP"),
            Some("crtp") => (CRTP, "compressed RTP"),
            Some(other) => return Err(format!("voip_header={other}: there is rtp and crtp")),
        };
        // irtt's round trips know none of these: whoever names one means D-ITG's call.
        let Some(codec) = codec.or_else(|| DITG.iter().any(|key| get(key).is_some()).then_some("G.711.1")) else {
            return Ok(Self::RoundTrips);
        };
        let plain = |name: &str| name.to_ascii_lowercase().replace('.', "");
        let (codec, speech, rate) = CODECS
            .into_iter()
            .find(|c| plain(c.0) == plain(codec))
            .ok_or_else(|| format!("voip_codec={codec}: there is {}, and irtt", CODECS.map(|c| c.0).join(", ")))?;
        let gap_ms = gap.unwrap_or(Distribution::Constant(1e3 / rate));
        let size = size.unwrap_or(Distribution::Constant(f64::from(speech + header.0)));
        let traffic = Traffic { gap_ms, size, on_off_ms, seed }.checked()?;
        Ok(Self::OneWay { traffic, name: format!("{codec} over {}{silences}", header.1) })
    }
}

/// Parameters of a call that others leave nothing to decide, in words for notes.
pub(crate) fn without_effect(params: &IndexMap<String, String>) -> Vec<String> {
    let get = |key: &str| params.get(key).map(|v| v.trim()).filter(|v| !v.is_empty());
    let mut notes = Vec::new();
    let mut beside = |key: &str, others: &[&str]| {
        if let Some(value) = get(key) {
            let others: Vec<String> =
                others.iter().map(|other| format!("{other}={}", get(other).unwrap_or_default())).collect();
            notes.push(format!("{key}={value} has no effect beside {}", others.join(" and ")));
        }
    };
    let both = get("voip_gap").is_some() && get("voip_size").is_some();
    if both {
        for key in ["voip_profile", "voip_codec", "voip_header"] {
            beside(key, &["voip_gap", "voip_size"]);
        }
    } else if get("voip_profile").is_some() {
        for key in ["voip_codec", "voip_header"] {
            beside(key, &["voip_profile"]);
        }
    } else {
        if get("voip_size").is_some() {
            beside("voip_header", &["voip_size"]);
        }
        let irtt = get("voip_codec").is_some_and(|codec| codec.eq_ignore_ascii_case("irtt"));
        if let Some(other) = DITG.iter().find(|key| irtt && get(key).is_some()) {
            beside("voip_codec", &[other]);
        }
    }
    if get("voip_on_off").is_some() {
        beside("voip_vad", &["voip_on_off"]);
    }
    notes
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn call(params: &[(&str, &str)]) -> Result<Call, String> {
        let params = params.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        let lists = IndexMap::from([("file:gaps".to_owned(), vec![1.0, 2.0, 3.0])]);
        Call::from_params(&params, &lists, 1)
    }

    /// Payload bytes per packet, packets per second.
    fn shape(params: &[(&str, &str)]) -> (u32, f64) {
        let Call::OneWay { traffic, .. } = call(params).unwrap() else { panic!("round trips") };
        (traffic.fixed_size().unwrap(), (traffic.packets_per_sec() * 10.0).round() / 10.0)
    }

    #[test]
    fn codecs_have_the_sizes_and_rates_of_d_itgs() {
        for (codec, rtp, crtp, rate) in [
            ("G.711.1", 92, 82, 100.0),
            ("G.711.2", 172, 162, 50.0),
            ("G.729.2", 32, 22, 50.0),
            ("g729.3", 42, 32, 33.0),
            ("G.723.1", 42, 32, 26.0),
        ] {
            assert_eq!(shape(&[("voip_codec", codec)]), (rtp, rate), "{codec}");
            assert_eq!(shape(&[("voip_codec", codec), ("voip_header", "crtp")]), (crtp, rate), "{codec}");
        }
        let Call::OneWay { traffic, .. } = call(&[("voip_codec", "G.711.1")]).unwrap() else { panic!() };
        assert!((traffic.bits_per_sec() - 73_600.0).abs() < 1e-6, "73.6 kbit/s");
    }

    #[test]
    fn without_a_word_it_is_flents_call() {
        assert_eq!(call(&[]), Ok(Call::RoundTrips));
        assert_eq!(call(&[("voip_codec", "irtt")]), Ok(Call::RoundTrips));
        assert_eq!(shape(&[("voip_header", "crtp")]), (82, 100.0), "the default codec of D-ITG");
        for (key, value) in [("voip_ttl", "1"), ("voip_interface", "eth0")] {
            assert_eq!(shape(&[(key, value)]), (92, 100.0), "{key} is D-ITG's");
        }
    }

    #[test]
    fn what_others_leave_nothing_to_decide_is_told() {
        let told = |params: &[(&str, &str)]| {
            without_effect(&params.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect())
        };
        assert_eq!(
            told(&[("voip_profile", "quake3"), ("voip_codec", "G.729.2")]),
            ["voip_codec=G.729.2 has no effect beside voip_profile=quake3"]
        );
        assert_eq!(
            told(&[("voip_gap", "10"), ("voip_size", "20"), ("voip_header", "crtp")]),
            ["voip_header=crtp has no effect beside voip_gap=10 and voip_size=20"]
        );
        assert_eq!(
            told(&[("voip_codec", "irtt"), ("voip_ttl", "9")]),
            ["voip_codec=irtt has no effect beside voip_ttl=9"]
        );
        assert_eq!(told(&[("voip_vad", "no"), ("voip_on_off", "1/2")]).len(), 1);
        assert_eq!(told(&[("voip_codec", "irtt")]), [""; 0]);
        assert_eq!(told(&[("voip_codec", "G.711.1"), ("voip_header", "crtp"), ("voip_vad", "yes")]), [""; 0]);
    }

    #[test]
    fn profiles_distributions_and_files_are_taken() {
        for name in ["telnet", "dns", "Quake3", "CSa", "CSi"] {
            assert!(matches!(call(&[("voip_profile", name)]), Ok(Call::OneWay { .. })), "{name}");
        }
        let made = call(&[("voip_gap", "file:gaps"), ("voip_size", "uniform:50:100"), ("voip_vad", "yes")]).unwrap();
        let Call::OneWay { traffic, name } = made else { panic!() };
        assert_eq!(traffic.gap_ms, Distribution::List(vec![1.0, 2.0, 3.0]));
        assert!(traffic.on_off_ms.is_some() && name.contains("silences"));
        for (bad, there) in [
            ("voip_codec", "G.729.2"),
            ("voip_profile", "quake3"),
            ("voip_header", "crtp"),
            ("voip_gap", "exponential"),
            ("voip_vad", "yes and no"),
        ] {
            assert!(call(&[(bad, "fish")]).unwrap_err().contains(there), "{bad}");
        }
    }
}
