//! What `accrete eval-model` measured, as text: a line for each scene, and the mean.

use recon::metrics::Scores;

use super::eval_model::Scene;

/// All scenes in their order. Empty where there is none.
pub(super) fn table(scenes: &[Scene], mean: Option<Scores>) -> String {
    let Some(mean) = mean else {
        return "no scene was measured".to_owned();
    };
    let longest = scenes.iter().map(|it| it.name.chars().count()).max();
    let width = longest.unwrap_or(0).clamp(5, 64);
    let mut lines = vec![format!(
        "{:<width$} {:>6} {:>7} {:>10} {:>8} {:>7} {:>7} {:>7}",
        "scene", "inputs", "targets", "splats", "seconds", "PSNR", "SSIM", "LPIPS"
    )];
    lines.extend(scenes.iter().map(|it| {
        format!(
            "{:<width$} {:>6} {:>7} {:>10} {:>8.1} {}",
            it.name,
            it.inputs.len(),
            it.views.len(),
            it.splats,
            it.seconds,
            figures(&it.mean)
        )
    }));
    let count = format!("mean of {}", scenes.len());
    let blank = width + 35 - count.chars().count().min(width);
    lines.push(format!("{count}{:blank$}{}", "", figures(&mean)));
    lines.join("\n")
}

fn figures(scores: &Scores) -> String {
    let lpips = scores.lpips.map_or("-".to_owned(), |it| format!("{it:.4}"));
    format!("{:>7.3} {:>7.4} {lpips:>7}", scores.psnr, scores.ssim)
}
