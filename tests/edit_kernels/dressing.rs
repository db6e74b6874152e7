//! Marks on a copy of splats: numbers against the twin, pictures against edited splats.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use render::edit::{Look, Wardrobe, marks};
use render::gpu::{Gpu, GpuError};
use render::{GpuSplats, RenderConfig, Splats, Style};
use tests::gpu;

use super::{chunk_bytes, filtered};
use crate::gradients::differences::{camera, random_splats};
use crate::reference::dress::dress;

const LOOK: Look = Look {
    tint: [1.0, 0.6, 0.1],
    tint_share: 0.6,
    grey_share: 0.7,
};

fn upload(gpu: &Gpu, splats: &Splats) -> GpuSplats {
    GpuSplats::upload_chunked(gpu, splats, chunk_bytes(splats, 300)).unwrap()
}

fn random_marks(seed: u64, n: usize) -> Vec<u8> {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut mark = || rng.random_range(0_u8..16) & rng.random_range(0_u8..16);
    (0..n).map(|_| mark()).collect()
}

/// What the copy holds is what the twin makes of the splats; all that marks do not touch to the bit.
fn check(shown: (Splats, Vec<f32>), base: (Splats, Vec<f32>), all_marks: &[u8], look: &Look) {
    let (shown, shown_filter) = shown;
    let (base, filter) = base;
    assert!(shown_filter == filter);
    let mut expected = base.clone();
    dress(&mut expected, all_marks, look);
    assert!(shown.means == base.means && shown.quats == base.quats);
    assert!(shown.log_scales == base.log_scales);
    assert_eq!(shown.opacity_logits, expected.opacity_logits);
    for (i, mark) in all_marks.iter().enumerate() {
        let pairs = || shown.sh(i).iter().zip(expected.sh(i));
        if mark & (marks::SELECTED | marks::LOCKED) == 0 {
            assert!(
                pairs().all(|(ours, expected)| ours == expected),
                "splat {i}"
            );
        }
        if mark & (marks::DELETED | marks::HIDDEN) != 0 {
            continue; // Nobody sees its colour.
        }
        for (ours, expected) in pairs() {
            let off = tests::max_abs_diff(ours, expected);
            assert!(
                off < 1e-5,
                "splat {i} with marks {mark}: {ours:?} {expected:?}"
            );
        }
    }
}

fn same_arrays(a: &GpuSplats, b: &GpuSplats) -> bool {
    let arrays = |it: &GpuSplats| {
        let buffers = it.chunks().iter().map(|it| it.params.buffer().clone());
        buffers.collect::<Vec<_>>()
    };
    arrays(a) == arrays(b)
}

/// Call after call, with other marks, another look, other splats: always as made anew.
#[test]
fn copies_agree_with_the_twin() {
    let Some(gpu) = gpu::gpu() else { return };
    let mut wardrobe = Wardrobe::new(gpu).unwrap();
    let (n, degree) = (1111, 2);
    let [first, second] = [51, 52].map(|seed| upload(gpu, &random_splats(seed, n, degree)));
    let blue = Look {
        tint: [0.0, 0.2, 0.9],
        tint_share: 0.3,
        grey_share: 0.0,
    };
    let mut copy = None;
    for (turn, (base, look)) in [
        (&first, &LOOK),
        (&first, &LOOK),
        (&first, &blue),
        (&second, &blue),
        (&first, &LOOK),
    ]
    .into_iter()
    .enumerate()
    {
        let mut all_marks = random_marks(turn as u64 / 2, n);
        // Few change now and then.
        all_marks[turn] ^= marks::SELECTED;
        let shown = wardrobe.dress(gpu, base, &all_marks, look).unwrap();
        assert!(!same_arrays(&shown, base));
        assert!(same_arrays(copy.get_or_insert(shown.clone()), &shown));
        let bare = |it: &GpuSplats| it.download_bare(gpu).unwrap();
        check(bare(&shown), bare(base), &all_marks, look);
        assert_eq!((shown.len(), shown.extent()), (n, base.extent()));
    }
    let unmarked = wardrobe.dress(gpu, &first, &vec![0; n], &LOOK).unwrap();
    assert!(same_arrays(&unmarked, &first));

    // Others of another shape, and back without any.
    let small = upload(gpu, &random_splats(53, 70, 0));
    let marks = random_marks(9, 70);
    let shown = wardrobe.dress(gpu, &small, &marks, &LOOK).unwrap();
    let bare = |it: &GpuSplats| it.download_bare(gpu).unwrap();
    check(bare(&shown), bare(&small), &marks, &LOOK);
    assert_eq!(wardrobe.bytes(), small.bytes());
    wardrobe.forget();
    assert_eq!(wardrobe.bytes(), 0);
    let refused = wardrobe.dress(gpu, &small, &marks[1..], &LOOK);
    assert!(matches!(refused, Err(GpuError::Invalid(_))));
    let nothing = upload(gpu, &Splats::default());
    assert!(
        wardrobe
            .dress(gpu, &nothing, &[], &LOOK)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn filtered_splats_keep_their_filters() {
    let Some(gpu) = gpu::gpu() else { return };
    let base = filtered(gpu, &random_splats(54, 900, 1));
    let all_marks = random_marks(3, 900);
    let mut wardrobe = Wardrobe::new(gpu).unwrap();
    let shown = wardrobe.dress(gpu, &base, &all_marks, &LOOK).unwrap();
    assert_eq!(shown.filter_plane(), base.filter_plane());
    let bare = |it: &GpuSplats| it.download_bare(gpu).unwrap();
    assert!(bare(&base).1.iter().any(|it| 1e-3 < *it));
    check(bare(&shown), bare(&base), &all_marks, &LOOK);
}

/// A picture of the copy is a picture of splats that were edited before they came to the GPU, the
/// hidden ones taken out.
#[test]
fn pictures_are_those_of_edited_splats() {
    let Some(gpu) = gpu::gpu() else { return };
    let splats = random_splats(55, 800, 3);
    let all_marks = random_marks(4, 800);
    let mut edited = splats.clone();
    dress(&mut edited, &all_marks, &LOOK);
    let kept: Vec<usize> = (0..800)
        .filter(|i| all_marks[*i] & (marks::DELETED | marks::HIDDEN) == 0)
        .collect();
    assert!(300 < kept.len() && kept.len() < 700);
    let edited = upload(gpu, &edited.select(&kept));
    let mut wardrobe = Wardrobe::new(gpu).unwrap();
    let base = upload(gpu, &splats);
    let shown = wardrobe.dress(gpu, &base, &all_marks, &LOOK).unwrap();
    let mut rasterizer = gpu::rasterizer(gpu);
    let mut picture = |splats: &GpuSplats, config: &RenderConfig| {
        let camera = camera(120, 80);
        let stats = rasterizer.draw_complete(gpu, splats, &camera, config);
        let image = rasterizer.read_image(gpu).unwrap();
        (stats.unwrap().visible, image.rgb.into_flattened())
    };
    for style in [Style::Splats, Style::Points, Style::Ellipsoids] {
        let config = RenderConfig {
            style,
            ..RenderConfig::default()
        };
        let (visible, ours) = picture(&shown, &config);
        let (expected_visible, expected) = picture(&edited, &config);
        let (_, before) = picture(&base, &config);
        assert_eq!(visible, expected_visible, "{style:?}");
        let off = tests::max_abs_diff(&ours, &expected);
        assert!(off < 1e-4, "{style:?}: {off:e}");
        assert!(0.1 < tests::max_abs_diff(&ours, &before));
    }
}
