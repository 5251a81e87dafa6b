// One step of a guest: `{ step: "book", path, guest }`, or `{ step: "move" | "cancel", uid }`.

import { Guest } from "../guest.mjs";
import { scenario } from "../kit.mjs";

await scenario(async ({ step, path, uid, guest: person, visitor }) => {
  const guest = new Guest(await visitor());
  if (step === "book") return guest.book(path, person);
  await guest.visitor.go(`/booking/${uid}`);
  return step === "move" ? guest.move("A train is late.") : guest.cancel("We found another engineer.");
});
