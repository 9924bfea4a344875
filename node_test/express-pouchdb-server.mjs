// A CouchDB-like server that is not ours: express-pouchdb over PouchDB in memory, for tests.
//
// It listens on a free port of 127.0.0.1, prints "listening on <port>", and ends when its standard input closes, so that it cannot outlive who started it.
// --latency <ms> delays every answer.

import { createRequire } from "node:module"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const require = createRequire(import.meta.url)
const express = require("express")
const PouchDB = require("pouchdb").defaults({ adapter: "memory" })
PouchDB.plugin(require("pouchdb-adapter-memory"))
const expressPouchDB = require("express-pouchdb")

// express-pouchdb throws some errors of changes feeds where nobody can catch them. They concern one request, not the server.
process.on("uncaughtException", (error) => console.error("express-pouchdb:", error.message))
process.on("unhandledRejection", (error) => console.error("express-pouchdb:", error?.message ?? error))

const latency = Number(process.argv[process.argv.indexOf("--latency") + 1] || 0)

// It writes a configuration file and a log into the working directory, and leaves what it was sent in the one for temporary files.
const scratch = mkdtempSync(join(tmpdir(), "express-pouchdb-"))
process.chdir(scratch)
process.env.TMPDIR = scratch
process.on("exit", () => {
  process.chdir("/")
  rmSync(scratch, { recursive: true, force: true })
})

const app = express()
if (latency > 0) app.use((_request, _response, next) => setTimeout(next, latency))
app.use("/", expressPouchDB(PouchDB, { mode: "minimumForPouchDB", overrideMode: { include: ["routes/find", "routes/ddoc-info"] }, inMemoryConfig: true, logPath: join(scratch, "log.txt") }))

const server = app.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`))
process.stdin.on("end", () => process.exit(0)).resume()
