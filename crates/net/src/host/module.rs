//! Build ids of loaded kernel modules: which code ran, even for modules built by hand.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::netlink::u32_at;

/// Type of the note that holds a build id (`NT_GNU_BUILD_ID`).
const NT_GNU_BUILD_ID: u32 = 3;

/// Modules worth recording by the start of their name: queueing disciplines, congestion controls, wireless, common
/// and virtual network drivers.
const OF_INTEREST: &[&str] = &[
    "sch_",
    "tcp_",
    "cls_",
    "act_",
    "mac80211",
    "cfg80211",
    "ath",
    "iwl",
    "mt76",
    "mt7",
    "rtw",
    "brcm",
    "e1000",
    "igb",
    "igc",
    "ixgbe",
    "i40e",
    "ice",
    "mlx",
    "bnx",
    "tg3",
    "r8169",
    "virtio_net",
    "veth",
    "ifb",
    "tun",
    "wireguard",
    "bonding",
    "bridge",
    "mptcp",
];

/// The build id in the bytes of an ELF note section, in hexadecimal.
pub(crate) fn build_id(notes: &[u8]) -> Option<String> {
    let align = |length: usize| length.checked_next_multiple_of(4);
    let mut rest = notes;
    loop {
        let (name_len, desc_len, kind) = (u32_at(rest, 0)?, u32_at(rest, 4)?, u32_at(rest, 8)?);
        let (name_len, desc_len) = (usize::try_from(name_len).ok()?, usize::try_from(desc_len).ok()?);
        let after_header = rest.get(12..)?;
        let name = after_header.get(..name_len)?;
        let after_name = after_header.get(align(name_len)?..)?;
        let description = after_name.get(..desc_len)?;
        if kind == NT_GNU_BUILD_ID && name == b"GNU\0" {
            return Some(description.iter().fold(String::new(), |mut out, byte| {
                let _ = write!(out, "{byte:02x}");
                out
            }));
        }
        rest = after_name.get(align(desc_len)?..)?;
    }
}

/// Module name → build id; `names` are the loaded modules, `notes` answers with a module's note section.
pub(crate) fn versions(
    names: impl IntoIterator<Item = String>,
    notes: impl Fn(&str) -> Option<Vec<u8>>,
) -> IndexMap<String, String> {
    let mut found: IndexMap<String, String> = names
        .into_iter()
        .filter(|name| OF_INTEREST.iter().any(|start| name.starts_with(start)))
        .filter_map(|name| {
            let id = build_id(&notes(&name)?)?;
            Some((name, id))
        })
        .collect();
    found.sort_unstable_keys();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: u32, name: &[u8], description: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for word in [name.len() as u32, description.len() as u32, kind] {
            out.extend_from_slice(&word.to_ne_bytes());
        }
        for part in [name, description] {
            out.extend_from_slice(part);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    #[test]
    fn the_build_id_is_found_behind_other_notes() {
        let id: Vec<u8> = (0..20).collect();
        let notes = [note(256, b"Linux\0", b"\x01"), note(3, b"GNU\0", &id)].concat();
        assert_eq!(build_id(&notes).as_deref(), Some("000102030405060708090a0b0c0d0e0f10111213"));
        for cut in 0..notes.len() {
            assert_eq!(build_id(&notes[..cut]), None, "cut at {cut}");
        }
        assert_eq!(build_id(&[0xff; 64]), None);
    }

    #[test]
    fn only_modules_that_matter_to_a_network_are_named() {
        let names = ["snd_hda", "tcp_bbr", "sch_cake"].map(String::from);
        let found = versions(names, |_| Some(note(3, b"GNU\0", &[0xab])));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["sch_cake", "tcp_bbr"]);
    }
}
