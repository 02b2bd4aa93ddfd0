import * as digests from "../build/component/digests.js";

/** The SHA-256 of the component that this package is made of: the one that hosts embed, and that ledgers name. */
export const COMPONENT_SHA256: string = digests.COMPONENT_SHA256;

/** The SHA-256 of the core module inside of it: the bytes that run. */
export const CORE_SHA256: string = digests.CORE_SHA256;
