//! A set of splats: one bit each.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A set of splats, by their index. Written as the lengths of runs, the first of which is outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    len: usize,
    words: Vec<u32>,
}

impl Bits {
    /// None of `len` splats.
    pub fn none(len: usize) -> Self {
        Self {
            len,
            words: vec![0; len.div_ceil(32)],
        }
    }

    /// Those of `len` splats that are wanted.
    pub fn of(len: usize, wanted: impl Fn(usize) -> bool) -> Self {
        let mut bits = Self::none(len);
        for i in (0..len).filter(|it| wanted(*it)) {
            bits.set(i);
        }
        bits
    }

    /// From words of 32 bits, the lowest bit first; what lies beyond `len` is cut off.
    pub fn from_words(len: usize, mut words: Vec<u32>) -> Self {
        words.resize(len.div_ceil(32), 0);
        if let Some(last) = words.last_mut()
            && !len.is_multiple_of(32)
        {
            *last &= (1 << (len % 32)) - 1;
        }
        Self { len, words }
    }

    /// Of how many splats it is a set.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no splats that could be in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many are in it.
    pub fn count(&self) -> usize {
        self.words.iter().map(|it| it.count_ones() as usize).sum()
    }

    /// Whether splat `i` is in it.
    pub fn get(&self, i: usize) -> bool {
        let word = self.words.get(i / 32);
        word.is_some_and(|it| it >> (i % 32) & 1 == 1)
    }

    /// Puts splat `i` into it, if there is one.
    pub fn set(&mut self, i: usize) {
        if i < self.len
            && let Some(word) = self.words.get_mut(i / 32)
        {
            *word |= 1 << (i % 32);
        }
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words);
        Self::from_words(self.len, words.map(|(a, b)| a & b).collect())
    }

    /// Lengths of runs, outside and inside by turns.
    fn runs(&self) -> Vec<usize> {
        let mut runs = Vec::new();
        let (mut inside, mut from) = (false, 0);
        for i in 0..self.len {
            if self.get(i) != inside {
                runs.push(i - from);
                (inside, from) = (!inside, i);
            }
        }
        runs.push(self.len - from);
        runs
    }

    /// `None` where they are more than an index can count.
    fn from_runs(runs: &[usize]) -> Option<Self> {
        let len = runs.iter().try_fold(0_usize, |a, b| a.checked_add(*b))?;
        if u32::MAX as usize <= len {
            return None;
        }
        let mut bits = Self::none(len);
        let mut from = 0;
        for (k, run) in runs.iter().enumerate() {
            if k % 2 == 1 {
                for i in from..from + run {
                    bits.set(i);
                }
            }
            from += run;
        }
        Some(bits)
    }
}

impl Serialize for Bits {
    fn serialize<S>(&self, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        self.runs().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D>(deserializer: D) -> Result<Self, D::Error>
    where
        D: Deserializer<'de>,
    {
        let runs = Vec::<usize>::deserialize(deserializer)?;
        Self::from_runs(&runs).ok_or_else(|| de::Error::custom("a selection of too many splats"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_say_it_all() {
        for (len, wanted) in [(0, 1), (1, 1), (31, 3), (32, 2), (100, 7), (64, 64)] {
            let bits = Bits::of(len, |i| i % wanted == 0);
            let text = serde_json::to_string(&bits).unwrap();
            assert_eq!(serde_json::from_str::<Bits>(&text).unwrap(), bits, "{text}");
            assert_eq!(bits.count(), len.div_ceil(wanted));
        }
        let too_many = format!("[{},{}]", u64::MAX, 2);
        assert!(serde_json::from_str::<Bits>(&too_many).is_err());
    }

    #[test]
    fn bits_beyond_the_last_splat_are_none() {
        let bits = Bits::from_words(33, vec![u32::MAX; 4]);
        assert_eq!(
            (bits.count(), bits.get(32), bits.get(33)),
            (33, true, false)
        );
        assert_eq!(bits.and(&Bits::of(33, |i| i < 5)).count(), 5);
    }
}
