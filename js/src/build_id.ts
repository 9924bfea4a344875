declare const GOUCHDB_BUILD_ID: string;
declare const GOUCHDB_VERSION: string;

/** Set by the build in the shell and in the engine alike: only the two of one build work together. */
export const buildID: string = GOUCHDB_BUILD_ID;

/** The version of this package. */
export const version: string = GOUCHDB_VERSION;
