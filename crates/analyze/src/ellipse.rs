//! Two quantities at once: covariance ellipse.

/// Ellipse of two standard deviations around the mean of (x, y) pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covariance {
    /// Mean of x.
    pub x: f64,
    /// Mean of y.
    pub y: f64,
    /// Full length of the first (longer) axis: 4 √λ₁ of the covariance matrix (divisor n − 1).
    pub width: f64,
    /// Full length of the second axis: 4 √λ₂.
    pub height: f64,
    /// Direction of the first axis, degrees counter-clockwise from x.
    pub angle_deg: f64,
    /// Median of x.
    pub median_x: f64,
    /// Median of y.
    pub median_y: f64,
    /// Pairs behind it.
    pub n: usize,
}

/// The covariance ellipse of pairs; a pair with a NaN is left out. One pair gives a point (axes of length 0); none: `None`.
///
/// ```
/// // On the line y = x: all the spread is along 45 degrees. Variance 1 in x and y, λ = 2 and 0.
/// let e = fa_analyze::ellipse::covariance_ellipse(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]).unwrap();
/// assert!((e.width - 4.0 * 2f64.sqrt()).abs() < 1e-12 && e.height < 1e-7 && (e.angle_deg - 45.0).abs() < 1e-9);
/// ```
pub fn covariance_ellipse(x: &[f64], y: &[f64]) -> Option<Covariance> {
    let pairs: Vec<(f64, f64)> =
        x.iter().copied().zip(y.iter().copied()).filter(|(x, y)| !x.is_nan() && !y.is_nan()).collect();
    let xs = crate::stats::Sample::new(pairs.iter().map(|p| p.0));
    let ys = crate::stats::Sample::new(pairs.iter().map(|p| p.1));
    let (mx, my) = (xs.mean()?, ys.mean()?);
    let (median_x, median_y) = (xs.median()?, ys.median()?);
    let n = pairs.len();
    let divisor = n.saturating_sub(1).max(1) as f64;
    let (mut vx, mut vy, mut cxy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        vx += (x - mx) * (x - mx) / divisor;
        vy += (y - my) * (y - my) / divisor;
        cxy += (x - mx) * (y - my) / divisor;
    }
    // Eigenvalues of a symmetric 2×2 matrix: mean of the diagonal ± the distance from it. Rounding can push the smaller
    // one below 0 or leave it just above where there is no spread at all.
    let centre = f64::midpoint(vx, vy);
    let spread = ((vx - vy) / 2.0).hypot(cxy);
    let l1 = centre + spread;
    let l2 = if centre - spread > 8.0 * f64::EPSILON * l1 { centre - spread } else { 0.0 };
    // No spread in any direction has no angle; upright is what numpy's order of equal eigenvalues gives.
    let angle_deg = if spread == 0.0 { 90.0 } else { 0.5 * (2.0 * cxy).atan2(vx - vy).to_degrees() };
    Some(Covariance { x: mx, y: my, width: 4.0 * l1.sqrt(), height: 4.0 * l2.sqrt(), angle_deg, median_x, median_y, n })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn spread_along_y_stands_upright() {
        // x does not vary; y: 1, 3: variance (n − 1) 2.
        let e = covariance_ellipse(&[5.0, 5.0], &[1.0, 3.0]).unwrap();
        assert_eq!((e.x, e.y), (5.0, 2.0));
        assert!((e.width - 4.0 * 2f64.sqrt()).abs() < 1e-12);
        assert_eq!(e.height, 0.0);
        assert!((e.angle_deg.abs() - 90.0).abs() < 1e-9);
    }

    #[test]
    fn one_pair_is_a_point_and_gaps_drop_the_pair() {
        let e = covariance_ellipse(&[5.0, f64::NAN, 7.0], &[1.0, 2.0, f64::NAN]).unwrap();
        assert_eq!((e.n, e.width, e.height, e.median_x, e.median_y), (1, 0.0, 0.0, 5.0, 1.0));
        assert_eq!(covariance_ellipse(&[f64::NAN], &[1.0]), None);
    }
}
