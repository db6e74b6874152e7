//! The twin of what the page's script does: from the page's text to splats.

use std::io::Read;

use flate2::read::ZlibDecoder;
use glam::Vec3;
use render::Splats;
use render::splats::logit;

const GROUP: usize = 256;

/// The text of each element that begins with `begin`.
fn elements<'a>(page: &'a str, begin: &str) -> Vec<&'a str> {
    let parts = page.split(begin).skip(1);
    parts
        .map(|it| it.split("</script>").next().unwrap())
        .collect()
}

/// The settings of a page.
pub(super) fn settings(page: &str) -> serde_json::Value {
    let found = elements(page, "<script type=\"application/json\" id=\"settings\">");
    assert_eq!(found.len(), 1);
    serde_json::from_str(found[0]).unwrap()
}

/// The splats of a page.
pub(super) fn unpacked(page: &str) -> Splats {
    let settings = settings(page);
    let number = |name: &str| settings[name].as_u64().unwrap() as usize;
    let (count, degree) = (number("splats"), number("degree"));
    let pieces = elements(page, "<script type=\"text/plain\" class=\"splats\">");
    let deflated: Vec<u8> = pieces.iter().flat_map(|it| from_base64(it)).collect();
    let mut bytes = Vec::new();
    ZlibDecoder::new(deflated.as_slice())
        .read_to_end(&mut bytes)
        .unwrap();

    let coeffs = (degree + 1) * (degree + 1);
    let (groups, columns) = bytes.split_at(count.div_ceil(GROUP) * 48);
    let groups: Vec<f32> = bytemuck::pod_collect_to_vec(groups);
    assert_eq!(columns.len(), count * (17 + 3 * (coeffs - 1)));
    let column = |k: usize, i: usize| columns[k * count + i];
    let mut splats = Splats {
        sh_degree: degree as u32,
        ..Splats::default()
    };
    for i in 0..count {
        let group = &groups[i / GROUP * 12..][..12];
        let vector = |at: &dyn Fn(usize) -> f32| Vec3::new(at(0), at(1), at(2));
        splats.means.push(vector(&|k| {
            let steps = u16::from_be_bytes([column(2 * k, i), column(2 * k + 1, i)]);
            (f64::from(group[k]) + f64::from(group[3]) * f64::from(steps)) as f32
        }));
        let word = u32::from_le_bytes([6, 7, 8, 9].map(|k| column(k, i)));
        splats.quats.push(rotation(word));
        let log_scale = |k: usize| group[4] + group[5] * f32::from(column(10 + k, i));
        splats.log_scales.push(vector(&log_scale));
        let opacity = f32::from(column(13, i)) / 255.0;
        splats.opacity_logits.push(logit(opacity));
        let colour = |k: usize| group[8 + k] + group[6] * f32::from(column(14 + k, i));
        let base = [0, 1, 2].map(|k| (colour(k) - 0.5) / render::sh::C0);
        splats.sh_coeffs.push(base);
        for coeff in 0..coeffs - 1 {
            let value = |k: usize| {
                let byte = column(17 + 3 * coeff + k, i).cast_signed();
                group[7] * f32::from(byte)
            };
            splats.sh_coeffs.push([0, 1, 2].map(value));
        }
    }
    assert_eq!(splats.check(), Ok(()));
    splats
}

/// `w, x, y, z` from a word: the largest left out, ten bits for each other.
fn rotation(word: u32) -> [f32; 4] {
    let largest = (word >> 30) as usize;
    let mut wxyz = [0.0_f32; 4];
    let others = (0..4).filter(|&k| k != largest).enumerate();
    for (place, k) in others {
        let level = (word >> (10 * place) & 1023) as f32;
        wxyz[k] = (level - 511.0) / 511.0 * std::f32::consts::FRAC_1_SQRT_2;
    }
    let squares: f32 = wxyz.iter().map(|it| it * it).sum();
    wxyz[largest] = (1.0 - squares).max(0.0).sqrt();
    wxyz
}

/// The bytes of base64 text.
pub(super) fn from_base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("not base64: {c}"),
    };
    let mut bytes = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let digits: Vec<u8> = four.iter().filter(|it| **it != b'=').copied().collect();
        let bits = digits
            .iter()
            .zip([18, 12, 6, 0])
            .fold(0, |bits, (&c, shift)| bits | u32::from(value(c)) << shift);
        bytes.extend(&bits.to_be_bytes()[1..digits.len()]);
    }
    bytes
}
