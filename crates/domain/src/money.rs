//! Money in whole minor units.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in the currency's smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Cents, yen, fils: whatever the currency's exponent says.
    pub minor: i64,
    /// Which currency.
    pub currency: Currency,
}

/// An ISO 4217 code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A code that is not three Latin letters.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a currency code: three letters such as EUR are needed")]
pub struct NotACurrency(String);

impl Currency {
    /// Reads a code in either case.
    pub fn parse(code: &str) -> Result<Self, NotACurrency> {
        match code.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_alphabetic()) => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => Err(NotACurrency(code.to_owned())),
        }
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the point (ISO 4217): 0 for yen, 3 for dinars, 2 for most.
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent();
        let unit = 10_u64.pow(digits);
        let (sign, size) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        write!(f, "{sign}{}", size / unit)?;
        if digits > 0 {
            write!(f, ".{:0width$}", size % unit, width = digits as usize)?;
        }
        write!(f, " {}", self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_show_their_true_exponent() {
        let money = |minor, code| Money { minor, currency: Currency::parse(code).unwrap() }.to_string();
        assert_eq!(money(1250, "eur"), "12.50 EUR");
        assert_eq!(money(1250, "JPY"), "1250 JPY");
        assert_eq!(money(-1250, "KWD"), "-1.250 KWD");
    }
}
