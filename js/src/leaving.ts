import { askEngines } from "./host.js";

// How many local databases are open in this page.
let open = 0;

/**
 * Writes what was acknowledged and not written yet whenever the page is hidden or left, as long as a database is open: a page in the background may end without
 * being told, and its timers are late. Returns what ends that. A worker hears of neither, nor does Node.
 */
export function drainWhenLeaving(): () => void {
  if (typeof document === "undefined") {
    return () => undefined;
  }
  if (open++ === 0) {
    addEventListener("pagehide", drain);
    document.addEventListener("visibilitychange", whenHidden);
  }
  let ended = false;
  return () => {
    if (!ended && --open === 0) {
      removeEventListener("pagehide", drain);
      document.removeEventListener("visibilitychange", whenHidden);
    }
    ended = true;
  };
}

function whenHidden(): void {
  if (document.visibilityState === "hidden") {
    drain();
  }
}

function drain(): void {
  askEngines("drain").catch(() => {
    // It is tried again, and who flushes or closes is told.
  });
}
