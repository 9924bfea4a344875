// The documents of the benchmark: about 600 bytes of JSON each, every fiftieth about 5 KB. The same on every run.

const words = "lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor invidunt ut labore et dolore magna aliquyam erat".split(" ");

// A small generator of pseudo-random numbers (mulberry32), so that contenders see the same data.
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const idOf = (n) => `document-${String(n).padStart(6, "0")}`;

/** Document number n in its edition, which an update raises. */
export function documentOf(n, edition = 1) {
  const next = random(n * 31 + edition);
  const pick = () => words[Math.floor(next() * words.length)];
  const text = (length) => {
    let line = "";
    while (line.length < length) {
      line += `${pick()} ${Math.floor(next() * 1e6).toString(36)} `;
    }
    return line;
  };
  return {
    _id: idOf(n),
    type: "task",
    n,
    edition,
    title: `Task ${n}: ${text(40)}`,
    done: next() < 0.3,
    priority: Math.floor(next() * 5),
    estimate: Math.round(next() * 1000) / 8,
    tags: [pick(), pick(), pick()],
    owner: { name: `${pick()} ${pick()}`, mail: `${pick()}@example.com` },
    created: new Date(1.7e12 + n * 60_000).toISOString(),
    text: text(n % 50 === 7 ? 4750 : 230),
  };
}

export const documents = (from, to, edition) => Array.from({ length: to - from }, (_, i) => documentOf(from + i, edition));

/** Throws unless a document that was read is number n in that edition. */
export function checkDocument(doc, n, edition = 1) {
  const { _rev, ...content } = doc ?? {};
  // Members come back in any order.
  const canonical = (value) => JSON.stringify(value, (_, part) =>
    part && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part);
  const expected = canonical(documentOf(n, edition));
  if (canonical(content) !== expected) {
    throw new Error(`document ${n} in edition ${edition} came back as ${canonical(content).slice(0, 200)} in place of ${expected.slice(0, 200)}`);
  }
}
