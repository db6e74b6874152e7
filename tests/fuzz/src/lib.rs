//! What has to hold for whatever a reader lets through.

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
