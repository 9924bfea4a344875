// A clock that can be put forward, for what otherwise takes half a minute.
export function installClock() {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const now = performance.now.bind(performance);
  const timers = new Map(); // id -> when and what
  let skipped = 0;
  performance.now = () => now() + skipped;
  globalThis.setTimeout = (callback, delay = 0, ...values) => {
    const run = () => {
      timers.delete(id);
      callback(...values);
    };
    const id = set(run, delay);
    timers.set(id, { due: performance.now() + delay, run });
    return id;
  };
  globalThis.clearTimeout = (id) => {
    timers.delete(id);
    clear(id);
  };
  /** Lets time pass at once, and runs what is due then. */
  globalThis.skip = (milliseconds) => {
    skipped += milliseconds;
    for (const [id, { due, run }] of [...timers]) {
      if (due <= performance.now()) {
        clear(id);
        run();
      }
    }
  };
}
