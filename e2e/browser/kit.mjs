// What every browser scenario needs: a browser, visitors whose every request is watched, axe, screenshots.
//
// A scenario is a program: it gets one JSON argument, prints one JSON line with what it found out, and fails
// by throwing. KALENDS_BROWSER is the folder whose node_modules holds playwright-core and axe-core.

import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = process.env.KALENDS_BROWSER;
if (!modules) throw new Error("KALENDS_BROWSER is not set: run `cargo xtask test`");
const load = createRequire(join(modules, "package.json"));
const { chromium } = load("playwright-core");
const axeSource = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Says no, with a reason a person can act on. */
export function must(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/** No scenario takes longer. */
const LONGEST = 300_000;

/** Runs one scenario: `run(stage)` with the argument's values and `stage.visitor(…)`. */
export async function scenario(run) {
  const given = JSON.parse(process.argv[2]);
  mkdirSync(given.shots, { recursive: true });
  setTimeout(() => {
    console.error(`${given.name} takes longer than ${LONGEST / 1000} s`);
    process.exit(1);
  }, LONGEST).unref();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  const visitors = [];
  try {
    const visitor = async (options) => {
      const one = await Visitor.enter(browser, given, options);
      one.number = visitors.push(one);
      return one;
    };
    const found = await run({ ...given, visitor });
    for (const one of visitors) one.wellBehaved();
    console.log(JSON.stringify(found ?? {}));
  } catch (error) {
    for (const [index, one] of visitors.entries()) {
      await one.shot(`failed-${index}`).catch(() => {});
      console.error(`visitor ${index} was at ${one.page.url()}, titled ${await one.page.title().catch(() => "?")}`);
    }
    console.error(error.stack);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

/** Somebody with a browser window of their own. */
class Visitor {
  static async enter(browser, given, { js = true, width = 1100, height = 900, scheme = "light", zone = "Europe/Berlin", locale = "en-GB", touch = false } = {}) {
    const context = await browser.newContext({
      javaScriptEnabled: js, viewport: { width, height }, colorScheme: scheme, timezoneId: zone, locale,
      hasTouch: touch, baseURL: given.base,
    });
    context.setDefaultTimeout(15_000);
    return new Visitor(context, await context.newPage(), given, js);
  }

  constructor(context, page, given, js) {
    Object.assign(this, { context, page, given, js, foreign: [], broken: [], loaded: [] });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.origin !== new URL(given.base).origin) this.foreign.push(request.url());
    });
    page.on("requestfinished", (request) => this.loaded.push(request));
    page.on("pageerror", (error) => this.broken.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // A refused form answers 4xx by design, and Chromium logs that as an error.
      const refused = message.text().startsWith("Failed to load resource: the server responded with a status of 4");
      if (message.type() === "error" && !refused) this.broken.push(`${page.url()}: ${message.text()}`);
    });
  }

  /** Goes to a path of the server, which must answer with this status. */
  async go(path, status = 200) {
    this.loaded = [];
    const answer = await this.page.goto(path, { waitUntil: "load" });
    must(answer.status() === status, `${path} answered ${answer.status()}, not ${status}`);
    return answer;
  }

  /** Goes to a path, fills in and presses what stands there; the last answer must have this status. `{n}` is the visitor's number. */
  async reachBy(path, status, steps) {
    if (!steps.length) return this.go(path, status);
    await this.go(path);
    for (const [what, value] of steps) {
      if (what !== "press") {
        const typed = value.replace("{n}", this.number);
        await this.page.locator(what).first().evaluate((field, value) => { field.value = value; }, typed);
        continue;
      }
      const answered = this.page.waitForNavigation({ waitUntil: "load" });
      await this.page.locator(value).first().click();
      const answer = await answered;
      must(answer.status() === status, `${value} on ${path} answered ${answer.status()}, not ${status}`);
    }
  }

  /** Signs in through the page. */
  async signIn({ email, password }) {
    await this.go("/login");
    await this.page.getByLabel("Email").fill(email);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.page.waitForURL((url) => !url.pathname.startsWith("/login"));
  }

  /** Goes on with the cookies of another browser. */
  async carry(cookies) {
    if (Object.keys(cookies).some((name) => name.startsWith("__Host-"))) {
      // The server is behind TLS for everybody else; this browser stands beside it.
      const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; ");
      await this.context.setExtraHTTPHeaders({ cookie });
      return;
    }
    await this.context.addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: this.given.base })));
  }

  /** Bytes over the wire since the last `go`. */
  async weight() {
    await this.page.waitForLoadState("networkidle");
    const sizes = await Promise.all(this.loaded.map((request) => request.sizes()));
    return sizes.reduce((sum, size) => sum + size.responseBodySize + size.responseHeadersSize, 0);
  }

  /** Goes there by Tab alone; fails when the keyboard does not lead there. */
  async reach(target) {
    await target.waitFor();
    const there = () => target.evaluate((element) => element === document.activeElement);
    for (let presses = 0; presses < 250; presses += 1) {
      if (await there()) {
        const seen = await target.evaluate((element) => element.matches(":focus-visible"));
        must(seen, "what has the focus does not show it");
        return;
      }
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab never reaches ${target}`);
  }

  /** Presses a button or follows a link with Enter. */
  async press(target) {
    await this.reach(target);
    await this.page.keyboard.press("Enter");
  }

  /** Chooses a day of the calendar: Tab leads into it, arrows go through it, Enter takes the day. */
  async day(target) {
    await target.waitFor();
    const at = (element) => element === document.activeElement;
    const inside = () => this.page.evaluate(() => document.activeElement.matches("button.day"));
    for (let presses = 0; !(await inside()); presses += 1) {
      must(presses < 250, "Tab never reaches the calendar");
      await this.page.keyboard.press("Tab");
    }
    for (const key of ["ArrowRight", "ArrowLeft"]) {
      for (let steps = 0; steps < 42 && !(await target.evaluate(at)); steps += 1) await this.page.keyboard.press(key);
    }
    must(await target.evaluate(at), `the arrows never reach ${target}`);
    await this.page.keyboard.press("Enter");
  }

  /** Types into a field. */
  async type(target, text) {
    await this.reach(target);
    await this.page.keyboard.type(text);
  }

  /** Picks a radio button: Tab leads into its group, arrows go through it. Each step may swap the form. */
  async pick(target) {
    const name = await target.getAttribute("name");
    const inside = () => this.page.evaluate((name) => document.activeElement.name === name, name);
    for (let presses = 0; !(await inside()); presses += 1) {
      must(presses < 250, `Tab never reaches the choices of ${name}`);
      await this.page.keyboard.press("Tab");
    }
    for (let steps = await this.page.locator(`input[name="${name}"]`).count(); !(await target.isChecked()); steps -= 1) {
      must(steps > 0, `the arrows never reach ${target}`);
      await this.page.keyboard.press("ArrowDown");
      await this.settled();
      // A slow answer turns the form inert for a moment; the focus must come back with what it brings.
      const back = this.page.waitForFunction((name) => document.activeElement.name === name, name, { timeout: 20_000 });
      must(await back.then(() => true, () => false), `the focus is lost after an arrow among the choices of ${name}`);
    }
  }

  /** Waits until the page has taken in what was pressed. */
  async settled() {
    await this.page.evaluate(() => new Promise((done) => setTimeout(done, 0)));
    await this.page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
  }

  /** What axe has to say about the page as it is now; it is a script, so nothing where scripts are off. */
  async axe() {
    if (!this.js) return [];
    await this.page.evaluate(axeSource); // not a script tag, which the page's policy would refuse
    const found = await this.page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    return found.violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.target).join("; ")})`);
  }

  /** A picture for people, in target/e2e. */
  shot(name) {
    return this.page.screenshot({ path: join(this.given.shots, `${this.given.name}-${name}.png`), fullPage: true });
  }

  /** True when nothing sticks out sideways; not looked at where scripts are off. */
  async fitsSideways() {
    if (!this.js) return true;
    return this.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  }

  /** What sticks out sideways, what a finger misses (WCAG 2.5.8), and headings that do not lead the page. */
  async shape() {
    if (!this.js) return [];
    return this.page.evaluate(() => {
      const wrong = [];
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth > clientWidth) wrong.push("sticks out sideways");
      const first = document.querySelectorAll("h1").length;
      if (first !== 1) wrong.push(`${first} headings of the first level`);
      for (const one of document.querySelectorAll("a, button, input, select, textarea, summary")) {
        const { width, height } = one.getBoundingClientRect();
        // Links within words are exempt, as is what is not seen; a box with a label is as large as that.
        const exempt = !width || !height || one.closest(".sr, .skip, label") || getComputedStyle(one).display === "inline";
        if (!exempt && (width < 24 || height < 24)) {
          wrong.push(`${Math.round(width)} × ${Math.round(height)} pixels are too small: ${one.outerHTML.slice(0, 80)}`);
        }
      }
      return wrong;
    });
  }

  /** Nothing was asked of a foreign server and no script failed. */
  wellBehaved() {
    must(!this.foreign.length, `foreign requests: ${this.foreign.join(", ")}`);
    must(!this.broken.length, `errors in pages: ${this.broken.join(" | ")}`);
  }
}
