// Runs in a page, a dedicated, shared or service worker, and does there what the test says over a WebSocket (see ../agents.mjs).
import GouchDB from "/browser.js";
import { installClock } from "/clock.js";
import * as writer from "/writer.js";

const name = new URLSearchParams(self.location.search).get("name");
const socket = new WebSocket(`ws://${self.location.host}/control?name=${encodeURIComponent(name)}`);
const say = (message) => socket.send(JSON.stringify(message));
const tools = { ...writer, GouchDB, installClock, name, report: (report) => say({ report }) };

socket.onmessage = async ({ data }) => {
  const { call, code, argument } = JSON.parse(data);
  try {
    const run = (0, eval)(`(${code})`);
    say({ call, value: await run(argument, tools) });
  } catch (error) {
    const { status, reason, stack } = error;
    say({ call, error: { name: error.name, status, reason, message: String(error.message), stack } });
  }
};

// A service worker lives as long as it has an event to handle: its owner sends it one that has no end.
if ("ServiceWorkerGlobalScope" in self) {
  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("message", (event) => event.waitUntil(new Promise(() => {})));
}
