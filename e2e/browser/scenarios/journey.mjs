// A guest books, moves the booking and calls it off, as a visitor of the kind asked for:
// `{ path, js, scheme, width, height, touch, keyboard }`.

import { Guest } from "../guest.mjs";
import { must, scenario } from "../kit.mjs";

await scenario(async ({ path, keyboard, visitor, ...kind }) => {
  const one = await visitor(kind);
  const findings = [];
  let weight;
  const look = async (where) => {
    weight ??= await one.weight(); // the first page, while nothing is cached
    for (const finding of await one.axe()) findings.push(`${where}: ${finding}`);
    if (!(await one.fitsSideways())) findings.push(`${where}: sticks out sideways`);
    await one.shot(where);
  };
  const guest = new Guest(one, { keyboard, look });
  const booked = await guest.book(path, { name: "Marta Hollweg", email: "marta@example.com" });
  const moved = await guest.move();
  must(moved.uid === booked.uid, "the booking's address changed with its time");
  await guest.cancel("We found another engineer.");
  return { uid: booked.uid, start: booked.start, moved: moved.start, weight, findings };
});
