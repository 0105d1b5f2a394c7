//! Sizes of claims, just far enough to tell the smaller of two.

/// The value of a quantity such as `10Gi`, in the unit without a suffix; `None` if it is none.
pub(super) fn quantity(text: &str) -> Option<f64> {
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
    let (number, suffix) = (text.get(..end)?, text.get(end..)?);
    let factor = match suffix {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024_f64.powi(2),
        "Gi" => 1024_f64.powi(3),
        "Ti" => 1024_f64.powi(4),
        "Pi" => 1024_f64.powi(5),
        "Ei" => 1024_f64.powi(6),
        exponent => 10_f64.powi(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::quantity;

    #[test]
    fn quantities_compare() {
        for (smaller, larger) in
            [("1Gi", "2Gi"), ("1G", "1Gi"), ("500m", "1"), ("1e3", "2k"), ("1023Mi", "1Gi")]
        {
            assert!(quantity(smaller) < quantity(larger), "{smaller} {larger}");
        }
        assert_eq!(quantity("ten"), None);
        assert_eq!(quantity("1Zi"), None);
    }
}
