//! Kubernetes quantities: `100m`, `1.5Gi`, `2e3`, exactly.

/// A quantity in billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity(i128);

const NANO: i128 = 1_000_000_000;

/// Suffix, base, exponent.
const SUFFIXES: &[(&str, i128, i32)] = &[
    ("Ki", 1024, 1),
    ("Mi", 1024, 2),
    ("Gi", 1024, 3),
    ("Ti", 1024, 4),
    ("Pi", 1024, 5),
    ("Ei", 1024, 6),
    ("n", 10, -9),
    ("u", 10, -6),
    ("m", 10, -3),
    ("k", 10, 3),
    ("M", 10, 6),
    ("G", 10, 9),
    ("T", 10, 12),
    ("P", 10, 15),
    ("E", 10, 18),
    ("", 10, 0),
];

impl Quantity {
    /// Reads a quantity; `None` for what is none, or beyond what fits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = (rest.get(..end)?, rest.get(end..)?);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return None;
        }
        let (base, exponent) = match suffix.strip_prefix(['e', 'E']).filter(|exponent| !exponent.is_empty()) {
            Some(exponent) => (10, exponent.parse::<i32>().ok().filter(|e| e.abs() < 60)?),
            None => SUFFIXES.iter().find(|(known, ..)| *known == suffix).map(|(_, base, e)| (*base, *e))?,
        };
        let digits: i128 =
            format!("{whole}{fraction}")
                .trim_start_matches('0')
                .parse()
                .or_else(|_| {
                    if whole.bytes().chain(fraction.bytes()).all(|b| b == b'0') { Ok(0) } else { Err(()) }
                })
                .ok()?;
        let mut value = digits;
        let mut tens = 9 - i32::try_from(fraction.len()).ok()?;
        if base == 10 {
            tens += exponent;
        } else {
            value = value.checked_mul(base.checked_pow(exponent.unsigned_abs())?)?;
        }
        let scale = 10_i128.checked_pow(tens.unsigned_abs());
        value = match (tens >= 0, scale) {
            (true, Some(scale)) => value.checked_mul(scale)?,
            // What is smaller than a billionth is rounded away from zero.
            (false, Some(scale)) => value / scale + i128::from(value % scale != 0),
            (true, None) if value == 0 => 0,
            (true, None) => return None,
            (false, None) => i128::from(value != 0),
        };
        Some(Self(if negative { -value } else { value }))
    }

    pub(super) fn of_int(value: i64) -> Self {
        Self(i128::from(value) * NANO)
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub(super) fn sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    pub(super) fn sign(self) -> i64 {
        self.0.signum() as i64
    }

    /// The whole number it is, if it is one that fits.
    pub(super) fn whole(self) -> Option<i64> {
        if self.0 % NANO == 0 { i64::try_from(self.0 / NANO).ok() } else { None }
    }

    pub(super) fn approximate(self) -> f64 {
        self.0 as f64 / NANO as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact() {
        for (text, nano) in [
            ("1", Some(NANO)),
            ("100m", Some(NANO / 10)),
            ("1.5Gi", Some(1_610_612_736 * NANO)),
            ("-2k", Some(-2_000 * NANO)),
            ("1e3", Some(1_000 * NANO)),
            ("1E", Some(1_000_000_000_000_000_000 * NANO)),
            (".5", Some(NANO / 2)),
            ("5.", Some(5 * NANO)),
            ("0.0000000001", Some(1)),
            ("000", Some(0)),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("1Kib", None),
            ("abc", None),
            ("1e999", None),
        ] {
            assert_eq!(Quantity::parse(text).map(|quantity| quantity.0), nano, "{text}");
        }
    }
}
