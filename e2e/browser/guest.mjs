// What a guest does, step by step, as whoever they are: by mouse, finger or keyboard, with scripts or without.

import { must } from "./kit.mjs";

/** A guest's ways: `keyboard` presses keys where others click. `look` is called with each page as it is reached. */
export class Guest {
  constructor(visitor, { keyboard = false, look = async () => {} } = {}) {
    Object.assign(this, { visitor, page: visitor.page, keyboard, look });
  }

  act(target) {
    return this.keyboard ? this.visitor.press(target) : target.click();
  }

  write(target, text) {
    return this.keyboard ? this.visitor.type(target, text) : target.fill(text);
  }

  choose(day) {
    return this.keyboard ? this.visitor.day(day) : day.click();
  }

  /** A day with times that is not the one shown: the first such day, or the last. */
  async anotherDay(which) {
    const day = this.page.locator("button.day[name=date]:not([aria-pressed=true])")[which]();
    const date = await day.getAttribute("value");
    await this.choose(day);
    return date;
  }

  /** Books the first time of another day than the one shown; where and when the booking is. */
  async book(path, { name, email }) {
    const { page } = this;
    await this.visitor.go(path);
    await this.look("1-times");
    const date = await this.anotherDay("first");
    const slot = page.locator(`button[name=start][value^="${date}"]`).first();
    await slot.waitFor();
    const start = await slot.getAttribute("value");
    await this.act(slot);

    await page.getByRole("heading", { name: "Your details" }).waitFor();
    await this.look("2-details");
    await this.write(page.getByLabel("Your name"), name);
    await this.write(page.getByLabel("Email", { exact: true }), email);
    for (const question of await page.locator("textarea[required]").all()) {
      await this.write(question, "An apartment house from 1912.");
    }
    await this.act(page.getByRole("button", { name: /^(Book|Confirm|Request)/ }).last());

    await page.getByRole("heading", { level: 1, name: /booked/i }).waitFor();
    await this.look("3-booked");
    return { start, uid: this.uid() };
  }

  /** Moves the booking whose page is open to the last time of the last day shown; when it is now. */
  async move(reason = "") {
    const { page } = this;
    await this.act(page.getByRole("link", { name: "Reschedule" }));
    await page.getByRole("heading", { name: "Pick another time" }).waitFor();
    const date = await this.anotherDay("last");
    const time = page.locator(`input[name=start][value^="${date}"]`).last();
    await time.waitFor();
    // Pressed too early: the page says so, and stays at the day.
    await this.act(page.getByRole("button", { name: /^Move/ }).last());
    const notice = page.locator("#errors", { hasText: "Choose a time first" });
    await notice.waitFor();
    await page.waitForLoadState("networkidle");
    must(await notice.isVisible(), "what is missing is wiped from the page");
    await time.waitFor();
    await this.look("4-other-times");
    const start = await time.getAttribute("value");
    await (this.keyboard ? this.visitor.pick(time) : time.check());
    if (reason) await this.write(page.getByLabel("Reason", { exact: false }), reason);
    await this.act(page.getByRole("button", { name: /^Move/ }).last());
    await page.locator(`main time[datetime="${start}"]`).first().waitFor();
    await this.look("5-moved");
    return { start, uid: this.uid() };
  }

  /** Calls off the booking whose page is open. */
  async cancel(reason) {
    const { page } = this;
    await this.act(page.getByRole("link", { name: /^Cancel/ }));
    await page.getByRole("heading", { level: 1, name: /Cancel/ }).waitFor();
    await this.look("6-cancel");
    await this.write(page.locator("textarea").first(), reason);
    await this.act(page.getByRole("button", { name: /^Cancel/ }).last());
    await page.getByRole("heading", { level: 1, name: /cancelled/i }).waitFor();
    await this.look("7-cancelled");
    return { uid: this.uid() };
  }

  /** The uid of the booking whose page is open. */
  uid() {
    return new URL(this.page.url()).pathname.split("/")[2];
  }
}
