//! Quality of a voice call: mean opinion score by the E-model (ITU-T G.107, default values).

/// Mean opinion score, 1 to 4.5, of a call with one-way delay `delay_ms` and `loss`, a share of packets in 0..=1.
///
/// ITU-T G.107 with all parameters at their defaults and a packet-loss robustness of 4.3, the only inputs being the
/// delay (talker's echo, listener's echo and absolute delay) and the loss.
///
/// ```
/// assert!((fa_analyze::mos::mean_opinion_score(20.0, 0.0) - 4.395970446119802).abs() < 1e-12);
/// ```
pub fn mean_opinion_score(delay_ms: f64, loss: f64) -> f64 {
    // Names as in the recommendation.
    const NO: f64 = -61.179_214_386_241_69;
    const IS: f64 = 1.413_568_081_343_861_6;
    const BPL: f64 = 4.3;
    let ro = 15.0 - 1.5 * (8.0 + NO);
    let t = delay_ms;
    let ppl = 100.0 * loss;

    let rle = 10.5 * 117.0 * (2.0 * t + 1.0).powf(-0.25);
    let idle = (ro - rle) / 2.0 + ((ro - rle).powi(2) / 4.0 + 169.0).sqrt();
    let idd = if t <= 100.0 {
        0.0
    } else {
        let x = (t / 100.0).log10() / 2f64.log10();
        25.0 * ((1.0 + x.powi(6)).powf(1.0 / 6.0) - 3.0 * (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0) + 2.0)
    };
    let terv = 65.0 - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10() + 6.0 * (-0.3 * t * t).exp();
    let roe = -1.5 * (NO - 2.0);
    let re = 80.0 + 2.5 * (terv - 14.0);
    let idte = if t < 1.0 {
        0.0
    } else {
        ((roe - re) / 2.0 + ((roe - re).powi(2) / 4.0 + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp())
    };
    let r = ro - IS - (idte + idle + idd) - 95.0 * ppl / (ppl + BPL);
    if r < 0.0 {
        1.0
    } else if r > 100.0 {
        4.5
    } else {
        1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_known_scores() {
        for (delay, loss, want) in [
            (0.0, 0.0, 4.409_405_955_350_836),
            (20.0, 0.0, 4.395_970_446_119_802),
            (50.0, 0.01, 3.771_171_312_352_627),
            (100.0, 0.0, 4.354_920_132_027_762),
            (150.0, 0.0, 4.327_545_871_079_546),
            (200.0, 0.02, 2.872_385_925_416_820_5),
            (400.0, 0.0, 3.215_599_472_399_827),
            (177.3, 0.1, 1.301_381_916_860_964_4),
            (1000.0, 0.5, 1.0),
        ] {
            let got = mean_opinion_score(delay, loss);
            assert!((got - want).abs() < 1e-9, "delay {delay} ms, loss {loss}: {got}, want {want}");
        }
    }
}
