import { textOf } from "../logic/candidate.js";
import { candidates, vocabulary } from "../state.js";
import { isRecord, parsed } from "../logic/texts.js";
import * as signature from "../logic/signature.js";

/** A name that may be written, and what it says. */
export interface Name {
  name: string;
  about?: string;
}

const told = (names: Record<string, string>): Name[] => Object.entries(names).map(([name, about]) => ({ name, about }));
const plain = (names: Iterable<string>): Name[] => [...names].map((name) => ({ name }));

/** The values of a key over all candidates, each once. */
function values(key: "provider_id" | "model_family"): string[] {
  return [...new Set(candidates.peek().map((candidate) => textOf(candidate[key])))].sort().slice(0, 500);
}

function declared(sort: "Num" | "Bool"): Name[] {
  const value = parsed(vocabulary.peek());
  const fields = isRecord(value) && isRecord(value.fields) ? value.fields : {};
  const fitting = Object.entries(fields).filter(([, field]) => isRecord(field) && field.sort === sort);
  return fitting.map(([name]) => ({ name, about: "declared by the vocabulary" }));
}

function tiers(): string[] {
  const value = parsed(vocabulary.peek());
  return isRecord(value) && Array.isArray(value.tier_order) ? value.tier_order.map(textOf) : signature.TIERS;
}

/** The names that a domain has here: of the language, the vocabulary and the catalog. */
export function namesOf(domain: signature.Domain): Name[] {
  switch (domain) {
    case "NumField": return [...told(signature.NUM_FIELDS), ...declared("Num")];
    case "BoolField": return [...told(signature.BOOL_FIELDS), ...declared("Bool")];
    case "Rel": return told(signature.RELATIONS);
    case "Tier": return plain(tiers());
    case "Family": return plain(values("model_family"));
    case "Provider": case "ServedBy": return plain(values("provider_id"));
    case "Capability": return plain(signature.CAPABILITIES);
    case "ParamName": return plain(signature.PARAMETERS);
    case "FailReason": return plain(signature.FAILURES);
    default: return [];
  }
}
