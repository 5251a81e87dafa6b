//! The apps of this build. A dependency line in `Cargo.toml` makes a coded app one of them; a folder without code is one by
//! standing in `apps/`.

include!(concat!(env!("OUT_DIR"), "/apps.rs"));

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kalends_app::{
        App, Part,
        hook::SECRET,
        kind::conference::Rooms,
        manifest::{AppKind, Quota},
    };

    use super::APPS;

    fn each(check: impl Fn(&App)) {
        for app in APPS {
            check(app);
        }
    }

    #[test]
    fn every_manifest_is_sound() {
        each(|app| assert_eq!(app.manifest.read().err(), None, "apps/{}/app.toml", app.slug));
    }

    #[test]
    fn every_slug_is_the_folders_name() {
        each(|app| {
            assert_eq!(app.slug, app.manifest().slug);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps").join(app.slug);
            assert!(folder.join("README.md").is_file(), "{} lacks a README.md", folder.display());
        });
    }

    #[test]
    fn every_kind_in_a_manifest_has_its_part() {
        each(|app| {
            let mut parts: Vec<AppKind> = (app.parts)()
                .iter()
                .filter_map(|part| match part {
                    Part::Calendar(_) => Some(AppKind::Calendar),
                    Part::Conference(_) => Some(AppKind::Conference),
                    Part::Messenger(_) => Some(AppKind::Messenger),
                    Part::Join(_) | Part::Watch(_) | Part::Hook(_) => None,
                })
                .collect();
            let mut kinds: Vec<_> =
                app.manifest().kinds.iter().copied().filter(|kind| !kind.is_data()).collect();
            parts.sort_by_key(|kind| kind.name());
            kinds.sort_by_key(|kind| kind.name());
            assert_eq!(parts, kinds, "apps/{}", app.slug);
        });
    }

    #[test]
    fn no_icon_fetches_or_runs_anything() {
        each(|app| {
            assert_eq!(App::check_icon(app.icon), Ok(()), "apps/{}/icon.svg", app.slug);
        });
    }

    #[test]
    fn all_12_every_app_that_calls_somebody_declares_what_that_takes() {
        let coded = APPS.iter().filter(|app| !app.manifest().is_data());
        for app in coded {
            let manifest = app.manifest();
            let of = app.slug;
            for url in manifest.endpoints.values() {
                // A mail server's smtp:// is STARTTLS, and nothing without it.
                assert!(["https", "smtps", "smtp"].contains(&url.scheme()), "apps/{of}: {url}");
            }
            // Rooms that are links and nothing more take no calls.
            let calls = app.conference().is_none_or(|rooms| rooms.can().rooms != Rooms::Links);
            let declared = manifest.quota != Quota::default();
            assert!(!calls || declared, "apps/{of}: what its provider allows is not declared, [quota]");
            let hears = (app.parts)().iter().any(|part| matches!(part, Part::Hook(_)));
            let Some(oauth) = manifest.auth.oauth() else {
                let entered = manifest.setup.iter().any(|field| field.name == SECRET && field.is_secret());
                let proven = entered || app.watch().is_some();
                assert!(!hears || proven, "apps/{of}: notices come without a declared secret");
                continue;
            };
            for name in
                [&oauth.authorize, &oauth.token].into_iter().chain(&oauth.revoke).chain(&oauth.approve)
            {
                assert!(manifest.endpoints.contains_key(name), "apps/{of}: no endpoint {name}");
            }
            for scope in &oauth.scopes {
                assert!(!scope.uses.is_empty(), "apps/{of}: what {} is for is not declared", scope.scope);
            }
            let proven = oauth.webhook_secret || app.watch().is_some();
            assert!(!hears || proven, "apps/{of}: notices come without a declared secret");
        }
    }

    #[test]
    fn msg_19_apps_that_share_a_mailbox_have_no_more_than_its_four_places_together() {
        let sharing: Vec<_> =
            APPS.iter().filter(|app| app.manifest().endpoints.contains_key("graph")).collect();
        assert!(sharing.len() > 1);
        assert_eq!(sharing.iter().map(|app| app.manifest().quota.concurrent).sum::<u32>(), 4);
    }

    #[test]
    fn no_way_out_begins_at_a_page_the_server_does_not_have() {
        // What a person is told to press under Settings: its own pages are these.
        let pages = ["API key under Settings"];
        let promised = ["under Webhooks", "under Settings"];
        for app in APPS {
            for step in app.manifest().shortcut.iter().flat_map(|link| &link.steps) {
                let known = pages.iter().any(|page| step.contains(page));
                let names = promised.iter().any(|page| step.contains(page));
                assert!(!names || known, "apps/{}: there is no such page: {step}", app.slug);
            }
        }
    }

    #[test]
    fn every_dependency_is_an_app_of_this_build() {
        each(|app| {
            let manifest = app.manifest();
            for other in manifest.depends_on.iter().chain(&manifest.beside) {
                assert!(APPS.iter().any(|app| app.slug == other), "apps/{}: goes with {other}", app.slug);
            }
        });
    }
}
