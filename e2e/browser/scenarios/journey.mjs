// A guest books, moves the booking and calls it off, as a visitor of the kind asked for:
// `{ path, js, width, height, keyboard }`. What is found out goes back to the caller, who looks at the outside.

import { must, scenario } from "../kit.mjs";

await scenario(async ({ path, keyboard = false, visitor, ...kind }) => {
  const guest = await visitor(kind);
  const { page } = guest;
  const act = keyboard ? (target) => guest.press(target) : (target) => target.click();
  const write = keyboard ? (target, text) => guest.type(target, text) : (target, text) => target.fill(text);
  const choose = keyboard ? (target) => guest.day(target) : act;
  const slots = page.locator("button[name=start]");
  const findings = [];
  const look = async (where) => {
    for (const finding of await guest.axe()) findings.push(`${where}: ${finding}`);
    if (!(await guest.fitsSideways())) findings.push(`${where}: sticks out sideways`);
    await guest.shot(where);
  };

  await guest.go(path);
  await look("1-times");
  const weight = await guest.weight();
  // Another day than the one shown first, so that choosing a day is tried too.
  const day = page.locator("button.day[name=date]:not([aria-pressed=true])").first();
  const chosen = await day.getAttribute("value");
  await choose(day);
  await slots.and(page.locator(`[value^="${chosen}"]`)).first().waitFor();
  const first = slots.first();
  const start = await first.getAttribute("value");
  await act(first);

  await page.getByRole("heading", { name: "Your details" }).waitFor();
  await look("2-details");
  await write(page.getByLabel("Your name"), "Marta Hollweg");
  await write(page.getByLabel("Email", { exact: true }), "marta@example.com");
  const about = page.getByLabel("What is the building", { exact: false });
  if (await about.count()) await write(about, "An apartment house from 1912.");
  await act(page.getByRole("button", { name: /^(Book|Confirm|Request)/ }).last());

  await page.getByRole("heading", { level: 1, name: /booked/i }).waitFor();
  await look("3-booked");
  const uid = new URL(page.url()).pathname.split("/")[2];

  await act(page.getByRole("link", { name: "Reschedule" }));
  const later = page.locator("button.day[name=date]:not([aria-pressed=true])").last();
  const moved = await later.getAttribute("value");
  await choose(later);
  const other = page.locator(`input[name=start][value^="${moved}"]`).last();
  await other.waitFor();
  await look("4-other-times");
  const again = await other.getAttribute("value");
  await (keyboard ? guest.pick(other) : other.check());
  await act(page.getByRole("button", { name: /^Move/ }).last());
  await page.locator(`main time[datetime="${again}"]`).first().waitFor();
  await look("5-moved");
  must(new URL(page.url()).pathname.split("/")[2] === uid, "the booking's address changed with its time");

  await act(page.getByRole("link", { name: /Cancel/ }));
  await page.getByRole("heading", { name: /Cancel/ }).waitFor();
  await look("6-cancel");
  await write(page.locator("textarea").first(), "We found another engineer.");
  await act(page.getByRole("button", { name: /^Cancel/ }).last());
  await page.locator("h1", { hasText: /cancelled/i }).waitFor();
  await look("7-cancelled");

  return { uid, start, moved: again, weight, findings };
});
