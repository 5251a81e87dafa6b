// A mail server that signs in by token alone: smtp-server, the one under maildev, with its own STARTTLS, XOAUTH2 and limits.
//
//     node xoauth2.mjs MODULES SMTP_PORT WEB_PORT CERTIFICATES
//
// One token is good, for one mailbox: "a-good-token" and ines@example.com. GET / tells what arrived, and who signed in how.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [modules, smtp, web, certificates] = process.argv.slice(2);
const { SMTPServer } = createRequire(`${modules}/`)("smtp-server");
const seen = { signIns: [], mails: [] };

const server = new SMTPServer({
  name: "smtp.office365.com",
  key: readFileSync(`${certificates}/server.key`),
  cert: readFileSync(`${certificates}/server.pem`),
  authMethods: ["XOAUTH2"],
  size: 200_000,
  onAuth({ method, username, accessToken }, session, done) {
    const good = accessToken === "a-good-token" && username === "ines@example.com";
    seen.signIns.push({ method, username, encrypted: session.secure, good });
    done(null, good ? { user: username } : { data: { status: "401", schemes: "Bearer", scope: "send" } });
  },
  onRcptTo({ address }, _, done) {
    const no = (code, words) => done(Object.assign(new Error(words), { responseCode: code }));
    if (address.startsWith("unknown@")) return no(550, "5.1.1 no such mailbox");
    if (address.startsWith("busy@")) return no(450, "4.2.1 mailbox is busy");
    done();
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope;
      const to = rcptTo.map(({ address }) => address);
      seen.mails.push({ from: mailFrom, to, text: Buffer.concat(parts).toString() });
      done(null, "queued as 4711");
    });
  },
});

server.on("error", () => {}); // a client that does not trust us is its own business
server.listen(Number(smtp), "127.0.0.1", () => {
  createServer((_, answer) => answer.end(JSON.stringify(seen))).listen(Number(web), "127.0.0.1");
});
