// Go's linker puts into every program, for each function, tables that map its code to files, lines and inlined calls. Only stack traces read
// them, and compressed they are a tenth of the engine. stripLines leaves them out: traces then name functions, without lines. What the garbage
// collector and panics read (the size of each frame, and which of its words are pointers) stays.

const MAGIC = 0xfffffff1; // of the table of Go 1.20 and later
const HEADER_SIZE = 72;

// Offsets in Go's runtime._func.
const PCSP = 16;
const PCFILE = 20;
const PCLN = 24;
const NPCDATA = 28;
const START_LINE = 36;
const NFUNCDATA = 43;
const PCDATA = 44;
// Those of a function's further tables that more than a trace or a preempting signal, which wasm has not, looks into.
const STACK_MAP_INDEX = 1;
const PANIC_BOUNDS = 4;
// A function's data that only traces look into.
const INLINE_TREE = 3;
const ARGUMENTS = 5;
const LIVE_ARGUMENTS = 6;
const NONE = 0xffffffff;

// stripLines changes the content of a program's merged data segments.
export function stripLines(data) {
  const header = findHeader(data);
  const word = (index) => Number(data.readBigUInt64LE(header + 8 + 8 * index));
  const functionCount = word(0);
  const files = data.subarray(header + word(4), header + word(6)); // and before them, which files each unit of compilation has
  const tables = data.subarray(header + word(6), header + word(7));
  const functions = data.subarray(header + word(7));

  const kept = [Buffer.alloc(1)]; // offset 0 says that there is no table
  const moved = new Map([[0, 0]]);
  let length = 1;
  const keep = (at) => {
    const offset = functions.readUInt32LE(at);
    if (!moved.has(offset)) {
      const table = tables.subarray(offset, endOfTable(tables, offset));
      kept.push(Buffer.from(table));
      moved.set(offset, length);
      length += table.length;
    }
    functions.writeUInt32LE(moved.get(offset), at);
  };

  for (let index = 0; index < functionCount; index++) {
    const at = functions.readUInt32LE(8 * index + 4);
    keep(at + PCSP);
    functions.writeUInt32LE(0, at + PCFILE);
    functions.writeUInt32LE(0, at + PCLN);
    functions.writeUInt32LE(0, at + START_LINE);
    const tableCount = functions.readUInt32LE(at + NPCDATA);
    for (let table = 0; table < tableCount; table++) {
      if (table === STACK_MAP_INDEX || table === PANIC_BOUNDS) {
        keep(at + PCDATA + 4 * table);
      } else {
        functions.writeUInt32LE(0, at + PCDATA + 4 * table);
      }
    }
    const funcdata = at + PCDATA + 4 * tableCount;
    for (const kind of [INLINE_TREE, ARGUMENTS, LIVE_ARGUMENTS]) {
      if (kind < functions[at + NFUNCDATA]) {
        functions.writeUInt32LE(NONE, funcdata + 4 * kind);
      }
    }
  }
  files.fill(0);
  tables.fill(0);
  Buffer.concat(kept).copy(tables);
}

function findHeader(data) {
  const magic = Buffer.alloc(8);
  magic.writeUInt32LE(MAGIC, 0);
  magic[6] = 1; // the smallest instruction
  magic[7] = 8; // bytes of a pointer
  const at = data.indexOf(magic);
  if (at < 0 || Number(data.readBigUInt64LE(at + 32)) !== HEADER_SIZE || data.indexOf(magic, at + 1) >= 0) {
    throw new Error("the table of functions is not as Go 1.26 writes it");
  }
  return at;
}

// A table is pairs of variable-length numbers, a difference of the value and one of the address; a value's difference of 0 ends it, except in the first pair.
function endOfTable(tables, offset) {
  let at = offset;
  for (let first = true; first || tables[at] !== 0; first = false) {
    at = skipNumber(tables, skipNumber(tables, at));
  }
  return at + 1;
}

function skipNumber(bytes, at) {
  while (bytes[at] >= 128) {
    at++;
  }
  return at + 1;
}
