//! Style, behaviour and mark: inside the binary, under addresses that change with their content.

use std::{collections::HashMap, fmt::Write, sync::LazyLock};

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "assets/"]
struct Files;

/// `kalends.css` → `/assets/kalends.1a2b3c4d5e6f.css`.
static ADDRESSES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| {
            let file = Files::get(&name)?;
            let hash = file.metadata.sha256_hash()[..6].iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            let (stem, end) = name.rsplit_once('.')?;
            Some((name.to_string(), format!("/assets/{stem}.{hash}.{end}")))
        })
        .collect()
});

/// The address of an asset; it changes when the asset does. A name that is no asset leads nowhere.
pub fn url(name: &str) -> &'static str {
    ADDRESSES.get(name).map_or("/assets/missing", String::as_str)
}

/// An asset's text, for parts that are written into a page.
pub fn text(name: &str) -> Option<String> {
    Files::get(name).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

fn find(address: &str) -> Option<(String, EmbeddedFile)> {
    let (name, _) = ADDRESSES.iter().find(|(_, known)| known.strip_prefix("/assets/") == Some(address))?;
    Some((name.clone(), Files::get(name)?))
}

/// `GET /assets/{file}`: kept by browsers for a year, since a changed file has another address.
pub async fn show(Path(file): Path<String>) -> Response {
    let Some((name, file)) = find(&file) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = mime_guess::from_path(&name).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let mut response = file.data.into_owned().into_response();
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_at_its_address_and_nowhere_else() {
        let address = url("kalends.css");
        assert_eq!(address.len(), "/assets/kalends.0123456789ab.css".len(), "{address}");
        assert!(find(address.strip_prefix("/assets/").unwrap()).is_some());
        assert!(find("kalends.css").is_none());
        assert!(find("../Cargo.toml").is_none());
    }

    #[test]
    fn assets_name_no_other_host() {
        for name in ["kalends.css", "kalends.js"] {
            let text = text(name).unwrap();
            assert!(
                !text.contains("http://") && !text.contains("https://") && !text.contains("@import"),
                "{name}"
            );
        }
    }
}
