// What ical.js (Thunderbird, Nextcloud) makes of a feed. Reads a path per line, answers
// each with one line of JSON, as libical_judge.c does.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "judge.cjs"));
const ICAL = require("ical.js").default ?? require("ical.js");

const stamp = (time) => (time ? time.toICALString() : "");

function verdict(path) {
  try {
    const calendar = new ICAL.Component(ICAL.parse(readFileSync(path, "utf-8")));
    const events = calendar.getAllSubcomponents("vevent").map((component) => {
      for (const property of component.getAllProperties()) property.getValues();
      const event = new ICAL.Event(component, { strictExceptions: true });
      return {
        uid: event.uid,
        start: stamp(event.startDate),
        end: stamp(event.endDate),
        summary: event.summary ?? "",
        description: event.description ?? "",
      };
    });
    return { errors: [], events };
  } catch (error) {
    return { errors: [String(error)], events: [] };
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(verdict(line)));
