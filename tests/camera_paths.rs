//! Camera lists that other programs wrote.

use glam::Vec3;
use recon::io::read_camera_path;
use tests::test_data;

#[test]
fn opencv_cameras_of_a_turntable_stand_around_the_origin() {
    let Some(data) = test_data() else { return };
    let cameras = read_camera_path(&data.join("data/gso_toy/opencv_cameras.json")).unwrap();
    assert_eq!(cameras.len(), 64);
    for camera in cameras {
        assert_eq!(
            (camera.intrinsics.width, camera.intrinsics.height),
            (512, 512)
        );
        assert!((camera.position().length() - 2.7).abs() < 1e-3);
        let (pixel, depth) = camera.project(Vec3::ZERO).unwrap();
        assert!((pixel - 256.0).length() < 0.1 && (depth - 2.7).abs() < 1e-3);
    }
}

#[test]
fn opencv_cameras_may_lie_under_frames() {
    let Some(data) = test_data() else { return };
    let cameras = read_camera_path(&data.join("data/mydesk_540p/opencv_cameras.json")).unwrap();
    assert_eq!(cameras.len(), 95);
    assert!(cameras.iter().all(|it| it.intrinsics.width == 960));
}

#[test]
fn cameras_of_the_first_splatting_program_open() {
    let Some(data) = test_data() else { return };
    let path = data.join("data/snowmiku_simple_radial/inria_output/cameras.json");
    let cameras = read_camera_path(&path).unwrap();
    assert_eq!(cameras.len(), 97);
    let first = cameras[0];
    assert_eq!(
        (first.intrinsics.width, first.intrinsics.height),
        (3958, 2968)
    );
    assert!((first.position() - Vec3::new(-2.023_941, 1.509_424, -3.171_811)).length() < 1e-5);
}
