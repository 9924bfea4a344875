// Go's linker leaves out every run of zeros in a program's data, however short: tens of thousands of segments, whose headers take more
// room, compressed, than the zeros would. mergeSegments writes them as few segments. Memory begins as zeros, so the program is the same.

const DATA_SECTION = 11;
const I32_CONST = 0x41;
const END = 0x0b;

// Runs of zeros of at least this many bytes are still left out.
const GAP = 4096;
const PIECE = 64;

// edit may change the content of the merged segments, given as one.
export function mergeSegments(wasm, edit = () => {}) {
  const pieces = [wasm.subarray(0, 8)];
  for (const { id, start, body, end } of sections(wasm)) {
    pieces.push(id === DATA_SECTION ? encodeData(merge(edited(decodeData(wasm.subarray(body, end)), edit))) : wasm.subarray(start, end));
  }
  return Buffer.concat(pieces);
}

// The whole memory that the segments fill, as one segment, edited, and cut again at the zeros.
function edited(segments, edit) {
  const first = segments[0].offset;
  const last = segments.at(-1);
  const memory = Buffer.alloc(last.offset + last.content.length - first);
  for (const { offset, content } of segments) {
    content.copy(memory, offset - first);
  }
  edit(memory);
  const pieces = [];
  for (let at = 0; at < memory.length; at += PIECE) {
    const content = memory.subarray(at, at + PIECE);
    if (content.some((byte) => byte !== 0)) {
      pieces.push({ offset: first + at, content });
    }
  }
  return pieces;
}

function* sections(wasm) {
  for (let start = 8, end; start < wasm.length; start = end) {
    const [size, body] = readUnsigned(wasm, start + 1);
    end = body + size;
    yield { id: wasm[start], start, body, end };
  }
}

function decodeData(section) {
  let [count, at] = readUnsigned(section, 0);
  const segments = [];
  for (; count > 0; count--) {
    if (section[at] !== 0 || section[at + 1] !== I32_CONST) {
      throw new Error("a data segment of a kind that Go's linker does not write");
    }
    const [offset, afterOffset] = readSigned(section, at + 2);
    const [size, content] = readUnsigned(section, afterOffset + 1); // after the END of the offset's expression
    segments.push({ offset, content: section.subarray(content, content + size) });
    at = content + size;
  }
  return segments;
}

function merge(segments) {
  const merged = [];
  for (const { offset, content } of segments) {
    const last = merged.at(-1);
    if (last && offset >= last.end && offset - last.end < GAP) {
      last.contents.push(Buffer.alloc(offset - last.end), content);
    } else {
      merged.push({ offset, contents: [content] });
    }
    merged.at(-1).end = offset + content.length;
  }
  return merged;
}

function encodeData(segments) {
  const body = [writeUnsigned(segments.length)];
  for (const { offset, contents } of segments) {
    const content = Buffer.concat(contents);
    body.push(Buffer.from([0, I32_CONST]), writeSigned(offset), Buffer.from([END]), writeUnsigned(content.length), content);
  }
  const bytes = Buffer.concat(body);
  return Buffer.concat([Buffer.from([DATA_SECTION]), writeUnsigned(bytes.length), bytes]);
}

// LEB128, the numbers of WebAssembly: seven bits a byte, the lowest first.

function readUnsigned(bytes, at) {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++];
    value += (byte & 127) * scale;
    if (byte < 128) {
      return [value, at];
    }
  }
}

function readSigned(bytes, at) {
  const [value, next] = readUnsigned(bytes, at);
  const sign = 64 * 128 ** (next - at - 1);
  return [value >= sign ? value - 2 * sign : value, next];
}

function writeUnsigned(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) {
    bytes.push((value % 128) | 128);
  }
  return Buffer.from([...bytes, value]);
}

function writeSigned(value) {
  const bytes = [];
  for (; value < -64 || value >= 64; value = Math.floor(value / 128)) {
    bytes.push((value & 127) | 128);
  }
  return Buffer.from([...bytes, value & 127]);
}
