import { askEngines } from "./host.js";

// How many local databases are open in this page.
let open = 0;

/**
 * Sees to it, as long as a database is open, that a page which is hidden or left has nothing acknowledged that is not written: it may end without being told, and its
 * timers are late. What was is written then, and what comes later is acknowledged when it is, until the page shows again. Returns what ends that. A worker hears of
 * neither, nor does Node.
 */
export function drainWhenLeaving(): () => void {
  if (typeof document === "undefined") {
    return () => undefined;
  }
  if (open++ === 0) {
    listen("addEventListener");
  }
  let ended = false;
  return () => {
    if (!ended && --open === 0) {
      listen("removeEventListener");
    }
    ended = true;
  };
}

function listen(how: "addEventListener" | "removeEventListener"): void {
  window[how]("pagehide", change);
  window[how]("pageshow", change);
  document[how]("visibilitychange", change);
}

/** Whether this is a page that nobody sees. What is opened in one has not heard of it. */
export function hidden(): boolean {
  return typeof document !== "undefined" && document.visibilityState === "hidden";
}

function change({ type }: Event): void {
  askEngines(type === "pagehide" || hidden() ? "leave" : "stay").catch(() => {
    // It is tried again, and who flushes or closes is told.
  });
}
