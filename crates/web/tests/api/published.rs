//! The published description of the v2 API as a judge of our answers.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::server::Seen;

/// The description, and the shapes that were needed so far.
pub(crate) struct Published {
    document: Value,
    shapes: Mutex<HashMap<String, Option<Arc<Validator>>>>,
}

/// Fields whose published shape is not what the published examples, inputs and clients have: they are let be.
/// `(schema, field, why)`
const LET_BE: &[(&str, &str, &str)] = &[
    ("EventTypeOutput_2024_06_14", "slotInterval", "a number or null, published as an object"),
    ("EventTypeOutput_2024_06_14", "seatsPerTimeSlot", "a number or null, published as an object"),
    ("EventTypeOutput_2024_06_14", "successRedirectUrl", "a text or null, published as an object"),
    ("EventTypeOutput_2024_06_14", "forwardParamsSuccessRedirect", "a flag or null, published as an object"),
    ("EventTypeOutput_2024_06_14", "bookingWindow", "one window, as it comes in, published as a list"),
    ("EventTypeOutput_2024_06_14", "seats", "`{disabled: true}` without seats, as it comes in"),
    ("EventTypeOutput_2024_06_14", "users", "people with id, name and username, published as texts"),
    ("EmailDefaultFieldOutput_2024_06_14", "required", "a flag, published as an object"),
    ("DestinationCalendar", "id", "a number, published as an object"),
];

/// Fields that are not always there, published as if they were: `(schema, field, why)`
const OR_NULL: &[(&str, &str, &str)] =
    &[("ConnectedCalendarsData", "destinationCalendar", "somebody without a calendar has none")];

/// Operations whose published shape cannot be met, with our own in its place: `(method, path, schema of data)`.
fn mended(method: &str, path: &str) -> Option<Value> {
    match (method, path) {
        // Published without the envelope, and with texts where its own example has objects.
        ("get", "/v2/slots") => Some(json!({
            "type": "object",
            "additionalProperties": { "type": "array", "items": {
                "type": "object",
                "required": ["start"],
                "properties": { "start": { "type": "string" }, "end": { "type": "string" } },
            }},
        })),
        ("post", "/v2/bookings/{bookingUid}/reassign" | "/v2/bookings/{bookingUid}/reassign/{userId}") => {
            Some(json!({
                "type": "object",
                "required": ["bookingUid", "reassignedTo"],
                "properties": { "reassignedTo": { "$ref": "#/components/schemas/ReassignedToDto" } },
            }))
        }
        ("get", "/v2/slots/reservations/{uid}") => Some(json!({ "anyOf": [
            { "type": "null" },
            { "$ref": "#/components/schemas/ReserveSlotOutput_2024_09_04" },
        ]})),
        _ => None,
    }
}

/// Addresses that are ours, on purpose: the v2 API has none for what they tell.
fn is_ours(path: &str) -> bool {
    let flights = path.starts_with("/v2/bookings/") && path.contains("/flights");
    let refreshed = path.starts_with("/v2/calendars/") && path.ends_with("/refresh");
    flights || refreshed || path.starts_with("/v2/connections")
}

impl Published {
    /// Where the description is, or why it is not known.
    pub fn path() -> Result<PathBuf, String> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
        let folder = std::env::var_os("KALENDS_SPECS").map_or_else(beside, PathBuf::from);
        let path = folder.join("calcom-api-v2.openapi.json");
        if path.exists() {
            Ok(path)
        } else {
            Err(format!("{} is not there: answers are not judged (set KALENDS_SPECS)", path.display()))
        }
    }

    /// The description; read once.
    pub fn read() -> Result<&'static Self, String> {
        static READ: OnceLock<Result<Published, String>> = OnceLock::new();
        let read = || {
            let text = fs::read_to_string(Self::path()?).map_err(|error| error.to_string())?;
            let document = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            Ok(Self { document, shapes: Mutex::default() })
        };
        READ.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Everything in an answer that differs from what is published.
    pub fn judge(&self, seen: &Seen) -> Result<(), String> {
        if is_ours(&seen.path) {
            return Ok(());
        }
        let method = seen.method.as_str().to_lowercase();
        let path = self.template(&seen.path);
        let Some(path) = path else { return Err(format!("{} is not published", seen.path)) };
        let operation = format!("{method} {path} {}", seen.status);
        let shape = self.shape(&method, path, seen.status);
        let shape = shape.ok_or_else(|| format!("{operation}: no such answer is published"))?;
        let wrong: Vec<String> = shape
            .iter_errors(&seen.body)
            .map(|error| format!("  at {}: {error}", error.instance_path()))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!("{operation} differs from what is published:\n{}\nin {}", wrong.join("\n"), seen.body))
    }

    /// The published path that a path is an instance of; literal parts win.
    fn template(&self, path: &str) -> Option<&str> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |template: &&String| {
            let names: Vec<&str> = template.split('/').collect();
            names.len() == parts.len()
                && names.iter().zip(&parts).all(|(name, part)| name.starts_with('{') || name == part)
        };
        let paths = self.document["paths"].as_object()?.keys().filter(fits);
        paths.min_by_key(|template| template.matches('{').count()).map(String::as_str)
    }

    fn shape(&self, method: &str, path: &str, status: u16) -> Option<Arc<Validator>> {
        let mut shapes = self.shapes.lock().expect("nobody panicked while holding it");
        let make = || {
            let answer = &self.document["paths"][path][method]["responses"][status.to_string()];
            let said = &answer["content"]["application/json"]["schema"];
            let schema = match mended(method, path) {
                Some(data) => json!({
                    "type": "object",
                    "required": ["status", "data"],
                    "properties": { "status": { "const": "success" }, "data": data },
                }),
                // Published without a shape: the envelope is all there is to judge.
                None if said.is_null() && answer.is_object() => {
                    json!({ "type": "object", "required": ["status"] })
                }
                None if said.is_null() => return None,
                None => mend(said, None),
            };
            let whole =
                json!({ "allOf": [schema.clone()], "components": { "schemas": self.reached(&schema) } });
            Some(Arc::new(jsonschema::validator_for(&whole).expect("a published schema")))
        };
        shapes.entry(format!("{method} {path} {status}")).or_insert_with(make).clone()
    }

    /// The named schemas that a schema needs, mended.
    fn reached(&self, schema: &Value) -> Map<String, Value> {
        let mut found = Map::new();
        let mut names = names(schema);
        while let Some(name) = names.pop_first() {
            if !found.contains_key(&name) {
                let mended = mend(&self.document["components"]["schemas"][&name], Some(&name));
                names.extend(self::names(&mended));
                found.insert(name, mended);
            }
        }
        found
    }
}

/// The names that a schema refers to.
fn names(schema: &Value) -> BTreeSet<String> {
    match schema {
        Value::Object(parts) => {
            let name = parts.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            let inner = parts.values().flat_map(names);
            name.map(str::to_owned).into_iter().chain(inner).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(names).collect(),
        _ => BTreeSet::new(),
    }
}

/// OpenAPI 3.0 as JSON Schema, without what the published document gets wrong everywhere.
fn mend(schema: &Value, name: Option<&str>) -> Value {
    match schema {
        Value::Object(parts) => {
            let mut mended = Map::new();
            for (key, value) in parts {
                let value = match key.as_str() {
                    // Variants overlap: what one fits, a wider one fits too.
                    "oneOf" => {
                        mended.insert("anyOf".into(), mend(value, None));
                        continue;
                    }
                    // Names of patterns stand where patterns should.
                    "pattern" | "example" | "examples" | "default" | "nullable" => continue,
                    // A list's words are those of its items.
                    "enum" if parts.get("type") == Some(&json!("array")) => continue,
                    "properties" => properties(value, name),
                    _ => mend(value, None),
                };
                mended.insert(key.clone(), value);
            }
            if parts.get("nullable") == Some(&json!(true)) {
                return json!({ "anyOf": [mended, { "type": "null" }] });
            }
            Value::Object(mended)
        }
        Value::Array(parts) => parts.iter().map(|part| mend(part, None)).collect(),
        other => other.clone(),
    }
}

fn properties(fields: &Value, of: Option<&str>) -> Value {
    let fields = fields.as_object().into_iter().flatten();
    fields
        .map(|(field, schema)| {
            let let_be = of.is_some_and(|of| LET_BE.iter().any(|one| (one.0, one.1) == (of, field)));
            // Every field's `isDefault` is a flag, published as an object.
            let any = let_be || field == "isDefault";
            let or_null = of.is_some_and(|of| OR_NULL.iter().any(|one| (one.0, one.1) == (of, field)));
            let shape = match mend(schema, None) {
                _ if any => json!({}),
                shape if or_null => json!({ "anyOf": [shape, { "type": "null" }] }),
                shape => shape,
            };
            (field.clone(), shape)
        })
        .collect()
}
