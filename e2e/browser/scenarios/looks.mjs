// Every page given as [path, status, steps], signed in `as` somebody, with the `cookies` of another browser, or not at all,
// light and dark, on a desk and on a small telephone: what is wrong with how it looks? Steps are [selector, text], which fills a
// field, or ["press", selector]; the status is that of the last answer.

import { scenario } from "../kit.mjs";

const SCREENS = [
  { screen: "desk", width: 1100, height: 900 },
  { screen: "phone", width: 320, height: 640, touch: true },
];
const HEAVIEST = 100 * 1024;

await scenario(async ({ pages, as, cookies, visitor }) => {
  const findings = [];
  const weights = {};
  const look = async (scheme, { screen, ...size }) => {
    const one = await visitor({ scheme, ...size });
    if (as) await one.signIn(as);
    if (cookies) await one.carry(cookies);
    for (const [index, [path, status, steps = []]] of pages.entries()) {
      await one.reachBy(path, status, steps);
      const place = `${path}${steps.length ? " after its form" : ""} (${scheme}, ${screen})`;
      weights[path] ??= await one.weight(); // the first visit: nothing is cached yet
      for (const finding of await one.axe()) findings.push(`${place}: ${finding}`);
      for (const finding of await one.shape()) findings.push(`${place}: ${finding}`);
      await one.shot(`${index}-${scheme}-${screen}`);
    }
  };
  await Promise.all(["light", "dark"].flatMap((scheme) => SCREENS.map((screen) => look(scheme, screen))));
  for (const [path, bytes] of Object.entries(weights)) {
    if (bytes > HEAVIEST) findings.push(`${path}: ${bytes} bytes, more than ${HEAVIEST}`);
  }
  return { findings, weights };
});
