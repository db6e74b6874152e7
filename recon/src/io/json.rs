//! JSON of other programs: parsed, and read key by key in words for a person.

use serde_json::{Map, Value};

use super::FormatError;

/// The members of a JSON object.
pub(super) type Object = Map<String, Value>;

/// A matrix has no more numbers.
const MAX_NUMBERS: usize = 64;

/// The text of a file: UTF-8, with or without a byte order mark.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, FormatError> {
    let malformed = |it: &str| Err(FormatError::Malformed(it.to_owned()));
    match bytes {
        [] => return malformed("the file is empty. Copy or export it again"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return malformed("the text is UTF-16. Save it as UTF-8");
        }
        _ if bytes.starts_with(b"version https://git-lfs") => {
            return malformed(
                "a git-lfs pointer, not the file itself. Run `git lfs pull` in its repository",
            );
        }
        _ => {}
    }
    let text = str::from_utf8(bytes).map_err(|err| {
        let at = err.valid_up_to();
        FormatError::Malformed(format!("byte {at} is not UTF-8 text. Save it as UTF-8"))
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// The value of a JSON text. Python writes `NaN` and `Infinity`, which JSON does not have: they
/// become `null`.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, FormatError> {
    let text = utf8(bytes)?;
    serde_json::from_str(text)
        .or_else(|err| match without_bare_words(text) {
            Some(text) => serde_json::from_str(&text),
            None => Err(err),
        })
        .map_err(|err| FormatError::Malformed(format!("not valid JSON: {err}")))
}

/// With `null` for every `NaN`, `Infinity` and `-Infinity` outside of strings; `None` where there
/// is none.
fn without_bare_words(text: &str) -> Option<String> {
    let mut replaced = String::new();
    let mut rest = text;
    let mut in_string = false;
    let mut copied = 0;
    while let Some(letter) = rest.chars().next() {
        let word = ["NaN", "-Infinity", "Infinity"]
            .into_iter()
            .find(|it| !in_string && rest.starts_with(it));
        let step = match (letter, word) {
            (_, Some(word)) => {
                let at = text.len() - rest.len();
                replaced.push_str(&text[copied..at]);
                replaced.push_str("null");
                copied = at + word.len();
                word.len()
            }
            ('\\', None) if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            ('"', None) => {
                in_string = !in_string;
                1
            }
            (other, None) => other.len_utf8(),
        };
        rest = &rest[step..];
    }
    (0 < copied).then(|| replaced + &text[copied..])
}

/// A number, or a text that is one: some converters write numbers as text.
pub(super) fn number(object: &Object, key: &str) -> Result<Option<f64>, String> {
    let Some(value) = object.get(key) else {
        return Ok(None);
    };
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    match number.filter(|it: &f64| it.is_finite()) {
        Some(number) => Ok(Some(number)),
        None => Err(format!("`{key}` is {}, not a number", shown(value))),
    }
}

/// A text. `null` is none.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{key}` is {}, not a text", shown(other))),
    }
}

/// The numbers of a list, or of a list of lists, row after row; NaN for `null`.
pub(super) fn numbers(key: &str, value: &Value) -> Result<Vec<f64>, String> {
    let wrong = |it: &Value| format!("`{key}` holds {}, not a number", shown(it));
    let number = |it: &Value| match it {
        Value::Null => Ok(f64::NAN),
        other => other.as_f64().ok_or_else(|| wrong(other)),
    };
    let Value::Array(rows) = value else {
        return Err(format!("`{key}` is {}, not a list", shown(value)));
    };
    let mut numbers = Vec::new();
    for row in rows.iter().take(MAX_NUMBERS) {
        match row {
            Value::Array(row) => {
                for it in row.iter().take(MAX_NUMBERS) {
                    numbers.push(number(it)?);
                }
            }
            it => numbers.push(number(it)?),
        }
    }
    Ok(numbers)
}

/// The members of what has to be an object.
pub(super) fn object(value: &Value) -> Result<&Object, String> {
    let wrong = || format!("is {}, not an object", shown(value));
    value.as_object().ok_or_else(wrong)
}

/// The start of a value.
pub(super) fn shown(value: &Value) -> String {
    const LETTERS: usize = 30;
    let kind = match value {
        Value::Array(_) => return "a list".to_owned(),
        Value::Object(_) => return "an object".to_owned(),
        Value::Null => return "`null` (or NaN)".to_owned(),
        simple => simple.to_string(),
    };
    match kind.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("`{}…`", &kind[..end]),
        None => format!("`{kind}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Object {
        let json = r#"{"a": 1, "b": "2.5", "c": null, "d": [[1, 2], [3, null]], "e": "x"}"#;
        parse(json.as_bytes()).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn values_are_read_or_described() {
        let it = sample();
        assert_eq!(number(&it, "a"), Ok(Some(1.0)));
        assert_eq!(number(&it, "b"), Ok(Some(2.5)));
        assert_eq!(number(&it, "none"), Ok(None));
        assert_eq!(text(&it, "e"), Ok(Some("x")));
        assert_eq!(text(&it, "c"), Ok(None));
        assert_eq!(
            number(&it, "c"),
            Err("`c` is `null` (or NaN), not a number".to_owned())
        );
        assert_eq!(
            number(&it, "e"),
            Err("`e` is `\"x\"`, not a number".to_owned())
        );
        assert_eq!(text(&it, "a"), Err("`a` is `1`, not a text".to_owned()));
        let d = numbers("d", &it["d"]).unwrap();
        assert_eq!(d[..3], [1.0, 2.0, 3.0]);
        assert!(d[3].is_nan());
        assert!(numbers("e", &it["e"]).unwrap_err().contains("not a list"));
    }

    #[test]
    fn python_s_words_are_null_outside_of_strings() {
        let json = "\u{feff}{\"a\\\"NaN\": [NaN, -Infinity, Infinity, \"NaN\"],\r\n \"ä\": NaN}";
        let value = parse(json.as_bytes()).unwrap();
        assert_eq!(
            value["a\"NaN"],
            serde_json::json!([null, null, null, "NaN"])
        );
        assert_eq!(value["ä"], Value::Null);
        assert_eq!(without_bare_words("{\"NaN\": 1}"), None);
    }

    #[test]
    fn damage_is_named_with_its_place() {
        for (bytes, says) in [
            (&b""[..], "empty"),
            (b"{\"a\": 1,\n 3}", "line 2 column 2"),
            (b"{\"a\": NaN,\n 3}", "line 2 column 2"),
            (b"\xff\xfe{\0", "UTF-16"),
            (b"{\"a\xfc\": 1}", "byte 3"),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "git lfs pull",
            ),
        ] {
            let error = parse(bytes).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse(deep.as_bytes()).is_err());
    }
}
