//! Users, their profiles, and teams.

use futures::future::BoxFuture;
use kalends_domain::{
    Id,
    people::{Profile, Role, Slug, Team, User},
};
use kalends_store::{Error, Tx};

use crate::{EditError, Engine, Invalid, Member, Trouble, book::leads, event_types::is_colour};

/// A profile as somebody wants it; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileDraft {
    /// As guests see it.
    pub name: Option<String>,
    /// The page's address.
    pub username: Option<String>,
    /// How things are shown, and what the page says.
    pub profile: Option<Profile>,
}

/// One member of a team, as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamMember {
    /// Who.
    pub user: User,
    /// What they may do in the team.
    pub role: Role,
}

impl Engine {
    /// The signed-in user, as stored.
    pub async fn me(&self, member: &Member) -> Result<User, EditError> {
        let found = self.db.read().await?.people().get(member.user).await?;
        found.ok_or(EditError::NotFound { what: "user" })
    }

    /// Everybody in the organization, by name.
    pub async fn colleagues(&self, member: &Member) -> Result<Vec<User>, EditError> {
        Ok(self.db.read().await?.people().list(member.organization).await?)
    }

    /// Changes one's own profile, or anybody's for one who manages.
    pub async fn update_profile(
        &self,
        member: &Member,
        user: Id<User>,
        draft: &ProfileDraft,
    ) -> Result<User, EditError> {
        let mut invalid = Invalid::default();
        let name = draft.name.as_deref().map(|text| name(text, &mut invalid));
        let username = draft.username.as_deref().map(|text| slug(text.trim(), "username", &mut invalid));
        if let Some(wanted) = &draft.profile {
            profile(wanted, &mut invalid);
        }
        invalid.check()?;
        let (member, wanted) = (*member, draft.profile.clone());
        let result = self
            .db
            .write(move |tx| {
                let (name, username, wanted) = (name.clone(), username.clone(), wanted.clone());
                Box::pin(async move {
                    let old = crate::schedules::subject(tx, member, user).await?;
                    let new = User {
                        name: name.unwrap_or_else(|| old.name.clone()),
                        username: username.unwrap_or_else(|| old.username.clone()),
                        profile: wanted.unwrap_or_else(|| old.profile.clone()),
                        ..old
                    };
                    tx.people().save(&new).await?;
                    Ok(new)
                })
            })
            .await;
        taken(result)
    }

    /// The teams a member is in, with what they may do there.
    pub async fn teams(&self, member: &Member) -> Result<Vec<(Team, Role)>, EditError> {
        let mut tx = self.db.read().await?;
        let user = tx.people().get(member.user).await?.ok_or(EditError::NotFound { what: "user" })?;
        Ok(tx.people().teams_of(&user).await?)
    }

    /// Makes a team; whoever makes it owns it.
    pub async fn create_team(&self, member: &Member, title: &str, address: &str) -> Result<Team, EditError> {
        let mut invalid = Invalid::default();
        let title = name(title, &mut invalid);
        let wanted = if address.trim().is_empty() {
            Slug::from_title(&title, "team").to_string()
        } else {
            address.trim().to_owned()
        };
        let address = slug(&wanted, "slug", &mut invalid);
        invalid.check()?;
        let member = *member;
        let team =
            Team { id: self.ids().id(), organization: member.organization, slug: address, name: title };
        let result = self
            .db
            .write(move |tx| {
                let team = team.clone();
                Box::pin(async move {
                    // A page has one owner: a user's address is no team's.
                    if tx.people().by_username(team.organization, &team.slug).await?.is_some() {
                        return Err(
                            Invalid::one("slug", "a person has this address; choose another one").into()
                        );
                    }
                    tx.people().add_team(&team).await?;
                    tx.people().set_member(&team, member.user, Role::Owner).await?;
                    Ok(team)
                })
            })
            .await;
        taken(result)
    }

    /// Who is in a team: for its members and those who manage.
    pub async fn team_members(&self, member: &Member, team: Id<Team>) -> Result<Vec<TeamMember>, EditError> {
        let mut tx = self.db.read().await?;
        let team = tx.people().team(member.organization, team).await?;
        let team = team.ok_or(EditError::NotFound { what: "team" })?;
        let members = tx.people().members(&team).await?;
        if !member.role.manages() && members.iter().all(|one| one.user != member.user) {
            return Err(EditError::NotFound { what: "team" });
        }
        let ids: Vec<_> = members.iter().map(|one| one.user).collect();
        let users = tx.people().many(&ids).await?;
        Ok(users
            .into_iter()
            .filter_map(|user| {
                let role = members.iter().find(|one| one.user == user.id)?.role;
                Some(TeamMember { user, role })
            })
            .collect())
    }

    /// Puts a user into a team or changes what they may do there; `None` takes them out. A team keeps an owner.
    pub async fn set_team_member(
        &self,
        member: &Member,
        team: Id<Team>,
        user: Id<User>,
        role: Option<Role>,
    ) -> Result<(), EditError> {
        let member = *member;
        self.db.write(move |tx| member_set(tx, member, team, user, role)).await
    }
}

fn member_set(
    tx: &mut Tx,
    member: Member,
    team: Id<Team>,
    user: Id<User>,
    role: Option<Role>,
) -> BoxFuture<'_, Result<(), EditError>> {
    Box::pin(async move {
        let found = tx.people().team(member.organization, team).await?;
        let team = found.ok_or(EditError::NotFound { what: "team" })?;
        if !member.role.manages() && !leads(tx, member, team.id).await? {
            return Err(EditError::Forbidden { what: "team" });
        }
        let there = tx.people().get(user).await?;
        if there.is_none_or(|user| user.organization != member.organization) {
            return Err(Invalid::one("user", "is nobody here; add them to the organization first").into());
        }
        let members = tx.people().members(&team).await?;
        let owners = members.iter().filter(|one| one.role == Role::Owner && one.user != user).count();
        let was_owner = members.iter().any(|one| one.user == user && one.role == Role::Owner);
        if was_owner && owners == 0 && role != Some(Role::Owner) {
            let why = "The team needs an owner. Make somebody else one first.".to_owned();
            return Err(EditError::InUse { why });
        }
        match role {
            Some(role) => tx.people().set_member(&team, user, role).await?,
            None => tx.people().remove_member(&team, user).await?,
        }
        Ok(())
    })
}

fn name(text: &str, invalid: &mut Invalid) -> String {
    let name = text.trim().to_owned();
    invalid.need(!name.is_empty(), "name", "Enter a name.");
    invalid.need(name.chars().count() <= 200, "name", "Write at most 200 letters.");
    invalid.need(!name.chars().any(char::is_control), "name", "Write it in one line.");
    name
}

fn slug(text: &str, field: &str, invalid: &mut Invalid) -> Slug {
    Slug::page(text).unwrap_or_else(|error| {
        invalid.say(field, error.to_string());
        Slug::from_title("", "host")
    })
}

fn profile(wanted: &Profile, invalid: &mut Invalid) {
    crate::book::check::zone(&wanted.zone, "timeZone", invalid);
    invalid.need(wanted.week_start <= 6, "weekStart", "a week starts on one of seven days");
    invalid.need(wanted.bio.chars().count() <= 2_000, "bio", "Write at most 2000 letters.");
    let brand = wanted.brand.as_deref().is_none_or(is_colour);
    invalid.need(brand, "brandColor", "Write a colour as #rrggbb.");
    let locale = &wanted.locale;
    let fits =
        (1..=35).contains(&locale.len()) && locale.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    invalid.need(fits, "locale", "use a language tag such as en or pt-BR");
}

/// What only one can have, somebody has.
fn taken<T>(result: Result<T, EditError>) -> Result<T, EditError> {
    let field =
        |error: &Error| ["email", "username", "slug"].into_iter().find(|column| error.is_taken(column));
    result.map_err(|error| match error {
        EditError::Trouble(Trouble::Store(store)) if field(&store).is_some() => {
            let field = field(&store).unwrap_or_default();
            Invalid::one(field, "somebody has this already; choose another one").into()
        }
        other => other,
    })
}
