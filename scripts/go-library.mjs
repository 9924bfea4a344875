// Go's runtime can trace its own execution, measure and profile itself, obey GODEBUG, call C, give memory back, and look into its state before it fails. A page asks for none of
// that, but the linker keeps it, for a setting might turn it on: compressed, it is a tenth of the engine. libraryOverlay makes copies of Go's own files in which
// these functions are empty, and in which the settings have the values that they have anyway, for the compiler's option -overlay. What then is not reached,
// the linker leaves out.
//
// What a panic prints stays: its message, and the names of this project's functions.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// GODEBUG's settings that are off where nobody sets them, or that concern operating systems and C.
const SETTINGS = [
  ["cgocheck", "clobberfree", "containermaxprocs", "decoratemappings", "disablethp", "dontfreezetheworld", "efence", "gccheckmark", "gcpacertrace", "gcshrinkstackoff"],
  ["gcstoptheworld", "gctrace", "harddecommit", "inittrace", "checkfinalizers", "profstackdepth", "sbrk", "scavtrace", "scheddetail", "schedtrace"],
  ["traceCheckStackOwnership", "tracebackancestors", "tracefpunwindoff", "updatemaxprocs"],
].flat();
const READ = String.raw`(?!\s*=[^=])`; // and not assigned

// For each package: expressions that have only one value here, and the bodies that its functions get.
const CHANGES = {
  runtime: {
    values: [
      [String.raw`(?<![&\w])debug\.(${SETTINGS.join("|")})\b${READ}`, "int32(0)"],
      [String.raw`(?<![&\w])debug\.malloc\b${READ}`, "false"],
      [String.raw`(?<=if |&& |\|\| |!)iscgo\b`, "false"],
      // Package testing/synctest's bubbles of goroutines.
      [String.raw`\b[\w.()]+\.bubble != nil`, "false"],
      [String.raw`\b[\w.()]+\.bubble == nil`, "true"],
    ],
    bodies: {
      // The execution tracer.
      traceEnabled: "return false",
      traceAllocFreeEnabled: "return false",
      traceShuttingDown: "return false",
      traceAcquire: "return traceLocker{}",
      traceAcquireEnabled: "return traceLocker{}",
      "traceLocker.ok": "return false",
      "traceLocker.eventWriter": "return traceEventWriter{}",
      "traceWriter.refill": "return w",
      "traceWriter.event": "return w",
      "traceWriter.writeGoStatus": "return w",
      traceAdvance: "",
      traceCPUSample: "",
      traceReadCPU: "return false",
      traceReader: "return nil",
      traceReaderAvailable: "return nil",
      traceStack: "return 0",
      traceSyncBatch: "",
      traceThreadDestroy: "",
      // Metrics and profiles.
      initMetrics: `throw("metrics are left out of this build")`,
      "timeHistogram.record": "",
      blockevent: "",
      doRecordGoroutineProfile: "",
      fpunwindExpand: "return 0",
      mProf_Flush: "",
      mProf_FlushLocked: "",
      mProf_Free: "",
      mProf_Malloc: "",
      mProf_NextCycle: "",
      mProf_PostSweep: "",
      mutexevent: "",
      "profBuf.read": "return nil, nil, true",
      "profBuf.write": "",
      profilealloc: "",
      saveBlockEventStack: "",
      saveblockevent: "",
      setprofilebucket: "",
      tryRecordGoroutineProfile: "",
      tryRecordGoroutineProfileWB: "",
      // GODEBUG.
      "godebugInc.IncNonDefault": "",
      parsegodebug: "",
      printScavTrace: "",
      reparsedebugvars: "",
      schedtrace: "",
      fmtNSAsMS: "return buf",
      // What C calls, and what calls C.
      callCgoSymbolizer: "",
      cgoContextPCs: "",
      expandCgoFrames: "return nil",
      oneNewExtraM: "",
      printCgoTraceback: "",
      printOneCgoTraceback: "return false",
      // Tests of the compiler's and the linker's work, and of the collector's.
      check: "",
      checkFinalizersAndCleanups: "",
      findGoroutineLeaks: "return false",
      moduledataverify1: "",
      setCheckmark: "return false",
      // Memory, arguments and ancestors shown beside a failure's message.
      badPointer: `throw("found bad pointer in Go heap")`,
      dumpgstatus: "",
      gcDumpObject: "",
      hexdumpWords: "",
      "mspan.reportZombies": `throw("found pointer to free object")`,
      printAncestorTraceback: "",
      printArgs: "",
      printanycustomtype: "",
      tracebackHexdump: "",
      goroutineheader: String.raw`print("goroutine ", gp.goid, " [", gp.waitreason.String(), "]:\n")`,
      panicwrap: `panic(plainError("a value method was called with a nil pointer"))`,
      // Giving memory back to the operating system: WebAssembly's only grows.
      bgscavenge: "c <- 1",
      gcPaceScavenger: "",
      "pageAlloc.scavenge": "return 0",
      "scavengeIndex.alloc": "",
      "scavengeIndex.free": "",
      "scavengeIndex.grow": "return 0",
      "scavengeIndex.init": "return 0",
      "scavengeIndex.nextGen": "",
      "scavengerState.ready": "",
      "scavengerState.wake": "",
      // A collector that has more than half of all processors for long enough no longer makes others help: what saves a program that has reached its memory limit. There is none.
      "gcCPULimiterState.finishGCTransition": "",
      "gcCPULimiterState.needUpdate": "return false",
      "gcCPULimiterState.resetCapacity": "",
      "gcCPULimiterState.startGCTransition": "",
      "gcCPULimiterState.update": "",
      "limiterEvent.start": "return false",
      "limiterEvent.stop": "",
      "gcControllerState.memoryLimitHeapGoal": "return ^uint64(0)",
      // For programs of several modules or arenas, for synctest, and for machines whose number of processors changes.
      getOrSetBubbleSpecial: "return 0",
      "mspan.setUserArenaChunkToFault": "",
      "synctestBubble.changegstatus": "",
      typelinksinit: "",
      updateMaxProcsGoroutine: "",
      // Only what is left out asks for it.
      FuncForPC: "return nil",
    },
  },
  "internal/godebug": {
    bodies: { init: "", newIncNonDefault: "return nil", "Setting.IncNonDefault": "", "Setting.Value": `return ""`, "Setting.register": "", update: "" },
  },
  // What needs reflection; how times and contexts print themselves, which the linker cannot tell from what is used; and the local time, where UTC will do.
  errors: { values: [["var errorType = .*", "var errorType reflectlite.Type"]], bodies: { As: `panic("errors.As is left out of this build: errors.AsType needs no reflection")` } },
  context: { bodies: { contextName: `return "context"`, stringify: `return "a value"`, "timerCtx.String": `return contextName(c.cancelCtx.Context) + ".WithDeadline"` } },
  // GODEBUG's settings of processors.
  "internal/cpu": { bodies: { processOptions: "" } },
  // Which of Unicode's characters cannot be seen takes tables. What is quoted here, in messages, shows those as they are that do not control anything.
  strconv: {
    bodies: {
      IsPrint: "return r >= ' ' && r != 0x7f",
      isInGraphicList: "return false",
      appendEscapedRune: String.raw`
	switch {
	case r == rune(quote) || r == '\\':
		return append(buf, '\\', byte(r))
	case r == '\n':
		return append(buf, '\\', 'n')
	case r >= ' ' && r != 0x7f:
		return utf8.AppendRune(buf, r)
	}
	return append(buf, '\\', 'x', lowerhex[byte(r)>>4], lowerhex[byte(r)&15])`,
    },
  },
  // Numbers of 32 bits, and hexadecimal and binary ones; and complex ones, which only the runtime prints, where it cannot panic.
  "internal/strconv": {
    bodies: {
      AppendComplex: "return dst",
      ...Object.fromEntries(["atof32", "dboxFtoa32", "fmtB", "fmtX"].map((name) => [name, `panic("strconv.${name} is left out of this build")`])),
    },
  },
  time: {
    bodies: { initLocal: `localLoc.name = "UTC"`, "Time.GoString": `panic("time.Time.GoString is left out of this build")`, "Time.String": `panic("time.Time.String is left out of this build")`, tzset: `return "", 0, 0, 0, false, false` },
  },
};

/** Settings of the compiler's experiments that belong to it: a collector for large heaps on many processors is more code, too. */
export const GOEXPERIMENT = "nogreenteagc";

/**
 * Writes the copies and their list into a directory, which Go should not take for a package (its name begins with an underscore), and returns the list's path. Packages of Go's may stay as they
 * are. It throws where Go has changed, so that someone looks.
 */
export function libraryOverlay(goroot, directory, unchanged = []) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const replaced = {};
  for (const [name, { values = [], bodies }] of Object.entries(CHANGES).filter(([name]) => !unchanged.includes(name))) {
    const from = join(goroot, "src", name);
    const missing = new Set(Object.keys(bodies));
    for (const file of readdirSync(from).filter((file) => file.endsWith(".go") && !file.endsWith("_test.go"))) {
      const source = readFileSync(join(from, file), "utf8");
      const changed = withBodies(values.reduce((text, [pattern, value]) => text.replace(new RegExp(pattern, "g"), value), source), bodies, missing);
      if (changed !== source) {
        const copy = join(directory, `${name.replaceAll("/", "_")}_${file}`);
        writeFileSync(copy, withoutUnusedImports(changed));
        replaced[join(from, file)] = copy;
      }
    }
    if (missing.size > 0) {
      throw new Error(`Go's package ${name} has no ${[...missing].join(", ")}: has another version of Go renamed them?`);
    }
  }
  const list = join(directory, "overlay.json");
  writeFileSync(list, JSON.stringify({ Replace: replaced }));
  return list;
}

// Go's files are formatted: a function ends at the first brace that begins a line.
function withBodies(source, bodies, missing) {
  for (const [name, body] of Object.entries(bodies)) {
    const [method, receiver] = name.split(".").reverse();
    const head = receiver ? String.raw`func \((?:\w+ )?\*?${receiver}\) ${method}\(` : String.raw`func ${method}\(`;
    source = source.replace(new RegExp(String.raw`^(${head}.*)\{\n[^]*?\n\}\n`, "m"), (_, signature) => {
      missing.delete(name);
      return `${signature}{ ${body} }\n`;
    });
  }
  return source;
}

function withoutUnusedImports(source) {
  const code = source.replace(/^import \([^]*?\n\)/m, "").replace(/^import .*$/gm, "").replace(/\/\/.*$/gm, "");
  const isUsed = (line) => {
    const [, alias, path] = /(?:(\w+) )?"([^"]+)"/.exec(line) ?? [];
    return path === undefined || alias === "_" || new RegExp(String.raw`\b${alias ?? path.split("/").pop()}\.`).test(code);
  };
  return source
    .replace(/^import \(\n([^]*?)\n\)/m, (_, lines) => `import (\n${lines.split("\n").filter(isUsed).join("\n")}\n)`)
    .replace(/^import ".*"\n/m, (line) => (isUsed(line.replace("import ", "")) ? line : ""));
}
