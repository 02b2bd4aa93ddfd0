import { signal } from "@preact/signals";
import { Canonical } from "./canonical.js";
import { Failover } from "./failover.js";
import { Sent } from "./sent.js";
import { Tabs } from "./tabs.js";

export const outcome = signal("sent");

/** What follows from the decision. */
export function Outcome() {
  return (
    <section class="panel outcome" aria-label="outcome">
      <Tabs
        id="outcome" label="outcome" chosen={outcome}
        tabs={[
          { name: "sent", body: () => <Sent /> },
          { name: "failover", body: () => <Failover /> },
          { name: "canonical form", body: () => <Canonical /> },
        ]}
      />
    </section>
  );
}
