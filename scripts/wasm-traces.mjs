// Go's linker puts into every program, for each function, its name and tables that map its code to files, lines and inlined calls. Only stack traces
// read most of that, and compressed it is an eighth of the engine. shortenTraces leaves it out: traces then name the functions of this project, without
// lines. What the runtime reads stays: the size of each frame, which of its words are pointers, and the runtime's own names, by which it knows its
// goroutines from others.

const MAGIC = 0xfffffff1; // of the table of Go 1.20 and later
const HEADER_SIZE = 72;

const OWN_NAMES = "github.com/gouchdb/gouchdb/";
const RUNTIME_NAMES = "runtime.";

// Offsets in Go's runtime._func.
const NAME = 4;
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

// shortenTraces changes the content of a program's merged data segments.
export function shortenTraces(data) {
  const header = findHeader(data);
  const word = (index) => Number(data.readBigUInt64LE(header + 8 + 8 * index));
  const names = data.subarray(header + word(3), header + word(4));
  const functionCount = word(0);
  const files = data.subarray(header + word(4), header + word(6)); // and before them, which files each unit of compilation has
  const tables = data.subarray(header + word(6), header + word(7));
  const functions = data.subarray(header + word(7));

  const keptNames = packing(names, (offset) => shortName(names, offset));
  const keptTables = packing(tables, (offset) => Buffer.from(tables.subarray(offset, endOfTable(tables, offset))));
  const keep = (packed, at) => functions.writeUInt32LE(packed.place(functions.readUInt32LE(at)), at);

  for (let index = 0; index < functionCount; index++) {
    const at = functions.readUInt32LE(8 * index + 4);
    keep(keptNames, at + NAME);
    keep(keptTables, at + PCSP);
    functions.writeUInt32LE(0, at + PCFILE);
    functions.writeUInt32LE(0, at + PCLN);
    functions.writeUInt32LE(0, at + START_LINE);
    const tableCount = functions.readUInt32LE(at + NPCDATA);
    for (let table = 0; table < tableCount; table++) {
      if (table === STACK_MAP_INDEX || table === PANIC_BOUNDS) {
        keep(keptTables, at + PCDATA + 4 * table);
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
  keptNames.write();
  keptTables.write();
}

// packing moves to the beginning of a region what is still used of it. Offset 0 stands for nothing: no name, no table.
function packing(region, read) {
  const kept = [Buffer.alloc(1)];
  const places = new Map([[0, 0]]);
  const known = new Map([["", 0]]); // where what is kept already is
  let length = 1;
  return {
    place(offset) {
      if (!places.has(offset)) {
        const bytes = read(offset);
        const content = bytes.toString("latin1");
        if (!known.has(content)) {
          known.set(content, length);
          kept.push(bytes);
          length += bytes.length;
        }
        places.set(offset, known.get(content));
      }
      return places.get(offset);
    },
    write() {
      region.fill(0);
      Buffer.concat(kept).copy(region);
    },
  };
}

// A name ends with a zero. It is left out when it is neither ours nor the runtime's. A function within another one goes by the name of that, and an instance of a generic one by the name
// that all of them have.
function shortName(names, offset) {
  const name = names.toString("utf8", offset, names.indexOf(0, offset));
  if (name.startsWith(RUNTIME_NAMES)) {
    return Buffer.from(name + "\0");
  }
  if (name.includes(OWN_NAMES) && !name.startsWith("type:")) {
    return Buffer.from(name.replaceAll(OWN_NAMES, "").replace(/\[.*\]/, "").replace(/([.-](func|range|gowrap|deferwrap)?\d+)+$/, "") + "\0");
  }
  return Buffer.alloc(0);
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
