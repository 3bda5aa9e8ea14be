use axum::http::{HeaderMap, header};

/// Whether a client names JSON in `Accept` and does not prefer this other media type.
///
/// A client that names neither (`*/*`, a browser, no header at all) gets the other type.
pub(crate) fn prefers_json(headers: &HeaderMap, other: &str) -> bool {
    let (json, other) = (weight(headers, "application/json"), weight(headers, other));
    json > 0.0 && json >= other
}

/// The weight of a media type that the client names, otherwise 0 (RFC 9110, section 12.5.1).
fn weight(headers: &HeaderMap, media_type: &str) -> f32 {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|value| value.split(','));
    let weights = ranges.filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case(media_type) {
            return None;
        }
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some(quality.map_or(1.0, |text| text.parse().unwrap_or(0.0)))
    });
    weights.fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn json_is_sent_only_if_the_client_names_it() {
        let prefers = |value: &'static str| {
            let headers = [(header::ACCEPT, HeaderValue::from_static(value))].into_iter().collect();
            prefers_json(&headers, "application/pdf")
        };
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json, text/plain, */*",
            "application/json, application/pdf;q=0.5",
            "application/pdf, application/json",
        ] {
            assert!(prefers(json), "{json}");
        }
        for other in [
            "",
            "*/*",
            "application/*",
            "application/pdf",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "application/pdf, application/json;q=0.9",
            "application/json;q=0",
            "application/json;q=nonsense",
        ] {
            assert!(!prefers(other), "{other}");
        }
        assert!(!prefers_json(&HeaderMap::new(), "application/pdf"));
    }
}
