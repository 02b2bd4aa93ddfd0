/**
 * What the package says to the questions of `sigmapol conformance --exec`, a line to a line, doubles
 * as their bits. It refers to nothing outside of itself, since it is sent into a page as text.
 *
 * `how` is `prepared` for decisions over catalogs that are loaded for each.
 */
export async function answering({ load }, how) {
  const engine = await load();
  const view = new DataView(new ArrayBuffer(8));
  const bits = (number) => {
    view.setFloat64(0, number);
    return view.getBigUint64(0).toString(16).padStart(16, "0");
  };

  const ASK = ["request", "body", "seed", "now_ms", "failures"];
  /** The members are taken apart, which keeps every number: they are doubles before and after. */
  function overCatalog(policy, text) {
    const ctx = JSON.parse(text);
    const pick = (names) => Object.fromEntries(names.filter((name) => name in ctx).map((name) => [name, ctx[name]]));
    const catalog = engine.catalog(pick(["candidates", "vocabulary", "state"]));
    return catalog.policy(policy, pick(["envelope", "customs"]))(pick(ASK));
  }

  const verbs = {
    admit: ([term, vocabulary]) => engine.admit(term, vocabulary),
    hash: ([term, vocabulary]) => engine.hash(term, vocabulary),
    decide([policy, ctx]) {
      const decision = how === "prepared" ? overCatalog(policy, ctx) : engine.decide(policy, ctx);
      return {
        identity: decision.identity,
        ordered: decision.ordered.map(({ candidate, score }) => [candidate, bits(score)]),
        rejected: decision.rejected.map(({ candidate, reason }) => [candidate, reason]),
        request: decision.requestText,
        reactions: decision.reactions.map(({ action, backoffMs }) => [JSON.stringify(action), bits(backoffMs)]),
        cost: String(decision.cost),
      };
    },
    step([run, event]) {
      const { state, effect, logs, cost, run: after } = engine.step(run ?? undefined, event);
      const wanted = {
        call: () => JSON.stringify(effect.request),
        wait: () => bits(effect.untilMs),
        done: () => JSON.stringify(effect.outcome),
      };
      return {
        run: after,
        state,
        effect: { [effect.kind]: wanted[effect.kind]() },
        logs: logs.map((log) => JSON.stringify(log)),
        cost: String(cost),
      };
    },
  };

  return (line) => {
    const { verb, args } = JSON.parse(line);
    try {
      return JSON.stringify({ ok: verbs[verb](args) });
    } catch (error) {
      const { name, code, message } = error;
      return JSON.stringify(name === "Refusal" ? { refused: { code, message } } : { failed: String(error) });
    }
  };
}
