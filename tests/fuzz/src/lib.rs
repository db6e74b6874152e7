//! What has to hold for whatever a reader lets through.

use glam::DMat3;
use recon::dataset::{Lens, Optics, PoseFile, Undistortion, reprojection};
use recon::io::{FormatError, SplatFile};

/// A reader of one format.
pub type Reader = fn(&[u8]) -> Result<SplatFile, FormatError>;
/// A writer of one format.
pub type Writer = fn(&SplatFile) -> Result<Vec<u8>, FormatError>;

/// Reads `bytes`. What is read must be sound, and what is written from it must open again with as
/// many splats, unless the writer refuses.
pub fn read_and_write(bytes: &[u8], read: Reader, write: Writer) {
    let file = match read(bytes) {
        Ok(file) => file,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_sound(&file);
    let Ok(written) = write(&file) else { return };
    let again = read(&written).unwrap_or_else(|it| panic!("does not read what it wrote: {it}"));
    assert_sound(&again);
    assert!(again.splats.len() <= file.splats.len());
}

/// The arrays agree and every number is finite.
pub fn assert_sound(file: &SplatFile) {
    let splats = &file.splats;
    assert_eq!(splats.check(), Ok(()));
    assert!(splats.means.iter().all(|it| it.is_finite()));
    assert!(splats.log_scales.iter().all(|it| it.is_finite()));
    assert!(splats.quats.as_flattened().iter().all(|it| it.is_finite()));
    assert!(splats.opacity_logits.iter().all(|it| it.is_finite()));
    let coeffs = splats.sh_coeffs.as_flattened();
    assert!(coeffs.iter().all(|it| it.is_finite()));
}

/// The lists of a pose file fit together, its poses are poses, and what follows takes them.
pub fn assert_poses_sound(file: &PoseFile) {
    assert_eq!(file.points.positions.len(), file.points.colours.len());
    for frame in &file.frames {
        assert!(frame.optics < file.optics.len());
        assert!(frame.c2w.is_finite());
        let turn = frame.c2w.matrix3;
        assert!((turn.transpose() * turn).abs_diff_eq(DMat3::IDENTITY, 1e-4));
        assert!(0.0 < turn.determinant());
    }
    for chosen in file.input_lists.values() {
        assert!(chosen.iter().all(|it| *it < file.frames.len()));
    }
    for it in &file.points.observations {
        assert!((it.point as usize) < file.points.len());
        assert!((it.frame as usize) < file.frames.len());
        assert!(it.pixel.is_finite());
    }
    let lenses: Vec<Lens> = file.optics.iter().map(size_known).collect();
    let cameras: Vec<_> = file.frames.iter().map(|it| (it.optics, it.c2w)).collect();
    reprojection(&lenses, &cameras, &file.points);
    for lens in &lenses {
        assert!(0.0 < lens.fx && 0.0 < lens.fy);
        let numbers = [lens.fx, lens.fy, lens.cx, lens.cy];
        assert!(numbers.iter().all(|it| it.is_finite()));
    }
    for lens in lenses.iter().take(2) {
        let straight = Undistortion::new(lens).lens().clone();
        assert!(straight.is_pinhole() && straight.fx.is_finite());
    }
}

/// In pixels, of some image where the file states no size.
fn size_known(optics: &Optics) -> Lens {
    match optics {
        Optics::Lens(lens) => lens.clone(),
        Optics::Relative(it) => it.at(640, 480),
    }
}

/// Two pose files have as much of everything.
pub fn assert_as_many(a: &PoseFile, b: &PoseFile) {
    assert_eq!(a.frames.len(), b.frames.len());
    assert_eq!(a.optics.len(), b.optics.len());
    assert_eq!(a.points.len(), b.points.len());
    assert_eq!(a.points.observations.len(), b.points.observations.len());
}

/// A reader of poses.
pub type PoseReader = fn(&[u8]) -> Result<PoseFile, FormatError>;
/// A writer of poses.
pub type PoseWriter = fn(&PoseFile) -> Result<Vec<u8>, FormatError>;

/// Reads `bytes`. What is read must be sound, and what is written from it must open again with as
/// many photos, unless the writer refuses.
pub fn read_and_write_poses(bytes: &[u8], read: PoseReader, write: Option<PoseWriter>) {
    let file = match read(bytes) {
        Ok(file) => file,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_poses_sound(&file);
    let Some(write) = write else { return };
    let Ok(written) = write(&file) else { return };
    let again = read(&written).unwrap_or_else(|it| panic!("does not read what it wrote: {it}"));
    assert_poses_sound(&again);
    assert_eq!(again.frames.len(), file.frames.len());
}
