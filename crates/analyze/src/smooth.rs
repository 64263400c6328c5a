//! Smoothing of lines.

/// Centred moving mean over `window` points (an even window is widened by one), by count, not by time.
///
/// At each point that has a value: the mean of the values that are there within `(window-1)/2` points to either side. A gap
/// stays a gap of its own width, and at the ends the window holds what there is. (Flent pads with zeros, which pulls both
/// ends of every smoothed line towards 0, and a gap there blanks the whole window around it.)
///
/// Away from gaps and ends this is the plain moving mean. A window larger than the line smooths nothing: `None`.
///
/// ```
/// use fa_analyze::smooth::moving_mean;
/// assert_eq!(moving_mean(&[3.0, 6.0, 9.0, 0.0], 3), Some(vec![4.5, 6.0, 5.0, 4.5]));
/// ```
pub fn moving_mean(values: &[f64], window: usize) -> Option<Vec<f64>> {
    let window = odd(window);
    if window > values.len() {
        return None;
    }
    let half = window / 2;
    // Prefix sums would cost precision over long lines with a few huge values: windows are small, sum each one.
    let smoothed = values
        .iter()
        .enumerate()
        .map(|(i, v)| {
            if v.is_nan() {
                return f64::NAN;
            }
            let around = &values[i.saturating_sub(half)..(i + half + 1).min(values.len())];
            let (sum, n) = around.iter().filter(|v| !v.is_nan()).fold((0.0, 0u32), |(sum, n), v| (sum + v, n + 1));
            sum / f64::from(n)
        })
        .collect();
    Some(smoothed)
}

/// The moving mean as Flent draws it: zeros beyond both ends, and no value wherever the window holds a missing one.
///
/// Both ends sag towards 0 and every gap widens to the window. Only for comparing with Flent's figures.
///
/// ```
/// use fa_analyze::smooth::zero_padded_mean;
/// assert_eq!(zero_padded_mean(&[3.0, 6.0, 9.0, 0.0], 3), Some(vec![3.0, 6.0, 5.0, 3.0]));
/// ```
pub fn zero_padded_mean(values: &[f64], window: usize) -> Option<Vec<f64>> {
    let window = odd(window);
    if window > values.len() {
        return None;
    }
    let half = window / 2;
    let around = |i: usize| &values[i.saturating_sub(half)..(i + half + 1).min(values.len())];
    // A missing value is NaN, and so is any sum with it.
    Some((0..values.len()).map(|i| around(i).iter().sum::<f64>() / window as f64).collect())
}

/// A centred window has a middle.
fn odd(window: usize) -> usize {
    if window.is_multiple_of(2) { window + 1 } else { window }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_constant_line_stays_constant_to_its_ends() {
        assert_eq!(moving_mean(&[5.0; 6], 3).unwrap(), [5.0; 6]);
    }

    #[test]
    fn an_even_window_is_widened() {
        assert_eq!(moving_mean(&[1.0, 2.0, 6.0, 4.0], 2), moving_mean(&[1.0, 2.0, 6.0, 4.0], 3));
    }

    #[test]
    fn a_gap_stays_as_wide_as_it_is() {
        let line = moving_mean(&[1.0, 3.0, f64::NAN, 5.0, 7.0], 3).unwrap();
        assert_eq!(line[0], 2.0);
        assert_eq!(line[1], 2.0);
        assert!(line[2].is_nan());
        assert_eq!(line[3], 6.0);
        assert_eq!(line[4], 6.0);
    }

    #[test]
    fn both_means_agree_where_the_window_is_full() {
        let line = [1.0, 5.0, 3.0, f64::NAN, 2.0, 8.0, 5.0, 2.0];
        let (ours, flents) = (moving_mean(&line, 3).unwrap(), zero_padded_mean(&line, 3).unwrap());
        for i in [1, 5, 6] {
            assert_eq!(ours[i], flents[i]);
        }
        assert!(flents[2].is_nan() && flents[3].is_nan() && flents[4].is_nan());
    }

    #[test]
    fn a_window_longer_than_the_line_is_refused() {
        assert_eq!(moving_mean(&[1.0, 2.0], 3), None);
        assert_eq!(moving_mean(&[1.0, 2.0], 2), None);
        assert_eq!(zero_padded_mean(&[1.0, 2.0], 2), None);
    }
}
