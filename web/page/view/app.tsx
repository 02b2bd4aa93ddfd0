import * as page from "../state.js";
import { Decision } from "./decision.js";
import { Policy } from "./policy.js";

export function App() {
  return (
    <div class="page">
      <header class="top"><h1>sigmapol <span>playground</span></h1></header>
      <div />
      <main class="panels">
        <Policy />
        <Decision />
      </main>
      <footer class="status" data-busy={page.busy.value}>{page.busy.value ? "deciding" : "ready"}</footer>
    </div>
  );
}
