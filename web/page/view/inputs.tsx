import * as page from "../state.js";
import type { Part } from "../worker/protocol.js";
import { Catalog } from "./catalog.js";
import { More } from "./more.js";
import { Providers } from "./providers.js";
import { Request } from "./request.js";
import { Tabs } from "./tabs.js";

/** Everything else that a decision may know. */
export function Inputs() {
  const wrong = (...parts: Part[]) => page.answer.value.faults.some(({ part }) => parts.includes(part));
  return (
    <section class="panel inputs" aria-label="inputs">
      <Tabs
        id="inputs" label="inputs" chosen={page.input}
        tabs={[
          { name: "catalog", count: page.candidates.value.length, wrong: wrong("catalog"), body: () => <Catalog /> },
          { name: "request", wrong: wrong("request", "seed"), body: () => <Request /> },
          { name: "providers", wrong: wrong("state"), body: () => <Providers /> },
          { name: "more", wrong: wrong("envelope", "vocabulary", "customs"), body: () => <More /> },
        ]}
      />
    </section>
  );
}
