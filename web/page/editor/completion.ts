import {
  autocompletion, type Completion, type CompletionContext, type CompletionResult, insertCompletionText,
  snippetCompletion,
} from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import * as signature from "../logic/signature.js";
import { visible } from "../logic/visible.js";
import { namesOf } from "./names.js";
import { placeAt } from "./place.js";
import { READABLE, stringOf, type SyntaxNode } from "./tree.js";

/** Completes terms of a sort. */
export function completion(sort: signature.Sort): Extension {
  return autocompletion({ override: [(context) => complete(context, sort)], icons: false, maxRenderedOptions: 60 });
}

function complete(context: CompletionContext, sort: signature.Sort): CompletionResult | null {
  const { state, pos } = context;
  if (state.doc.length > READABLE) return null;
  const text = state.doc.toString();
  const tree = syntaxTree(state);
  const own = inObject(tree.resolveInner(pos, -1), text, pos);
  if (own) return result(own.from, own.options);
  const place = placeAt(tree, text, pos, sort);
  if (!place) return null;
  const node = place.node?.name === "String" ? place.node : undefined;
  if (node && pos <= node.from) return null;
  if (!node && !context.explicit && !/[[",\s\w]/.test(text.charAt(pos - 1))) return null;
  const options = place.kind === "operation"
    ? operations(place.sort, place.rest, false)
    : place.node && !node && !isWord(place.node) ? [] : argumentsOf(place.domain);
  return result(node ? node.from + 1 : word(context), options);
}

/** A word without quotes is being written; it is no JSON yet. */
const isWord = ({ name }: SyntaxNode): boolean => name !== "Array" && name !== "Object" && name !== "Number";

/** Where the word before the position begins. */
const word = (context: CompletionContext): number => context.matchBefore(/[\w.:/-]*/)?.from ?? context.pos;

/** Options are labelled by names; what is inserted has its quotes, whatever is there of them. */
function result(from: number, options: Completion[]): CompletionResult | null {
  return options.length === 0 ? null : { from, options: options.map(overQuotes), validFor: /^[\w.:/-]*$/ };
}

function overQuotes(option: Completion): Completion {
  const { apply = JSON.stringify(option.label) } = option;
  return {
    ...option,
    apply: (view, completion, from, to) => {
      const quoted = view.state.sliceDoc(from - 1, from) === '"';
      const rest = quoted ? /^[^"\n]*"/.exec(view.state.sliceDoc(to, to + 300)) : null;
      const [start, end] = [quoted ? from - 1 : from, to + (rest?.[0].length ?? 0)];
      if (typeof apply === "function") apply(view, completion, start, end);
      else view.dispatch(insertCompletionText(view.state, apply, start, end));
    },
  };
}

function operations(sort: signature.Sort, rest: boolean, whole: boolean): Completion[] {
  return signature.OPERATIONS.filter((operation) => operation.sort === sort).map((operation) => {
    const { op } = operation;
    const option: Completion = {
      label: op,
      detail: signature.formOf(operation).slice(op.length),
      info: signature.MEANINGS[op] ?? "",
      type: "operation",
    };
    if (rest) return option;
    const inner = [`"${op}"`, ...operation.arguments.map(hole)].join(", ");
    return snippetCompletion(whole ? `[${inner}]` : inner, option);
  });
}

/** What stands in an argument place until something is written there: a field of a snippet. */
function hole(domain: signature.Domain, at: number): string {
  const field = (text = "") => `\${${at + 1}${text && `:${text}`}}`;
  if (signature.isSort(domain) || domain === "Recipe") return `[${field()}]`;
  switch (domain) {
    case "Num": case "Count": return field("1");
    case "Scalar": return field("0");
    case "Action": return `{"action": "${field("next_candidate")}"}`;
    case "Chain": return '[{"provider": "${1}", "model": "${2}"}]';
    default: return `"${field()}"`;
  }
}

function argumentsOf(domain: signature.Domain): Completion[] {
  if (signature.isSort(domain)) return operations(domain, false, true);
  if (domain === "Action") {
    return Object.entries(signature.ACTIONS).map(([action, info]) => (
      { label: action, apply: `{"action": "${action}"}`, info, type: "parameter" }
    ));
  }
  return named(namesOf(domain));
}

const named = (names: { name: string; about?: string }[]): Completion[] =>
  names.map(({ name, about }) => ({ label: name, displayLabel: visible(name), type: "parameter", ...(about ? { info: about } : {}) }));

/** Keys and values of actions and links. */
function inObject(node: SyntaxNode, text: string, at: number): { from: number; options: Completion[] } | undefined {
  const property = up(node, "Property");
  const key = property?.getChild("PropertyName");
  const string = node.name === "String" || node.name === "PropertyName" ? node : undefined;
  if (string && key && string.from === key.from && at > string.from) {
    const keys = Object.entries(signature.ACTION_KEYS).map(([name, about]) => ({ name, about }));
    return { from: string.from + 1, options: named(keys) };
  }
  if (!property || !key || !string || at <= string.from) return undefined;
  const name = stringOf(key, text);
  const options = name === "action" || name === "then_action"
    ? Object.entries(signature.ACTIONS).map(([name, about]) => ({ name, about }))
    : name === "provider" || name === "provider_id" ? namesOf("Provider")
    : name === "model" || name === "model_family" ? namesOf("Family") : [];
  return { from: string.from + 1, options: named(options) };
}

function up(node: SyntaxNode | null, name: string): SyntaxNode | undefined {
  for (; node && node.name !== "Array" && node.name !== "Object"; node = node.parent) {
    if (node.name === name) return node;
  }
  return undefined;
}
