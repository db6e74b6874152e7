//! How vectors are written in files: as plain lists of numbers.

use glam::{Quat, Vec3};
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
