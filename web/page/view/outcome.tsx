import * as page from "../state.js";
import { Canonical } from "./canonical.js";
import { Failover } from "./failover.js";
import { Json } from "./json.js";
import { Ledger } from "./ledger.js";
import { Sent } from "./sent.js";
import { Tabs } from "./tabs.js";

/** What follows from the decision. */
export function Outcome() {
  return (
    <section class="panel outcome" aria-label="outcome">
      <Tabs
        id="outcome" label="outcome" chosen={page.outcome}
        tabs={[
          { name: "sent", body: () => <Sent /> },
          { name: "failover", body: () => <Failover /> },
          { name: "canonical form", body: () => <Canonical /> },
          { name: "json", body: () => <Json /> },
          { name: "ledger", wrong: page.ledger.value?.audit?.damage !== undefined, body: () => <Ledger /> },
        ]}
      />
    </section>
  );
}
