//! Photos from a video: the sharpest frame of each interval, by ffmpeg where it is installed.
//!
//! Two passes: the first scores every frame on a small grey copy, the second writes the chosen
//! ones at full size. Frames of a moving camera are blurred now and then; in an interval of a few
//! dozen there is nearly always a sharp one.

use std::fs;
use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program::{self, find_program};
use super::workplace::{Running, Workplace};
use super::{PoseError, PoseUpdate};
use crate::io::IoError;

/// Names the program where it is not on PATH.
pub const FFMPEG_VARIABLE: &str = "ACCRETE_FFMPEG";

/// Width and height of the grey copies. Both the same whatever the video's shape: frames are
/// compared with one another only.
const SIDE: usize = 512;

/// More frames than anybody matches.
const MAX_FRAMES: usize = 2000;

/// How frames are chosen and written.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameConfig {
    /// How many, where the video has as many.
    pub frames: usize,
    /// PNG instead of JPEG: larger, and not a bit better than what most videos hold.
    pub png: bool,
}

impl Default for FrameConfig {
    fn default() -> Self {
        Self {
            frames: 150,
            png: false,
        }
    }
}

/// Where the frames are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames {
    /// The folder that holds them and nothing else.
    pub folder: PathBuf,
    /// How many.
    pub count: usize,
    /// They were there before.
    pub were_there: bool,
}

/// The program that reads and writes videos; `None` where there is none.
pub fn ffmpeg() -> Option<PathBuf> {
    find_program("ffmpeg", None, FFMPEG_VARIABLE).map(|it| it.path().to_owned())
}

/// `<video's name>.frames` beside the video.
pub fn frames_folder(video: &Path) -> PathBuf {
    let mut name = video.file_name().unwrap_or_default().to_owned();
    name.push(".frames");
    video.with_file_name(name)
}

/// Writes the sharpest frames of `video` into `folder`. Frames that lie there already are taken as
/// they are, unless `anew`. The video is only read.
///
/// # Errors
/// [`PoseError::Cancelled`] when `report` breaks, and then nothing is left behind; where ffmpeg is
/// missing or cannot read the video; where `folder` cannot be written.
pub fn extract(
    video: &Path,
    folder: &Path,
    config: &FrameConfig,
    anew: bool,
    report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
) -> Result<Frames, PoseError> {
    extract_with(ffmpeg(), video, folder, config, anew, report)
}

fn extract_with(
    ffmpeg: Option<PathBuf>,
    video: &Path,
    folder: &Path,
    config: &FrameConfig,
    anew: bool,
    report: &mut dyn FnMut(PoseUpdate) -> ControlFlow<()>,
) -> Result<Frames, PoseError> {
    let before = frames_in(folder);
    if !before.is_empty() && !anew {
        return Ok(Frames {
            folder: folder.to_owned(),
            count: before.len(),
            were_there: true,
        });
    }
    let ffmpeg = ffmpeg.ok_or_else(|| {
        PoseError::Failed(format!(
            "{}: frames are taken from a video by ffmpeg, which is neither on PATH nor named by \
             {FFMPEG_VARIABLE}. Install it (`apt-get install ffmpeg`, `brew install ffmpeg`), or \
             export the frames as images with another program and open their folder",
            video.display()
        ))
    })?;
    // Also ends `-name.mp4` and `name:.mp4` being taken for an option and a protocol.
    let video = std::path::absolute(video).map_err(|it| IoError::system(video, it))?;
    let metadata = fs::metadata(&video).map_err(|it| IoError::system(&video, it))?;
    if !metadata.is_file() {
        let text = format!("{} is not a file", video.display());
        return Err(PoseError::Failed(text));
    }
    let folder = std::path::absolute(folder).map_err(|it| IoError::system(folder, it))?;
    let parent = folder.parent().unwrap_or(&folder).to_owned();
    let workplace = Workplace::inside(&parent).map_err(|it| IoError::system(&parent, it))?;
    let mut job = Job {
        ffmpeg,
        video,
        workplace,
    };
    let total = job.count_frames(report)?;
    let scores = job.score(total, report)?;
    let chosen = choose(&scores, config.frames.clamp(1, MAX_FRAMES));
    let written = job.write(&chosen, config, report)?;
    move_into(&written, &folder).map_err(|it| IoError::system(&folder, it))?;
    Ok(Frames {
        count: frames_in(&folder).len(),
        folder,
        were_there: false,
    })
}

struct Job {
    ffmpeg: PathBuf,
    video: PathBuf,
    workplace: Workplace,
}

type Report<'a> = dyn FnMut(PoseUpdate) -> ControlFlow<()> + 'a;

impl Job {
    /// As ffprobe counts them; it lies beside ffmpeg. Without it progress has no end to it.
    fn count_frames(&mut self, report: &mut Report<'_>) -> Result<Option<u64>, PoseError> {
        let mut probe = Command::new(self.ffmpeg.with_file_name(if cfg!(windows) {
            "ffprobe.exe"
        } else {
            "ffprobe"
        }));
        probe
            .args(["-v", "error", "-select_streams", "v:0", "-count_packets"])
            .args(["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"])
            .arg(&self.video);
        let result = program::run(&mut self.workplace, &mut probe, &mut |_| {
            report(progressed("Looking at the video", 0, 1))
        });
        match result {
            Err(PoseError::Cancelled) => Err(PoseError::Cancelled),
            Err(_) => Ok(None),
            Ok(ended) => {
                let mut words = ended.said.split([',', '\n', '\r']);
                Ok(words.find_map(|it| it.trim().parse().ok()))
            }
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.ffmpeg);
        command
            .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-i"])
            .arg(&self.video)
            .args(["-map", "0:v:0"]);
        command
    }

    /// How sharp each frame is, in the video's order.
    fn score(
        &mut self,
        total: Option<u64>,
        report: &mut Report<'_>,
    ) -> Result<Vec<f64>, PoseError> {
        let log = self.workplace.new_log();
        let messages = fs::File::create(&log).map_err(|it| IoError::system(&log, it))?;
        // Times of their own keep ffmpeg from repeating or leaving out frames.
        let filter = format!("scale={SIDE}:{SIDE}:flags=area,format=gray,settb=1/25,setpts=N");
        let mut command = self.command();
        command
            .args(["-vf", &filter, "-r", "25", "-f", "rawvideo", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(messages);
        let mut running = self.workplace.start(&mut command)?;
        let scores = read_scores(&mut running, total, report)?;
        let status = loop {
            // Its output is at an end, so this does not take long.
            if let Some(status) = running.try_wait()? {
                break status;
            }
            program::pause();
        };
        let said = fs::read(&log).map_err(|it| IoError::system(&log, it))?;
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        let video = self.video.display();
        if scores.is_empty() {
            return Err(PoseError::Failed(format!(
                "{video}: ffmpeg finds no video in it ({status}). {said}"
            )));
        }
        if !status.success() {
            let text = format!(
                "{video}: the video is damaged, only its first {} frames can be read: {said}",
                scores.len()
            );
            go_on(report(PoseUpdate::Warned(text)))?;
        }
        Ok(scores)
    }

    /// Writes the chosen frames into the workplace.
    fn write(
        &mut self,
        chosen: &[usize],
        config: &FrameConfig,
        report: &mut Report<'_>,
    ) -> Result<PathBuf, PoseError> {
        let folder = self.workplace.path().join("frames");
        fs::create_dir(&folder).map_err(|it| IoError::system(&folder, it))?;
        let terms: Vec<String> = chosen.iter().map(|it| format!("eq(n,{it})")).collect();
        let filter = format!("select='{}',settb=1/25,setpts=N", terms.join("+"));
        let mut command = self.command();
        command
            .args(["-vf", &filter, "-r", "25", "-start_number", "1"])
            .args(["-frames:v", &chosen.len().to_string()]);
        if config.png {
            command.arg("frame_%05d.png");
        } else {
            command.args(["-q:v", "2", "frame_%05d.jpg"]);
        }
        // Inside, as a `%` in the path would count frames too.
        command.current_dir(&folder);
        let total = chosen.len() as u64;
        let ended = program::run(&mut self.workplace, &mut command, &mut |_| {
            let done = frames_in(&folder).len() as u64;
            report(progressed(
                "Writing the sharpest frames",
                done.min(total),
                total,
            ))
        })?;
        let words = ended.last_words();
        if frames_in(&folder).is_empty() {
            return Err(PoseError::Failed(format!(
                "{}: ffmpeg wrote no frame. {words}",
                self.video.display()
            )));
        }
        Ok(folder)
    }
}

fn read_scores(
    running: &mut Running<'_>,
    total: Option<u64>,
    report: &mut Report<'_>,
) -> Result<Vec<f64>, PoseError> {
    let mut scores = Vec::new();
    let Some(mut output) = running.output() else {
        return Ok(scores);
    };
    let mut grey = vec![0; SIDE * SIDE];
    loop {
        let done = scores.len() as u64;
        let total = total.unwrap_or_default().max(done);
        go_on(report(progressed("Looking for sharp frames", done, total)))?;
        match output.read_exact(&mut grey) {
            Ok(()) => scores.push(sharpness(&grey)),
            Err(it) if it.kind() == ErrorKind::UnexpectedEof => return Ok(scores),
            Err(it) => {
                let text = format!("what ffmpeg reads cannot be received: {it}");
                return Err(PoseError::Failed(text));
            }
        }
    }
}

/// Variance of the Laplacian of a grey image of [`SIDE`]² pixels: blur takes fine detail first.
fn sharpness(grey: &[u8]) -> f64 {
    let (mut sum, mut squares, mut count) = (0_i64, 0_i64, 0_i64);
    for y in 1..SIDE - 1 {
        let rows = [y - 1, y, y + 1].map(|it| &grey[it * SIDE..(it + 1) * SIDE]);
        for x in 1..SIDE - 1 {
            let at = |row: usize, x: usize| i64::from(rows[row][x]);
            let laplacian = at(0, x) + at(2, x) + at(1, x - 1) + at(1, x + 1) - 4 * at(1, x);
            sum += laplacian;
            squares += laplacian * laplacian;
            count += 1;
        }
    }
    let mean = sum as f64 / count as f64;
    squares as f64 / count as f64 - mean * mean
}

/// The sharpest of each of `wanted` intervals of equal length, as indices in ascending order.
fn choose(scores: &[f64], wanted: usize) -> Vec<usize> {
    let wanted = wanted.min(scores.len());
    let begin = |k: usize| k * scores.len() / wanted.max(1);
    let intervals = (0..wanted).map(|k| begin(k)..begin(k + 1));
    intervals
        .filter_map(|it| it.max_by(|a, b| scores[*a].total_cmp(&scores[*b])))
        .collect()
}

/// Frames that this module wrote, sorted.
fn frames_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|it| it.path())
        .filter(|it| is_frame(it))
        .collect();
    found.sort();
    found
}

fn is_frame(path: &Path) -> bool {
    let name = path.file_name().and_then(|it| it.to_str());
    let number = name.and_then(|it| it.strip_prefix("frame_")?.split_once('.'));
    number.is_some_and(|(number, ending)| {
        let digits = number.bytes().all(|it| it.is_ascii_digit());
        digits && !number.is_empty() && ["jpg", "png"].contains(&ending)
    })
}

/// In place of older frames; whatever else lies in `folder` stays.
fn move_into(written: &Path, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for old in frames_in(folder) {
        fs::remove_file(old)?;
    }
    for frame in frames_in(written) {
        fs::rename(&frame, folder.join(frame.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

fn progressed(what: &str, done: u64, total: u64) -> PoseUpdate {
    PoseUpdate::Progressed {
        what: what.to_owned(),
        done,
        total,
    }
}

fn go_on(flow: ControlFlow<()>) -> Result<(), PoseError> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(PoseError::Cancelled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stripes of this width in pixels.
    fn stripes(width: usize) -> Vec<u8> {
        let level = |i: usize| if i % SIDE / width % 2 == 0 { 40 } else { 200 };
        (0..SIDE * SIDE).map(level).collect()
    }

    fn go(_: PoseUpdate) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn blur_lowers_the_score() {
        let sharp = stripes(8);
        let blurred: Vec<u8> = (0..SIDE * SIDE)
            .map(|i| {
                let near = i.saturating_sub(2)..(i + 3).min(SIDE * SIDE);
                let sum: u32 = near.clone().map(|it| u32::from(sharp[it])).sum();
                (sum / near.len() as u32) as u8
            })
            .collect();
        assert!(4.0 * sharpness(&blurred) < sharpness(&sharp));
        assert_eq!(sharpness(&vec![7; SIDE * SIDE]), 0.0);
    }

    #[test]
    fn each_interval_gives_its_sharpest() {
        let scores = [1.0, 5.0, 2.0, 9.0, 8.0, 7.0, 0.0, 3.0];
        assert_eq!(choose(&scores, 4), [1, 3, 4, 7]);
        assert_eq!(choose(&scores, 1), [3]);
        assert_eq!(choose(&scores, 99), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(choose(&[], 3), [0; 0]);
    }

    #[test]
    fn without_ffmpeg_there_is_advice() {
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("walk.mp4");
        let config = FrameConfig::default();
        let frames = frames_folder(&video);
        assert!(frames.ends_with("walk.mp4.frames"));
        let result = extract_with(None, &video, &frames, &config, false, &mut go);
        let err = result.unwrap_err().to_string();
        assert!(err.contains("walk.mp4") && err.contains("apt-get"), "{err}");
        let wrong = Some(PathBuf::from("/nowhere/ffmpeg"));
        fs::write(&video, "not a video").unwrap();
        let result = extract_with(wrong, &video, &frames, &config, false, &mut go);
        let err = result.unwrap_err().to_string();
        assert!(err.contains("/nowhere/ffmpeg"), "{err}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the video");
        // Frames that are there need no ffmpeg.
        fs::create_dir(&frames).unwrap();
        fs::write(frames.join("frame_00001.jpg"), "").unwrap();
        let found = extract_with(None, &video, &frames, &config, false, &mut go).unwrap();
        assert!(found.were_there && found.count == 1);
    }

    /// Eight frames of stripes, all blurred but the third and the sixth.
    fn write_video(ffmpeg: &Path, path: &Path) {
        let filter = "testsrc=size=320x240:rate=10:duration=0.8,\
                      gblur=sigma=6:enable='not(eq(mod(n,3),2))'";
        let status = Command::new(ffmpeg)
            .args(["-loglevel", "error", "-f", "lavfi", "-i", filter])
            .args(["-c:v", "mjpeg", "-q:v", "2", "-y"])
            .arg(path)
            .status();
        assert!(status.unwrap().success());
    }

    #[test]
    fn the_sharp_frames_of_a_video_are_written() {
        let Some(ffmpeg) = ffmpeg() else {
            return; // The advice for this case is checked above.
        };
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("50% a.avi");
        write_video(&ffmpeg, &video);
        let before = fs::read(&video).unwrap();
        let out = frames_folder(&video);
        let config = FrameConfig {
            frames: 2,
            png: true,
        };
        let mut said = Vec::new();
        let frames = extract(&video, &out, &config, false, &mut |it| {
            if let PoseUpdate::Progressed { what, total, .. } = it {
                said.push((what, total));
            }
            ControlFlow::Continue(())
        });
        let frames = frames.unwrap();
        assert_eq!((frames.count, frames.were_there), (2, false));
        assert!(
            said.iter().any(|it| it.0.contains("sharp") && it.1 == 8),
            "{said:?}"
        );
        for name in ["frame_00001.png", "frame_00002.png"] {
            let image = image::open(out.join(name)).unwrap();
            assert_eq!((image.width(), image.height()), (320, 240));
            let small = image.resize_exact(
                SIDE as u32,
                SIDE as u32,
                image::imageops::FilterType::Triangle,
            );
            let score = sharpness(small.to_luma8().as_raw());
            assert!(100.0 < score, "{name} is blurred: {score}");
        }
        assert_eq!(fs::read(&video).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(
            extract(&video, &out, &config, false, &mut go)
                .unwrap()
                .were_there
        );
        let cancelled = extract(&video, &out, &config, true, &mut |_| ControlFlow::Break(()));
        assert!(matches!(cancelled, Err(PoseError::Cancelled)));
        assert_eq!(frames_in(&out).len(), 2, "older frames stay");

        fs::write(&video, "not a video").unwrap();
        let err = extract(&video, &out, &config, true, &mut go).unwrap_err();
        assert!(err.to_string().contains("no video"), "{err}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
