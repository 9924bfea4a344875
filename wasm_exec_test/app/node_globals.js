// What PouchDB's plugins take for granted, and bundlers provide.
export const global = globalThis;
export const process = { env: {}, browser: true, nextTick: (run, ...args) => queueMicrotask(() => run(...args)) };
