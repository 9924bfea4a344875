// Contents of attachments, as the place that the scripts run in has them: Buffers in Node, Blobs in browsers.

const bytesOf = (text) => Uint8Array.from(text, (character) => character.codePointAt(0));
const textOf = (bytes) => Array.from(bytes, (byte) => String.fromCodePoint(byte)).join("");

// The content whose bytes are the characters of a text.
export const content = (text, type = "") => (typeof Buffer === "function" ? Buffer.from(bytesOf(text)) : new Blob([bytesOf(text)], { type }));

// A value with what contents hold in their place.
export async function readable(value) {
  if (value instanceof Blob) {
    return { content: "a Blob", type: value.type, text: textOf(new Uint8Array(await value.arrayBuffer())) };
  }
  if (value instanceof Uint8Array) {
    return { content: value.constructor.name, text: textOf(value) };
  }
  if (Array.isArray(value)) {
    return Promise.all(value.map(readable));
  }
  if (typeof value !== "object" || value === null || value instanceof Error || value.error === true) {
    return value;
  }
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([name, member]) => [name, await readable(member)])));
}
