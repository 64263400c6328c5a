//! Wireless interfaces: network, channel and power, as `nl80211` tells them to everybody.
//!
//! Generic netlink: the family's number is asked for first, then all its interfaces.

use indexmap::IndexMap;
use serde::Serialize;

use super::netlink::{Netlink, attribute, message, messages, text, u16_at, u32_at};

/// Of `linux/genetlink.h`: who knows the families, what to ask, and the two attributes needed.
const GENL_ID_CTRL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
/// Bytes of `genlmsghdr`: command, version, two unused.
const GENERIC_HEADER: usize = 4;

/// Of `linux/nl80211.h`.
const GET_INTERFACE: u8 = 5;
const ATTR_IFNAME: u16 = 4;
const ATTR_IFTYPE: u16 = 5;
const ATTR_MAC: u16 = 6;
const ATTR_WIPHY_FREQ: u16 = 38;
const ATTR_SSID: u16 = 52;
const ATTR_TX_POWER_LEVEL: u16 = 98;
const ATTR_CHANNEL_WIDTH: u16 = 159;
const ATTR_CENTER_FREQ1: u16 = 160;

/// A wireless interface; what the kernel does not tell is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wireless {
    /// Hardware address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addr: Option<String>,
    /// Name of the network that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssid: Option<String>,
    /// `managed`, `AP`, `monitor` …, as `iw` says it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Where it sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Transmit power, dBm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txpower: Option<f64>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// Its number; absent for a frequency that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Frequency of the (primary) channel, MHz.
    pub band: u32,
    /// MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Centre of the whole width, MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub center1: Option<u32>,
}

/// All wireless interfaces by name; empty where there are none, or no wireless at all in that kernel.
pub(super) fn interfaces() -> IndexMap<String, Wireless> {
    ask().unwrap_or_default()
}

fn ask() -> Option<IndexMap<String, Wireless>> {
    let mut netlink = Netlink::generic().ok()?;
    let body = [CTRL_CMD_GETFAMILY, 1, 0, 0];
    let answer = netlink.ask(&message(GENL_ID_CTRL, false, &body, &[(CTRL_ATTR_FAMILY_NAME, b"nl80211\0")])).ok()?;
    let family = family(&answer)?;
    let answer = netlink.ask(&message(family, true, &[GET_INTERFACE, 0, 0, 0], &[])).ok()?;
    Some(parse(&answer, family))
}

fn family(answer: &[u8]) -> Option<u16> {
    let attributes = messages(answer).find(|message| message.kind == GENL_ID_CTRL)?.body.get(GENERIC_HEADER..)?;
    u16_at(attribute(attributes, CTRL_ATTR_FAMILY_ID)?, 0)
}

fn parse(answer: &[u8], family: u16) -> IndexMap<String, Wireless> {
    let bodies = messages(answer).filter(|message| message.kind == family);
    bodies.filter_map(|message| interface(message.body.get(GENERIC_HEADER..)?)).collect()
}

fn interface(attributes: &[u8]) -> Option<(String, Wireless)> {
    let number = |kind| attribute(attributes, kind).and_then(|value| u32_at(value, 0));
    let hardware = attribute(attributes, ATTR_MAC).filter(|value| value.len() == 6);
    let hardware = hardware.map(|value| value.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"));
    let channel = number(ATTR_WIPHY_FREQ).map(|mhz| Channel {
        number: channel_number(mhz),
        band: mhz,
        width: number(ATTR_CHANNEL_WIDTH).and_then(width_mhz),
        center1: number(ATTR_CENTER_FREQ1),
    });
    let wireless = Wireless {
        addr: hardware,
        ssid: attribute(attributes, ATTR_SSID).filter(|value| !value.is_empty()).map(text),
        kind: number(ATTR_IFTYPE).and_then(kind),
        channel,
        // Hundredths of a dBm, with a sign.
        txpower: number(ATTR_TX_POWER_LEVEL).map(|level| f64::from(level as i32) / 100.0),
    };
    // A device without a network interface has no name.
    Some((text(attribute(attributes, ATTR_IFNAME)?), wireless))
}

/// Numbers of channels as IEEE 802.11 counts them.
fn channel_number(mhz: u32) -> Option<u32> {
    match mhz {
        2484 => Some(14),
        2412..=2472 => Some((mhz - 2407) / 5),
        4910..=4980 => Some((mhz - 4000) / 5),
        5935 => Some(2),
        5955..=7115 => Some((mhz - 5950) / 5),
        5000..=5925 => Some((mhz - 5000) / 5),
        _ => None,
    }
}

fn width_mhz(code: u32) -> Option<u32> {
    Some(match code {
        0 | 1 => 20,
        2 => 40,
        // The second of the two segments has a centre of its own.
        3 | 4 => 80,
        5 => 160,
        6 => 5,
        7 => 10,
        8 => 1,
        9 => 2,
        10 => 4,
        11 => 8,
        12 => 16,
        13 => 320,
        _ => return None,
    })
}

fn kind(code: u32) -> Option<&'static str> {
    const KINDS: [&str; 12] = [
        "unspecified",
        "IBSS",
        "managed",
        "AP",
        "AP/VLAN",
        "WDS",
        "monitor",
        "mesh point",
        "P2P-client",
        "P2P-GO",
        "P2P-device",
        "outside context of a BSS",
    ];
    KINDS.get(code as usize).copied()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// An answer in the shape of the kernel's: multipart, one interface on channel 36 at 80 MHz, one that is down.
    fn answer() -> Vec<u8> {
        let n = u32::to_ne_bytes;
        let (two, freq, width, center, power) = (n(2), n(5180), n(3), n(5210), n(2150));
        let up: [(u16, &[u8]); 8] = [
            (ATTR_IFNAME, b"wlan0\0"),
            (ATTR_IFTYPE, &two),
            (ATTR_MAC, &[2, 0xfc, 0, 0, 0, 1]),
            (ATTR_SSID, b"at home"),
            (ATTR_WIPHY_FREQ, &freq),
            (ATTR_CHANNEL_WIDTH, &width),
            (ATTR_CENTER_FREQ1, &center),
            (ATTR_TX_POWER_LEVEL, &power),
        ];
        let down: [(u16, &[u8]); 2] = [(ATTR_IFNAME, b"wlan1\0"), (ATTR_TX_POWER_LEVEL, &n(-300_i32 as u32))];
        let body = [7, 1, 0, 0];
        [message(28, true, &body, &up), message(28, true, &body, &down), message(28, true, &body, &[])].concat()
    }

    #[test]
    fn interfaces_have_the_shape_of_flents_files() {
        let found = serde_json::to_value(parse(&answer(), 28)).unwrap();
        let expected = serde_json::json!({
            "wlan0": {
                "addr": "02:fc:00:00:00:01",
                "ssid": "at home",
                "type": "managed",
                "channel": { "number": 36, "band": 5180, "width": 80, "center1": 5210 },
                "txpower": 21.5,
            },
            "wlan1": { "txpower": -3.0 },
        });
        assert_eq!(found, expected);
        assert!(parse(&answer(), 29).is_empty(), "another family's messages");
    }

    #[test]
    fn cut_answers_are_no_trouble() {
        let all = answer();
        for length in 0..all.len() {
            parse(&all[..length], 28);
            family(&all[..length]);
        }
    }

    #[test]
    fn frequencies_have_the_numbers_of_the_standard() {
        let numbers = [2412, 2437, 2472, 2484, 5180, 5825, 5955, 6115, 7115, 60480].map(channel_number);
        assert_eq!(
            numbers,
            [Some(1), Some(6), Some(13), Some(14), Some(36), Some(165), Some(1), Some(33), Some(233), None]
        );
    }

    #[test]
    fn this_kernel_answers_or_has_no_wireless() {
        if ask().is_none() {
            println!("skipped: this_kernel_answers_or_has_no_wireless: no nl80211");
        }
    }
}
