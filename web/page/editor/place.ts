import { type Domain, domainOf, isSort, type Sort } from "../logic/signature.js";
import { rootOf, stringOf, type SyntaxNode, type Tree, valuesOf } from "./tree.js";

/** Where in a policy something is being written. */
export type Place =
  /** The operation of a term; `rest` says whether it has arguments already. */
  | { kind: "operation"; sort: Sort; node?: SyntaxNode; rest: boolean }
  /** An argument place, with what is there. */
  | { kind: "argument"; domain: Domain; op: string; place: number; node?: SyntaxNode };

/** The place at a position, in a text that is a term of this sort. */
export function placeAt(tree: Tree, text: string, at: number, sort: Sort): Place | undefined {
  const root = rootOf(tree);
  if (!root || at <= root.from || !inside(root, at)) {
    return { kind: "argument", domain: sort, op: "", place: 0, ...(root ? { node: root } : {}) };
  }
  return within(root, text, at, sort);
}

function within(term: SyntaxNode, text: string, at: number, sort: Domain): Place | undefined {
  if (term.name !== "Array" || !isSort(sort)) return undefined;
  const values = valuesOf(term);
  const place = values.findIndex((value) => at <= value.to);
  const index = place === -1 ? values.length : place;
  const node = values[index];
  const here = node && at >= node.from ? node : undefined;
  if (index === 0) return { kind: "operation", sort, rest: values.length > 1, ...(here ? { node: here } : {}) };
  const first = values[0]!;
  if (first.name !== "String") return undefined;
  const op = stringOf(first, text);
  const domain = domainOf(op, index);
  if (domain === undefined) return undefined;
  if (here && inside(here, at) && isSort(domain)) return within(here, text, at, domain);
  return { kind: "argument", domain, op, place: index, ...(here ? { node: here } : {}) };
}

/** Whether a position is between the ends of an array or object, or it has no end yet. */
function inside(node: SyntaxNode, at: number): boolean {
  if (node.name !== "Array" && node.name !== "Object") return false;
  const closed = node.lastChild?.name === "]" || node.lastChild?.name === "}";
  return at > node.from && (at < node.to || (at === node.to && !closed));
}
