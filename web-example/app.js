// An offline-first task board: it reads and writes the database in this browser, always, and brings it
// together with the one on the server whenever it can. Nothing here waits for the network.
import GouchDB from "gouchdb";
import { Sync } from "./sync.js";
import { TaskList } from "./tasks.js";

// ?name=... gives a tab its own local database (two "devices" in one browser); ?remote=... syncs with any CouchDB.
const parameters = new URLSearchParams(location.search);
const name = parameters.get("name") ?? "board";
const remote = parameters.get("remote") ?? new URL("/board", location.href).href;

const element = (id) => document.getElementById(id);
const db = new GouchDB(name);

const problem = element("problem");
const report = (error) => {
  problem.textContent = error ? (error.reason || error.message) : "";
  problem.hidden = !error;
};
// Runs an action of the person; what goes wrong is shown, not lost.
const act = (action) => action.then(() => report(null), report);

const list = new TaskList(db, {
  list: element("tasks"),
  template: element("task"),
  empty: element("empty"),
  count: element("count"),
  act,
});

element("local").textContent = name;
element("remote").textContent = remote;

element("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = element("text");
  const text = input.value.trim();
  if (text) {
    act(list.add(text));
  }
  input.value = "";
  input.focus();
});

const state = element("state");
const progress = element("progress");
const sync = new Sync(db, remote, (status, detail, done) => {
  state.dataset.state = status;
  state.textContent = detail ? `${status}: ${detail}` : status;
  progress.hidden = done === undefined;
  progress.value = done ?? 1;
});

const online = element("online");
online.checked = localStorage.getItem("online") !== "no";
online.addEventListener("change", () => {
  localStorage.setItem("online", online.checked ? "yes" : "no");
  sync.enable(online.checked);
});

try {
  await list.start();
  sync.enable(online.checked);
} catch (error) {
  report(error);
}

// The page itself works offline because a service worker keeps its files.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("service-worker.js").catch((error) => console.warn("no offline start:", error));
}
