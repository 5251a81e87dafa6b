//! A provider's own published description (OpenAPI 3) as the judge of every request its fake saw.
//!
//! Descriptions are not part of this repository: they are looked for in `KALENDS_SPECS`, else beside it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use jsonschema::Validator;
use kalends_app::{App, Request, fake::Fake};
use serde_json::{Value, json};
use url::Url;

/// A description, and where its paths begin.
pub struct Published {
    document: Value,
    base: Url,
    bodies: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// A description, or why it is not there.
type Found = Result<Arc<Published>, String>;

impl Published {
    /// What this fake says it is judged by: none, the description, or why it is not there.
    pub fn of(app: &App, fake: &dyn Fake) -> Option<Result<Arc<Self>, String>> {
        static READ: OnceLock<Mutex<BTreeMap<PathBuf, Found>>> = OnceLock::new();
        let (file, endpoint) = fake.described_by()?;
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
        let folder = std::env::var_os("KALENDS_SPECS").map_or_else(beside, PathBuf::from);
        let path = folder.join(file);
        let mut read = READ.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        let found = read.entry(path.clone()).or_insert_with(|| {
            let base = app.manifest().endpoints.get(endpoint).cloned();
            let base = base.ok_or_else(|| format!("the manifest declares no endpoint {endpoint:?}"))?;
            let text = fs::read_to_string(&path)
                .map_err(|_| format!("{file} is not among the descriptions, set KALENDS_SPECS"))?;
            let document = serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
            Ok(Arc::new(Self { document, base, bodies: Mutex::default() }))
        });
        Some(found.clone())
    }

    /// What the description does not allow of a request; nothing for one that goes elsewhere, or for what it is known to
    /// leave out.
    pub fn judge(&self, request: &Request, leaves_out: &[&str]) -> Result<(), String> {
        if request.url.host_str() != self.base.host_str() {
            return Ok(());
        }
        let Some(path) = request.url.path().strip_prefix(self.base.path().trim_end_matches('/')) else {
            return Ok(());
        };
        if leaves_out.iter().any(|end| path.ends_with(end)) {
            return Ok(());
        }
        let method = request.method.as_str().to_lowercase();
        let template = self.template(path).ok_or_else(|| format!("{path} is not published"))?;
        let operation = &self.document["paths"][template][&method];
        if operation.is_null() {
            return Err(format!("{method} {template} is not published"));
        }
        let said = |problem: String| format!("{method} {template}: {problem}");
        self.query(request, template, operation, leaves_out).map_err(said)?;
        self.body(request, &format!("{method} {template}"), operation).map_err(said)
    }

    /// The published path that a path is an instance of; literal parts win.
    fn template(&self, path: &str) -> Option<&str> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |template: &&String| {
            // `{+name}` may hold slashes (RFC 6570 section 3.2.3).
            if let Some((before, (_, after))) =
                template.split_once("{+").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
            {
                return path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some();
            }
            let names: Vec<&str> = template.split('/').collect();
            names.len() == parts.len()
                && names.iter().zip(&parts).all(|(name, part)| name.starts_with('{') || name == part)
        };
        let paths = self.document["paths"].as_object()?.keys().filter(fits);
        let literal = |template: &&String| {
            let named: usize = template
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}'))
                .map(|(name, _)| name.len() + 2)
                .sum();
            template.len() - named
        };
        paths
            .min_by_key(|template| (template.matches('{').count(), std::cmp::Reverse(literal(template))))
            .map(String::as_str)
    }

    fn query(
        &self,
        request: &Request,
        template: &str,
        operation: &Value,
        leaves_out: &[&str],
    ) -> Result<(), String> {
        let lists = [&self.document["paths"][template]["parameters"], &operation["parameters"]];
        let parameters: Vec<&Value> =
            lists.into_iter().filter_map(Value::as_array).flatten().map(|one| self.followed(one)).collect();
        let of_query = |one: &&&Value| one["in"] == "query";
        for (name, text) in request.url.query_pairs().filter(|(name, _)| !leaves_out.contains(&name.as_ref()))
        {
            let known = parameters.iter().filter(of_query).find(|one| one["name"] == name.as_ref());
            let known = known.ok_or_else(|| format!("there is no parameter {name}"))?;
            let schema = self.followed(&known["schema"]);
            let choices = schema["enum"].as_array();
            if choices.is_some_and(|all| all.iter().all(|one| one != text.as_ref())) {
                return Err(format!("{text} is no {name}"));
            }
            let fits = match schema["type"].as_str() {
                Some("integer") => text.parse::<i64>().is_ok(),
                Some("boolean") => matches!(text.as_ref(), "true" | "false"),
                _ => true,
            };
            if !fits {
                return Err(format!("{text} is no {name}"));
            }
        }
        let given = |one: &Value| request.url.query_pairs().any(|(name, _)| one["name"] == name.as_ref());
        match parameters.iter().filter(of_query).find(|one| one["required"] == true && !given(one)) {
            Some(missing) => Err(format!("the parameter {} is missing", missing["name"])),
            None => Ok(()),
        }
    }

    fn body(&self, request: &Request, operation: &str, said: &Value) -> Result<(), String> {
        let wanted = self.followed(&said["requestBody"]);
        let schema = &wanted["content"]["application/json"]["schema"];
        if schema.is_null() {
            return Ok(());
        }
        if request.body.is_empty() {
            let needed = wanted["required"] == true;
            return if needed { Err("the body is missing".to_owned()) } else { Ok(()) };
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = if let Some(validator) = bodies.get(operation) {
            Arc::clone(validator)
        } else {
            let whole = json!({ "allOf": [schema], "components": self.document["components"] });
            let made = Arc::new(jsonschema::validator_for(&whole).map_err(|error| error.to_string())?);
            bodies.insert(operation.to_owned(), Arc::clone(&made));
            made
        };
        let wrong: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    fn followed<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|text| text.strip_prefix('#'));
        pointer.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(value)
    }
}
