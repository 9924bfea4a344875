// A static server as a site would have it: compressed, and cached by browsers. Every contender gets an origin of its own.
import { createServer } from "node:http";
import { extname } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const types = { ".js": "text/javascript", ".wasm": "application/wasm", "": "text/html; charset=utf-8" };

/**
 * @param {Record<string, string | Uint8Array>} files by path
 * @returns {Promise<{origin: (name: string) => string, close: () => Promise<void>}>}
 */
export async function serve(files) {
  const compressed = new Map(Object.entries(files).map(([path, content]) => [path, {
    br: brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } }),
    gzip: gzipSync(content),
  }]));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = compressed.get(pathname);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    const encoding = /\bbr\b/.test(request.headers["accept-encoding"] ?? "") ? "br" : "gzip";
    response.writeHead(200, {
      "content-type": types[extname(pathname)],
      "content-encoding": encoding,
      "cache-control": "max-age=31536000, immutable",
      // An isolated page has the finer clock.
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    response.end(file[encoding]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    origin: (name) => `http://${name}.localhost:${port}`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}
