//! The processor: its name and how many cores may be used.

use serde::Serialize;

/// What limits a measurement on a small machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cpu {
    /// Logical processors the process may use.
    pub count: Option<usize>,
    /// Model name as the kernel gives it.
    pub model: Option<String>,
}

/// The model in the text of `/proc/cpuinfo`; the key differs between architectures.
pub(crate) fn model(cpuinfo: &str) -> Option<String> {
    let value = |key: &str| {
        cpuinfo
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(name, value)| (name.trim() == key && !value.trim().is_empty()).then(|| value.trim().to_owned()))
    };
    ["model name", "Model", "cpu model", "machine", "Hardware", "uarch"].into_iter().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_found_under_every_architectures_key() {
        let intel = "processor\t: 0\nmodel\t\t: 207\nmodel name\t: Intel(R) Xeon(R) Processor\n";
        assert_eq!(model(intel).as_deref(), Some("Intel(R) Xeon(R) Processor"));
        let arm = "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n";
        assert_eq!(model(arm).as_deref(), Some("Raspberry Pi 4 Model B Rev 1.4"));
        assert_eq!(model("nothing here"), None);
    }
}
