//! Dependencies point one way: each crate may know only what is listed for its role.

use std::path::Path;

use anyhow::Result;
use cargo_metadata::{DependencyKind, MetadataCommand};

/// What a crate is in this house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The rules, pure.
    Domain,
    /// iCalendar texts.
    Ical,
    /// What an integration is written against.
    App,
    /// What several integrations of one vendor share.
    Vendor,
    /// One folder of `apps/`.
    Integration,
    /// SQL.
    Store,
    /// The verbs.
    Engine,
    /// Pages and API.
    Web,
    /// The list of integrations.
    Catalog,
    /// The binary.
    Bin,
    /// Help for tests.
    Testkit,
    /// The suites over all integrations.
    Conformance,
    /// Tasks and measuring: they drive the product from outside.
    Tool,
}

/// A crate of the workspace and the workspace's crates it depends on.
pub struct Crate {
    /// Its package name.
    pub name: String,
    /// `(name, only for tests)`.
    pub knows: Vec<(String, bool)>,
}

impl Role {
    /// The role a package name gives; `None` for a name that has no place yet.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "kalends" => Self::Bin,
            "kalends-domain" => Self::Domain,
            "kalends-ical" => Self::Ical,
            "kalends-app" => Self::App,
            "kalends-store" => Self::Store,
            "kalends-engine" => Self::Engine,
            "kalends-web" => Self::Web,
            "kalends-catalog" => Self::Catalog,
            "kalends-testkit" => Self::Testkit,
            "kalends-conformance" => Self::Conformance,
            "xtask" | "kalends-load" => Self::Tool,
            _ if name.starts_with("app-") => Self::Integration,
            _ if name.starts_with("vendor-") => Self::Vendor,
            _ => return None,
        })
    }

    fn may_know(self) -> &'static [Self] {
        match self {
            Self::Domain => &[],
            Self::Ical | Self::App | Self::Store => &[Self::Domain],
            Self::Vendor | Self::Integration => &[Self::Domain, Self::Ical, Self::App, Self::Vendor],
            Self::Catalog => &[Self::App, Self::Integration],
            Self::Engine => &[Self::Domain, Self::Ical, Self::App, Self::Store],
            Self::Web => &[Self::Domain, Self::App, Self::Engine],
            Self::Bin => &[Self::Domain, Self::App, Self::Store, Self::Engine, Self::Web, Self::Catalog],
            Self::Testkit => &[Self::Domain, Self::Ical, Self::App, Self::Store, Self::Engine, Self::Web],
            Self::Conformance => &[Self::Domain, Self::Ical, Self::App, Self::Catalog, Self::Testkit],
            Self::Tool => &[Self::Domain, Self::Store],
        }
    }

    fn may_test_with(self) -> &'static [Self] {
        match self {
            // Pages and verbs are tested over a real store, with the list of apps the binary would hand them.
            Self::Engine | Self::Web => &[Self::Testkit, Self::Store, Self::Catalog, Self::Integration],
            _ => &[Self::Testkit],
        }
    }
}

/// The crates of the workspace at `root`, from Cargo itself.
pub fn crates(root: &Path) -> Result<Vec<Crate>> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let crates = metadata.packages.iter().map(|package| Crate {
        name: package.name.to_string(),
        knows: package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some())
            .map(|dependency| (dependency.name.clone(), dependency.kind == DependencyKind::Development))
            .collect(),
    });
    Ok(crates.collect())
}

/// Every dependency that points the wrong way.
pub fn arrows(crates: &[Crate]) -> Vec<String> {
    let mut found = Vec::new();
    for from in crates {
        let Some(role) = Role::of(&from.name) else {
            found.push(format!(
                "{}: no place in the house; give it a role in xtask/src/tidy/arrows.rs",
                from.name
            ));
            continue;
        };
        for (to, only_tests) in &from.knows {
            let known = Role::of(to);
            let fine = known.is_some_and(|known| {
                role.may_know().contains(&known) || (*only_tests && role.may_test_with().contains(&known))
            });
            if !fine {
                let tests = if *only_tests { "'s tests" } else { "" };
                found.push(format!(
                    "{}{tests}: must not know {to} (see the arrows in ARCHITECTURE.md)",
                    from.name
                ));
            }
        }
    }
    found
}
