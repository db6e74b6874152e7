//! How vectors and cameras are written in files: as plain lists of numbers.

use glam::{Affine3A, Mat4, Quat, Vec3};
use render::{Camera, Intrinsics};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Three numbers.
pub(crate) mod vec3 {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Vec3};

    pub(crate) fn serialize<S>(value: &Vec3, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        value.to_array().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D>(deserializer: D) -> Result<Vec3, D::Error>
    where
        D: Deserializer<'de>,
    {
        <[f32; 3]>::deserialize(deserializer).map(Vec3::from)
    }
}

/// Four numbers: w, x, y, z, as in splats.
pub(crate) mod quat {
    use super::{Deserialize, Deserializer, Quat, Serialize, Serializer, de};

    pub(crate) fn serialize<S>(value: &Quat, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        [value.w, value.x, value.y, value.z].serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D>(deserializer: D) -> Result<Quat, D::Error>
    where
        D: Deserializer<'de>,
    {
        let [w, x, y, z] = <[f32; 4]>::deserialize(deserializer)?;
        let quat = Quat::from_xyzw(x, y, z, w);
        if quat.length_squared() <= 0.5 || !quat.is_finite() {
            return Err(de::Error::custom("a rotation that is none"));
        }
        Ok(quat)
    }
}

/// The lower end of a range: nothing, where it has none. JSON does not know infinity.
pub(crate) mod low {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with this"
    )]
    pub(crate) fn serialize<S>(value: &f32, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        (*value != f32::NEG_INFINITY)
            .then_some(*value)
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D>(deserializer: D) -> Result<f32, D::Error>
    where
        D: Deserializer<'de>,
    {
        Option::deserialize(deserializer).map(|it| it.unwrap_or(f32::NEG_INFINITY))
    }
}

/// The upper end likewise.
pub(crate) mod high {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with this"
    )]
    pub(crate) fn serialize<S>(value: &f32, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        (*value != f32::INFINITY)
            .then_some(*value)
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D>(deserializer: D) -> Result<f32, D::Error>
    where
        D: Deserializer<'de>,
    {
        Option::deserialize(deserializer).map(|it| it.unwrap_or(f32::INFINITY))
    }
}

/// Intrinsics, and `c2w` as four rows.
pub(crate) mod camera {
    use super::{
        Affine3A, Camera, Deserialize, Deserializer, Intrinsics, Mat4, Serialize, Serializer,
    };

    #[derive(Serialize, Deserialize)]
    struct Written {
        #[serde(flatten)]
        intrinsics: Intrinsics,
        c2w: [[f32; 4]; 4],
    }

    pub(crate) fn serialize<S>(value: &Camera, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
    {
        let c2w = Mat4::from(value.c2w).transpose().to_cols_array_2d();
        let intrinsics = value.intrinsics;
        Written { intrinsics, c2w }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D>(deserializer: D) -> Result<Camera, D::Error>
    where
        D: Deserializer<'de>,
    {
        let Written { intrinsics, c2w } = Written::deserialize(deserializer)?;
        let c2w = Affine3A::from_mat4(Mat4::from_cols_array_2d(&c2w).transpose());
        Ok(Camera { intrinsics, c2w })
    }
}
