// Keeps the files of the app, so that it starts without a network. Requests for data pass through untouched.
const CACHE = "board-3";
const FILES = ["./", "index.html", "style.css", "icon.svg", "app.js", "tasks.js", "sync.js", "gouchdb/browser.js", "gouchdb/gouchdb.wasm"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((keys) => Promise.all(keys.filter((key) => key !== CACHE).map((key) => caches.delete(key))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

// The network first, so that a new version is seen at once; the cache when there is no network.
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const scope = new URL(self.registration.scope);
  if (event.request.method !== "GET" || origin !== scope.origin || !pathname.startsWith(scope.pathname)) {
    return;
  }
  event.respondWith(
    (async () => {
      const cache = await caches.open(CACHE);
      try {
        const response = await fetch(event.request);
        if (response.ok) {
          await cache.put(event.request, response.clone());
        }
        return response;
      } catch (error) {
        const kept = await cache.match(event.request, { ignoreSearch: true });
        if (kept) {
          return kept;
        }
        throw error;
      }
    })(),
  );
});
