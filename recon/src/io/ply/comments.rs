//! What the comments of a PLY header say about the splats, and how they are written.

/// The comment key of Brush and splat-transform.
const RENDER_MODE: &str = "SplatRenderMode:";

/// Whether the comments say that the splats were optimised for antialiased rendering: the render
/// mode of Brush and splat-transform, or PostShot's `antialiased 0|1`. The last one counts.
pub(in crate::io) fn antialiased(comments: &[String]) -> Option<bool> {
    comments.iter().rev().find_map(|it| flag(it))
}

fn flag(comment: &str) -> Option<bool> {
    let comment = comment.trim();
    if let Some(mode) = comment.strip_prefix(RENDER_MODE) {
        return Some(mode.trim().eq_ignore_ascii_case("mip"));
    }
    match comment.strip_prefix("antialiased")?.trim() {
        "0" | "false" => Some(false),
        "1" | "true" => Some(true),
        _ => None,
    }
}

/// The comments say that these are flat discs (2DGS).
pub(in crate::io) fn is_2dgs(comments: &[String]) -> bool {
    let mode = |it: &String| Some(it.trim().strip_prefix(RENDER_MODE)?.trim().to_owned());
    comments.iter().filter_map(mode).any(|it| it == "2dgs")
}

/// The comments to write. Where they contradict `antialiased`, the flag wins and is written the
/// way Brush and splat-transform do.
pub(in crate::io) fn with_flag(comments: &[String], antialiased: Option<bool>) -> Vec<String> {
    if self::antialiased(comments) == antialiased {
        return comments.to_vec();
    }
    let other = comments.iter().filter(|it| flag(it).is_none());
    let mode = antialiased.map(|it| if it { "mip" } else { "default" });
    let line = mode.map(|it| format!("{RENDER_MODE} {it}"));
    other.cloned().chain(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|&it| it.to_owned()).collect()
    }

    #[test]
    fn both_dialects_of_the_antialias_flag_are_known() {
        assert_eq!(antialiased(&of(&["SplatRenderMode: mip"])), Some(true));
        assert_eq!(antialiased(&of(&["SplatRenderMode: default"])), Some(false));
        assert_eq!(antialiased(&of(&["antialiased 1"])), Some(true));
        assert_eq!(antialiased(&of(&["antialiased 0"])), Some(false));
        assert_eq!(antialiased(&of(&["antialiased edges are nice"])), None);
        assert_eq!(antialiased(&of(&["Vertical axis: y"])), None);
    }

    #[test]
    fn the_flag_wins_over_a_comment_that_contradicts_it() {
        let comments = of(&["antialiased 0", "by me"]);
        assert_eq!(
            with_flag(&comments, Some(true)),
            ["by me", "SplatRenderMode: mip"]
        );
        assert_eq!(with_flag(&comments, Some(false)), comments);
        assert_eq!(with_flag(&comments, None), ["by me"]);
    }
}
