//! Who may touch the disk, start threads, know tensors, choose colours.

use super::source::{Kind, SourceFile, only, words};

/// Words that only some folders may use in their code.
struct Reserved {
    /// Identifiers, or paths with `::`.
    words: &'static [&'static str],
    /// Where the rule holds.
    within: &'static [&'static str],
    /// Where it does not.
    owners: &'static [&'static str],
    /// The rule, in words.
    rule: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        words: &[
            "fs",
            "File",
            "OpenOptions",
            "image::open",
            "ImageReader::open",
        ],
        within: &["recon/src", "render/src"],
        owners: &["recon/src/io", "recon/src/poses"],
        rule: "only recon/src/io and recon/src/poses touch the disk; take a reader, a writer or bytes",
    },
    Reserved {
        words: &["thread", "crossbeam_channel", "mpsc"],
        within: &["recon/src"],
        owners: &["recon/src/worker"],
        rule: "only recon/src/worker owns threads and channels; report through a closure",
    },
    Reserved {
        words: &["thread", "crossbeam_channel", "rayon"],
        within: &["render/src"],
        owners: &[],
        rule: "render starts no thread",
    },
    Reserved {
        words: &["burn"],
        within: &["app/src", "recon/src", "render/src"],
        owners: &["recon/src/model", "recon/src/train"],
        rule: "only recon/src/model and recon/src/train know the tensor library",
    },
    Reserved {
        words: &["Color32::", "Rgba::from", "hex_color"],
        within: &["app/src"],
        owners: &["app/src/theme"],
        rule: "colours come from app/src/theme.rs",
    },
];

/// Uses of reserved words in one Rust file.
pub(crate) fn violations(file: &SourceFile) -> Vec<String> {
    let is_in = |dirs: &[&str]| dirs.iter().any(|it| file.is_in(it));
    let code = only(&file.text, &[Kind::Code]);
    RESERVED
        .iter()
        .filter(|it| is_in(it.within) && !is_in(it.owners))
        .flat_map(|it| {
            uses(&code, it.words)
                .into_iter()
                .map(move |(line, word)| (line, word, it.rule))
        })
        .map(|(line, word, rule)| format!("{}:{line}: `{word}`: {rule}", file.path))
        .collect()
}

/// Where the code has one of `reserved`: the line, from 1, and the word.
fn uses<'a>(code: &str, reserved: &[&'a str]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for &word in reserved {
        if word.contains("::") {
            let lines = (1..).zip(code.lines());
            found.extend(
                lines
                    .filter(|(_, line)| line.contains(word))
                    .map(|(number, _)| (number, word)),
            );
        } else {
            let used = words(code).filter(|(_, it)| *it == word);
            found.extend(used.map(|(line, _)| (line, word)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::source::SourceFile;
    use super::violations;

    fn count(path: &str, code: &str) -> usize {
        violations(&SourceFile::sample(path, code)).len()
    }

    #[test]
    fn owners_may() {
        for (path, code) in [
            ("recon/src/io/ply.rs", "std::fs::read(path)"),
            ("recon/src/poses/colmap.rs", "File::open(path)"),
            ("recon/src/worker.rs", "std::thread::Builder::new()"),
            ("recon/src/worker/job.rs", "use crossbeam_channel::Sender;"),
            ("recon/src/model/block.rs", "use burn::tensor::Tensor;"),
            ("app/src/theme.rs", "Color32::from_rgb(1, 2, 3)"),
        ] {
            assert_eq!(count(path, code), 0, "{path}");
        }
    }

    #[test]
    fn others_may_not() {
        for (path, code) in [
            ("recon/src/synthetic/demo.rs", "std::fs::read(path)"),
            ("recon/src/synthetic/demo.rs", "use std::{fs, io};"),
            ("recon/src/iou.rs", "image::open(path)"),
            ("render/src/rasterizer.rs", "File::create(path)"),
            ("recon/src/optim/trainer.rs", "std::thread::spawn(run)"),
            (
                "recon/src/optim/trainer.rs",
                "use crossbeam_channel::Sender;",
            ),
            ("render/src/rasterizer.rs", "thread::sleep(a)"),
            ("recon/src/optim/loss.rs", "use burn::tensor::Tensor;"),
            ("app/src/panels/log.rs", "let c = egui::Color32::RED;"),
        ] {
            assert_eq!(count(path, code), 1, "{path}: {code}");
        }
    }

    #[test]
    fn words_in_comments_and_literals_are_free() {
        let code = "// std::fs is not for us\nlet a = \"File\"; let files = 1;";
        assert_eq!(count("render/src/rasterizer.rs", code), 0);
        assert_eq!(count("app/src/panels/log.rs", "fn tint(c: Color32) {}"), 0);
    }
}
