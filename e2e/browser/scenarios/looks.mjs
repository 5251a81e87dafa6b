// Every page given as [path, status], signed in `as` somebody, with the `cookies` of another browser, or not at all, light and dark, on a desk and on a small telephone: what is wrong with how it looks?

import { scenario } from "../kit.mjs";

const SCREENS = [
  { screen: "desk", width: 1100, height: 900 },
  { screen: "phone", width: 320, height: 640, touch: true },
];
const HEAVIEST = 100 * 1024;

await scenario(async ({ pages, as, cookies, visitor }) => {
  const findings = [];
  const weights = {};
  for (const scheme of ["light", "dark"]) {
    for (const { screen, ...size } of SCREENS) {
      const one = await visitor({ scheme, ...size });
      if (as) await one.signIn(as);
      if (cookies) await one.carry(cookies);
      for (const [index, [path, status]] of pages.entries()) {
        await one.go(path, status);
        const place = `${path} (${scheme}, ${screen})`;
        weights[path] ??= await one.weight(); // the first visit: nothing is cached yet
        for (const finding of await one.axe()) findings.push(`${place}: ${finding}`);
        if (!(await one.fitsSideways())) findings.push(`${place}: sticks out sideways`);
        await one.shot(`${index}-${scheme}-${screen}`);
      }
    }
  }
  for (const [path, bytes] of Object.entries(weights)) {
    if (bytes > HEAVIEST) findings.push(`${path}: ${bytes} bytes, more than ${HEAVIEST}`);
  }
  return { findings, weights };
});
