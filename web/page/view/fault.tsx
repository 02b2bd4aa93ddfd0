import { Outside } from "./outside.js";
import type { Fault } from "../worker/protocol.js";

/** What is refused, in the engine's words. */
export function Refused({ fault }: { fault: Fault | undefined }) {
  return fault ? <div class="strip fault" role="status"><span class="message"><Outside text={fault.message} /></span></div> : null;
}
