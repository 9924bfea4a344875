// The server's side of WebSockets, as far as tests in browsers need it: text messages, in order, and the end of a connection, which
// tells at once that a page or worker is gone. https://www.rfc-editor.org/rfc/rfc6455
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";

const TEXT = 1;
const CLOSE = 8;

/** One connection. Emits "message" with each text and "close" once. */
class Connection extends EventEmitter {
  #socket;
  #unread = Buffer.alloc(0);
  #message = []; // the payloads of a message that comes in several frames

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.on("data", (data) => this.#read(data));
    socket.on("error", () => socket.destroy()); // a process that was killed resets its connections
    socket.on("end", () => socket.end()); // servers' sockets stay half open otherwise
    socket.on("close", () => this.emit("close"));
  }

  send(text) {
    const payload = Buffer.from(text);
    const head = Buffer.alloc(10);
    head[0] = 0x80 | TEXT;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
    const short = payload.length < 126 ? Buffer.from([head[0], payload.length]) : undefined;
    const medium = payload.length < 65536 ? Buffer.from([head[0], 126, payload.length >> 8, payload.length & 255]) : undefined;
    this.#socket.write(Buffer.concat([short ?? medium ?? head, payload]));
  }

  #read(data) {
    this.#unread = Buffer.concat([this.#unread, data]);
    for (let frame = this.#frame(); frame; frame = this.#frame()) {
      if (frame.kind === CLOSE) {
        this.#socket.end();
        return;
      }
      this.#message.push(frame.payload);
      if (frame.last) {
        this.emit("message", Buffer.concat(this.#message).toString());
        this.#message = [];
      }
    }
  }

  // Takes a whole frame off what has not been read, if there is one. Those of browsers are masked.
  #frame() {
    const data = this.#unread;
    if (data.length < 2) {
      return undefined;
    }
    const short = data[1] & 127;
    const start = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    if (data.length < start + 4) {
      return undefined;
    }
    const length = short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
    const end = start + 4 + length;
    if (data.length < end) {
      return undefined;
    }
    const mask = data.subarray(start, start + 4);
    const payload = Buffer.from(data.subarray(start + 4, end));
    for (let i = 0; i < length; i++) {
      payload[i] ^= mask[i & 3];
    }
    this.#unread = data.subarray(end);
    return { kind: data[0] & 15, last: (data[0] & 128) !== 0, payload };
  }
}

/**
 * Takes WebSocket connections to an HTTP server.
 * @param {import("node:http").Server} server
 * @param {(connection: Connection, url: URL) => void} accept
 */
export function acceptWebSockets(server, accept) {
  server.on("upgrade", (request, socket) => {
    const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
    socket.setNoDelay(true);
    accept(new Connection(socket), new URL(request.url, "http://localhost"));
  });
}
