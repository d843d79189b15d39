// An app that subscribes: it fetches a feed as browsers do, reads it with ical.js, and asks again by the tag it got.
// node icaljs_subscriber.mjs PEERS ADDRESS
import { createRequire } from "node:module";

const [peers, address] = process.argv.slice(2);
const found = createRequire(`${peers}/`).resolve("ical.js");
const { default: ICAL } = await import(found);

const uids = (text) =>
  new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").map((event) => new ICAL.Event(event).uid);

const first = await fetch(address);
const before = uids(await first.text());
const again = await fetch(address, { headers: { "If-None-Match": first.headers.get("etag") }, cache: "no-store" });
const after = uids(await (await fetch(address)).text());
const changed = after.filter((uid) => !before.includes(uid)).length;
console.log(JSON.stringify({ type: first.headers.get("content-type"), uids: before, again: again.status, changed }));
