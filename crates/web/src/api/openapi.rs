//! The description of the API, made from the code, and the page that shows it.

use askama::Template;
use axum::{Json, extract::State, response::Response};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, InfoBuilder, License, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, Required,
        ResponseBuilder,
        path::{self, ParameterBuilder, ParameterIn},
        schema::Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{answer::VERSION, described, refused::Refused};
use crate::{
    Web,
    pages::{Frame, show},
};

/// What stands above all operations.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Kalends API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Compatible with Cal.com's API v2. Make a key under Settings, API keys, and send it as `Authorization: \
             Bearer cal_…`. What guests may do needs no key. The header `cal-api-version` names the version of the \
             shapes; leave it out to get those described here. Errors carry a stable `code`, and `fields` where \
             something sent will not do.",
        ))
        .license(Some(License::new("MIT OR Apache-2.0")))
        .build();
    let mut openapi = OpenApiBuilder::new().info(info).build();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let mut components = openapi.components.take().unwrap_or_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    let mut schemas = Vec::new();
    Refused::schemas(&mut schemas);
    schemas.push((Refused::name().into_owned(), Refused::schema()));
    components.schemas.extend(schemas);
    openapi.components = Some(components);
    openapi.security =
        Some(vec![SecurityRequirement::new("key", Vec::<String>::new()), SecurityRequirement::default()]);
    openapi
}

/// The whole description, OpenAPI 3.1.
pub fn document() -> OpenApi {
    let mut document = described().split_for_parts().1;
    each(&mut document, |method, path, operation| {
        operation.operation_id = Some(name(method, path));
        let content = Content::new(Some(Ref::from_schema_name(Refused::name())));
        let refused = ResponseBuilder::new()
            .description("Refused: `code` says why, `fields` what to change.")
            .content("application/json", content);
        operation.responses.responses.insert("default".to_owned(), refused.build().into());
    });
    document
}

/// Notes that these operations know shapes of this version alone.
pub(super) fn speaks(described: &mut OpenApi, version: &'static str) {
    each(described, |_, _, operation| {
        let header = ParameterBuilder::new()
            .name(VERSION)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The version of the shapes. Leave it out, or send this one."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).enum_values(Some([version]))));
        operation.parameters.get_or_insert_default().push(header.build().into());
    });
}

fn each(described: &mut OpenApi, mut with: impl FnMut(&'static str, &str, &mut path::Operation)) {
    for (path, item) in &mut described.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                with(method, path, operation);
            }
        }
    }
}

/// An operation's name: `post_bookings_reschedule`. Handlers of two parts may be called alike; these are not.
fn name(method: &str, path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != "v2");
    let mut name = method.to_owned();
    for part in parts {
        name.push('_');
        name.extend(part.chars().filter(|c| !['{', '}'].contains(c)).map(|c| if c == '-' { '_' } else { c }));
    }
    name
}

/// `GET /docs/openapi.json`
pub(super) async fn json() -> Json<OpenApi> {
    Json(document())
}

#[derive(Template)]
#[template(path = "docs/api.html")]
struct Page {
    frame: Frame,
    description: String,
    parts: Vec<Part>,
}

/// Operations of one tag.
struct Part {
    name: String,
    slug: String,
    operations: Vec<Operation>,
}

/// One operation, as the page shows it.
struct Operation {
    method: String,
    path: String,
    says: String,
    parameters: Vec<(String, String, String)>,
    body: String,
}

/// `GET /docs/api`
pub(super) async fn page(State(web): State<Web>) -> Response {
    let document = serde_json::to_value(document()).unwrap_or_default();
    let description = document["info"]["description"].as_str().unwrap_or_default().to_owned();
    show(&Page { frame: Frame::of(&web).await, description, parts: parts(&document) })
}

fn parts(document: &Value) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let name = operation["tags"][0].as_str().unwrap_or("Other").to_owned();
            let at = parts.iter().position(|part| part.name == name).unwrap_or_else(|| {
                let slug = name.to_lowercase().replace(' ', "-");
                parts.push(Part { name, slug, operations: Vec::new() });
                parts.len() - 1
            });
            parts[at].operations.push(one(document, method, path, operation));
        }
    }
    parts
}

fn one(document: &Value, method: &str, path: &str, operation: &Value) -> Operation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        says: [text(&operation["summary"]), text(&operation["description"])].join(" ").trim().to_owned(),
        parameters: parameters
            .map(|one| (text(&one["name"]), text(&one["in"]), text(&one["description"])))
            .collect(),
        body: body(document, schema),
    }
}

/// The fields of a body, one a line.
fn body(document: &Value, schema: &Value) -> String {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let fields = document["components"]["schemas"][name]["properties"].as_object();
    let line = |(field, value): (&String, &Value)| {
        format!("{field}: {}", value["description"].as_str().unwrap_or("see the description file"))
    };
    fields.into_iter().flatten().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_is_described() {
        let document = serde_json::to_value(document()).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let parts = parts(&document);
        let operations: Vec<_> = parts.iter().flat_map(|part| &part.operations).collect();
        assert!(operations.len() >= 14, "{}", operations.len());
        for operation in operations {
            assert!(!operation.says.is_empty(), "{} {}", operation.method, operation.path);
        }
    }

    #[test]
    fn refusals_and_versions_are_described() {
        let document = serde_json::to_value(document()).unwrap();
        let list = &document["paths"]["/v2/bookings"]["get"];
        let refused = &list["responses"]["default"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(refused, "#/components/schemas/Refused");
        let version =
            list["parameters"].as_array().unwrap().iter().find(|one| one["name"] == VERSION).unwrap();
        assert_eq!(version["schema"]["enum"], serde_json::json!(["2024-08-13"]));
        assert!(document["paths"]["/v2/me"]["get"]["parameters"].is_null(), "one version only");
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let document = serde_json::to_value(document()).unwrap();
        let mut names = BTreeSet::new();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                assert!(names.insert(name.clone()), "{name} comes twice");
            }
        }
        assert!(names.contains("post_bookings_bookingUid_reschedule"), "{names:?}");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        let mut left = vec![&document];
        while let Some(value) = left.pop() {
            match value {
                Value::Object(parts) => {
                    if let Some(path) = parts.get("$ref").and_then(Value::as_str) {
                        assert!(document.pointer(&path[1..]).is_some(), "{path}");
                    }
                    left.extend(parts.values());
                }
                Value::Array(parts) => left.extend(parts),
                _ => {}
            }
        }
    }

    #[test]
    fn paths_name_each_of_their_parameters_once() {
        let document = serde_json::to_value(document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            let named: BTreeSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            for operation in item.as_object().unwrap().values() {
                let said = operation["parameters"].as_array().into_iter().flatten();
                let said: Vec<&str> =
                    said.filter(|one| one["in"] == "path").filter_map(|one| one["name"].as_str()).collect();
                assert_eq!(said.len(), named.len(), "{path}");
                assert_eq!(said.into_iter().collect::<BTreeSet<_>>(), named, "{path}");
            }
        }
    }

    #[test]
    fn the_description_changes_only_on_purpose() {
        let text = document().to_pretty_json().unwrap();
        insta::assert_snapshot!("description", text);
    }
}
