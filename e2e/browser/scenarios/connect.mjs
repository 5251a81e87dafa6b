// A host connects apps through the store's pages: `{ as, apps: [{ slug, form }] }`. What is wrong is told, not hidden.

import { scenario } from "../kit.mjs";

await scenario(async ({ as, apps, visitor }) => {
  const host = await visitor();
  const { page } = host;
  await host.signIn(as);
  for (const { slug, form } of apps) {
    await host.go(`/apps/${slug}`);
    for (const [name, value] of Object.entries(form)) {
      const field = page.locator(`#setup [name="${name}"]`);
      const chooses = await field.evaluate((element) => element.tagName === "SELECT");
      await (chooses ? field.selectOption(value) : field.fill(value));
    }
    await page.getByRole("button", { name: "Install and connect" }).click();
    await page.waitForURL(/\/apps\/installed/);
    await host.shot(slug);
  }
  const rows = await page.locator("main li h3").allTextContents();
  return { connected: rows };
});
