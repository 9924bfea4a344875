// A static file server on 127.0.0.1 for tests.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves files and texts.
 * @param {Record<string, URL | string | Buffer | {type: string, body: URL | string | Buffer}>} files path -> the file's URL, or the text itself; with a type, or
 * that of the path's extension
 * @returns {Promise<{url: string, http: import("node:http").Server, close: () => Promise<void>}>}
 */
export async function serve(files) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = files[pathname];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { body: content, type = types[extname(pathname)] ?? types[".html"] } = file.type ? file : { body: file };
    const body = content instanceof URL ? await readFile(content) : content;
    // Also for frames that have an origin of their own.
    response.writeHead(200, { "content-type": type, "access-control-allow-origin": "*" });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    http: server,
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
