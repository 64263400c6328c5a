//! Values of raw entries, exactly.

/// One value of a raw entry, exactly as the file has it.
#[derive(Debug, Clone)]
pub enum RawValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number written without fraction and exponent.
    Int(i64),
    /// Any other number; NaN and infinities are the literals that Python writes.
    Float(f64),
    /// A string.
    Text(String),
    /// JSON text of a list, an empty object, or an integer that does not fit 53 bits.
    Json(String),
}

impl RawValue {
    /// The value as a number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            RawValue::Int(n) => Some(*n as f64),
            RawValue::Float(x) => Some(*x),
            RawValue::Json(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl PartialEq for RawValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (RawValue::Null, RawValue::Null) => true,
            (RawValue::Bool(a), RawValue::Bool(b)) => a == b,
            (RawValue::Int(a), RawValue::Int(b)) => a == b,
            (RawValue::Float(a), RawValue::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (RawValue::Text(a), RawValue::Text(b)) | (RawValue::Json(a), RawValue::Json(b)) => a == b,
            _ => false,
        }
    }
}

/// What a value was in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Float,
    Int,
    /// Integer beyond 53 bits: its digits are kept as text.
    BigInt,
    Null,
    False,
    True,
    Text,
    Json,
}

/// The kinds of a column; nearly always all the same.
#[derive(Debug, Clone)]
pub(super) enum Kinds {
    Uniform(Kind),
    Each(Vec<Kind>),
}

impl Kinds {
    #[inline]
    pub(super) fn push(&mut self, len: usize, kind: Kind) {
        match self {
            Kinds::Uniform(k) if *k == kind => {}
            Kinds::Uniform(k) if len == 0 => *k = kind,
            Kinds::Uniform(k) => {
                let mut each = vec![*k; len];
                each.push(kind);
                *self = Kinds::Each(each);
            }
            Kinds::Each(each) => each.push(kind),
        }
    }

    pub(super) fn at(&self, i: usize) -> Kind {
        match self {
            Kinds::Uniform(k) => *k,
            Kinds::Each(each) => each[i],
        }
    }

    pub(super) fn all(&self, test: impl Fn(Kind) -> bool) -> bool {
        match self {
            Kinds::Uniform(k) => test(*k),
            Kinds::Each(each) => each.iter().all(|k| test(*k)),
        }
    }

    pub(super) fn set(&mut self, i: usize, len: usize, kind: Kind) {
        match self {
            Kinds::Uniform(k) if *k == kind => {}
            Kinds::Uniform(k) if len == 1 => *k = kind,
            Kinds::Uniform(k) => {
                let mut each = vec![*k; len];
                each[i] = kind;
                *self = Kinds::Each(each);
            }
            Kinds::Each(each) => each[i] = kind,
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if let Kinds::Each(each) = self {
            each.truncate(len);
        }
    }
}
