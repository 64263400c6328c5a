//! Kernel settings that decide what a transfer can do.

use indexmap::IndexMap;
use serde_json::Value;

/// What is recorded: the names Flent records, then others that explain results.
///
/// A name the kernel lacks is left out.
const NAMES: &[&str] = &[
    "net.core.rmem_max",
    "net.core.wmem_max",
    "net.ipv4.tcp_allowed_congestion_control",
    "net.ipv4.tcp_autocorking",
    "net.ipv4.tcp_available_congestion_control",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_dsack",
    "net.ipv4.tcp_early_retrans",
    "net.ipv4.tcp_ecn",
    "net.ipv4.tcp_fack",
    "net.ipv4.tcp_fastopen",
    "net.ipv4.tcp_limit_output_bytes",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_moderate_rcvbuf",
    "net.ipv4.tcp_no_metrics_save",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_pacing_ca_ratio",
    "net.ipv4.tcp_pacing_ss_ratio",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_window_scaling",
    "net.ipv4.tcp_wmem",
    "net.core.default_qdisc",
    "net.core.netdev_budget",
    "net.core.netdev_max_backlog",
    "net.core.rmem_default",
    "net.core.wmem_default",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_adv_win_scale",
    "net.ipv4.tcp_base_mss",
    "net.ipv4.tcp_ecn_fallback",
    "net.ipv4.tcp_min_tso_segs",
    "net.ipv4.tcp_mtu_probing",
    "net.ipv4.tcp_recovery",
    "net.ipv4.tcp_reordering",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_tso_win_divisor",
    "net.ipv4.udp_mem",
];

/// Name → value of the settings that exist; `read` answers with the text of a file below `/proc/sys`.
pub(crate) fn sysctls(read: impl Fn(&str) -> Option<String>) -> IndexMap<String, Value> {
    let found = |name: &&str| {
        let text = read(&format!("/proc/sys/{}", name.replace('.', "/")))?;
        Some(((*name).to_owned(), value(&text)))
    };
    NAMES.iter().filter_map(found).collect()
}

/// A single integer as a number, everything else as text without surrounding blanks.
fn value(text: &str) -> Value {
    let text = text.trim();
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_integers_are_numbers_and_the_rest_is_text() {
        let found = sysctls(|path| match path {
            "/proc/sys/net/core/rmem_max" => Some("212992\n".into()),
            "/proc/sys/net/ipv4/tcp_notsent_lowat" => Some("4294967295\n".into()),
            "/proc/sys/net/ipv4/tcp_rmem" => Some("4096\t131072\t6291456\n".into()),
            "/proc/sys/net/ipv4/tcp_congestion_control" => Some("cubic\n".into()),
            _ => None,
        });
        let text = serde_json::to_string(&found).unwrap_or_default();
        assert_eq!(
            text,
            r#"{"net.core.rmem_max":212992,"net.ipv4.tcp_congestion_control":"cubic","net.ipv4.tcp_notsent_lowat":4294967295,"net.ipv4.tcp_rmem":"4096\t131072\t6291456"}"#
        );
    }
}
