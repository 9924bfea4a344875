import module from "./gouchdb.wasm";
import { setHost } from "../host.js";

// Workers compile nothing themselves: the module comes with the code. There is no place there for databases but memory and the network.
setHost({
  localAdapter: "memory",
  system: {},
  load: () => Promise.resolve(module),
});

export * from "../index.js";
export { default } from "../index.js";
