//! How far COLMAP is, read from what it prints. The words differ a little between versions.

/// What COLMAP said it is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many files are read, of so many.
    Files(u64, u64),
    /// So many blocks of pairs or photos are matched, of so many.
    Matches(u64, u64),
    /// So many photos have a place.
    Placed(u64),
}

/// The newest step in a piece of what COLMAP printed; the last line may be incomplete.
pub(super) fn newest_step(text: &str) -> Option<Step> {
    text.lines().rev().find_map(step)
}

fn step(line: &str) -> Option<Step> {
    if let Some(rest) = after(line, "Processed file [") {
        let (done, total) = fraction(rest)?;
        return Some(Step::Files(done, total));
    }
    // 3.x says "Matching", later ones "Processing".
    for word in ["Matching", "Processing"] {
        if let Some(rest) = after(line, &format!("{word} block [")) {
            return block(rest);
        }
        if let Some(rest) = after(line, &format!("{word} image [")) {
            let (done, total) = fraction(rest)?;
            return Some(Step::Matches(done, total));
        }
    }
    let rest = after(line, "Registering image #")?;
    // "12 (13)" or "12 (num_reg_frames=13)"; "(name=…, num_reg_frames=13)" would do as well.
    let inside = rest.split_once('(')?.1.split_once(')')?.0;
    let digits = inside.rsplit(['=', ' ']).next()?;
    digits.parse().ok().map(Step::Placed)
}

/// `2/3, 1/3] in …`: the second of three rows of blocks, its first block.
fn block(text: &str) -> Option<Step> {
    let (row, rows) = fraction(text)?;
    let inside = &text[..=text.find(']')?];
    let Some((_, column)) = inside.split_once(", ") else {
        return Some(Step::Matches(row, rows));
    };
    let (column, columns) = fraction(column)?;
    let before = row.checked_sub(1)?.checked_mul(columns)?;
    Some(Step::Matches(
        before.checked_add(column)?,
        rows.checked_mul(columns)?,
    ))
}

/// `12/50]…`.
fn fraction(text: &str) -> Option<(u64, u64)> {
    let (done, rest) = text.split_once('/')?;
    let digits = rest.find(|it: char| !it.is_ascii_digit());
    // Without what follows the number may not be complete yet.
    let total = &rest[..digits?];
    let (done, total) = (done.trim().parse().ok()?, total.parse().ok()?);
    (done <= total && total != 0).then_some((done, total))
}

fn after<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.split_once(mark).map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_understood() {
        for (text, step) in [
            ("Processed file [7/50]\n  Name: a.jpg\n", Step::Files(7, 50)),
            (
                "I20261121 09:00:00.1 77 feature_extraction.cc:257] Processed file [50/50]",
                Step::Files(50, 50),
            ),
            ("Matching block [1/3, 2/3]", Step::Matches(2, 9)),
            ("Matching block [3/3, 3/3] in 2.5s", Step::Matches(9, 9)),
            ("Processing block [2/2, 1/2]\n", Step::Matches(3, 4)),
            ("Matching image [4/9] in 0.1s\nnoise\n", Step::Matches(4, 9)),
            (
                "Registering image #12 (13)\n\n  => Image sees",
                Step::Placed(13),
            ),
            (
                "I1 incremental_pipeline.cc:12] Registering image #4 (num_reg_frames=5)",
                Step::Placed(5),
            ),
            (
                "Registering image #1 (2)\nRegistering image #3 (3)\n",
                Step::Placed(3),
            ),
        ] {
            assert_eq!(newest_step(text), Some(step), "{text}");
        }
    }

    #[test]
    fn noise_and_halves_are_no_steps() {
        for text in [
            "",
            "Processed file [",
            "Processed file [1/",
            "Processed file [1/5",
            "Processed file [9/5]",
            "Processed file [1/0]",
            "Matching block [0/3, 1/3]",
            "Matching block [99999999999999999999/3, 1/3]",
            "Registering image #12 (",
            "Registering image #x",
            "Elapsed time: 0.1 [minutes]",
        ] {
            assert_eq!(newest_step(text), None, "{text}");
        }
    }
}
