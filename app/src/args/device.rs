//! Devices as they are typed: another machine's address may come from the surroundings, where
//! nobody who lists programs sees its token.

use std::env::var;

use recon::model::{DeviceChoice, Devices, ModelError};

/// Has the address where `remote` stands alone.
const ADDRESS: &str = "ACCRETE_REMOTE";

/// One device or several.
pub(super) fn devices(text: &str) -> Result<Devices, String> {
    let address = var(ADDRESS).ok();
    let words = text.split(',').map(|it| known(it, address.as_deref()));
    let words: Vec<&str> = words.collect();
    words
        .join(",")
        .parse()
        .map_err(|it: ModelError| it.to_string())
}

/// One device.
pub(super) fn device(text: &str) -> Result<DeviceChoice, String> {
    let address = var(ADDRESS).ok();
    known(text, address.as_deref())
        .parse()
        .map_err(|it: ModelError| it.to_string())
}

fn known<'a>(word: &'a str, address: Option<&'a str>) -> &'a str {
    match (word.trim(), address) {
        ("remote", Some(address)) => address.trim(),
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_come_from_the_surroundings() {
        let address = Some(" remote:ws.token@127.0.0.1:80\n");
        assert_eq!(known("remote", address), "remote:ws.token@127.0.0.1:80");
        assert_eq!(known("remote", None), "remote");
        assert_eq!(known(" cpu", address), "cpu");
    }
}
