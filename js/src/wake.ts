import { askEngines } from "./host.js";

// Who wants to know that the network may be back: live replications.
const sleepers = new Set<() => void>();

// How often the clock is looked at, and how far it must have jumped for the machine to have slept, in milliseconds.
const LOOK = 15_000;
const JUMP = 45_000;

let clock: ReturnType<typeof setInterval> | undefined;
let seen = 0;

/**
 * Calls `wake` whenever the network may be back: when the browser says that it is online, when the page is shown again, and after sleep.
 * Returns what ends that. Live replications in the engine are woken too.
 */
export function onWake(wake: () => void): () => void {
  if (sleepers.size === 0) {
    listen();
  }
  sleepers.add(wake);
  return () => {
    if (sleepers.delete(wake) && sleepers.size === 0) {
      ignore();
    }
  };
}

/** Wakes everybody. */
export function wakeAll(): void {
  for (const wake of [...sleepers]) {
    wake();
  }
  askEngines("wake").catch(() => {
    // An engine that has ended has told so already.
  });
}

function whenShown(): void {
  if (document.visibilityState === "visible") {
    wakeAll();
  }
}

// Timers stand still while the machine sleeps; those of hidden pages are late anyway, and the page is told when it is shown.
function look(): void {
  const now = Date.now();
  const slept = now - seen > JUMP;
  seen = now;
  if (slept && (typeof document === "undefined" || document.visibilityState === "visible")) {
    wakeAll();
  }
}

function listen(): void {
  seen = Date.now();
  clock = setInterval(look, LOOK);
  (clock as { unref?: () => void }).unref?.(); // Node's: it must not keep the process alive
  if (typeof addEventListener === "function") {
    addEventListener("online", wakeAll);
    addEventListener("pageshow", wakeAll);
  }
  if (typeof document !== "undefined") {
    document.addEventListener("visibilitychange", whenShown);
    document.addEventListener("resume", wakeAll);
  }
}

function ignore(): void {
  clearInterval(clock);
  if (typeof removeEventListener === "function") {
    removeEventListener("online", wakeAll);
    removeEventListener("pageshow", wakeAll);
  }
  if (typeof document !== "undefined") {
    document.removeEventListener("visibilitychange", whenShown);
    document.removeEventListener("resume", wakeAll);
  }
}
