import { jsonLanguage } from "@codemirror/lang-json";

export type Tree = ReturnType<typeof jsonLanguage.parser.parse>;
export type SyntaxNode = Tree["topNode"];

/** The longest text that is read as a tree here, in characters; a policy is much shorter. */
export const READABLE = 1 << 20;

const VALUES = new Set(["Array", "Object", "String", "Number", "True", "False", "Null"]);

/** The tree of a text, or nothing where it is too long to be read at once. */
export const treeOf = (text: string): Tree | undefined =>
  text.length > READABLE ? undefined : jsonLanguage.parser.parse(text);

/** The one value of a text. */
export const rootOf = (tree: Tree): SyntaxNode | undefined => valuesOf(tree.topNode)[0];

/** The values in an array, in their order. */
export function valuesOf(node: SyntaxNode): SyntaxNode[] {
  const values: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (VALUES.has(child.name)) values.push(child);
  }
  return values;
}

/** The properties of an object by their keys: the property, and its value if it has one. */
export function propertiesOf(node: SyntaxNode, text: string): Map<string, { key: SyntaxNode; value?: SyntaxNode }> {
  const properties = new Map<string, { key: SyntaxNode; value?: SyntaxNode }>();
  for (const property of node.getChildren("Property")) {
    const key = property.getChild("PropertyName");
    const value = valuesOf(property)[0];
    if (key) properties.set(stringOf(key, text), { key, ...(value ? { value } : {}) });
  }
  return properties;
}

/** What a string or the name of a property says. */
export function stringOf(node: SyntaxNode, text: string): string {
  const quoted = text.slice(node.from, node.to);
  try {
    return JSON.parse(quoted);
  } catch {
    return quoted.replace(/^"|"$/g, "");
  }
}

/** The operation of a term, as a node of the tree. */
export function opOf(term: SyntaxNode): SyntaxNode | undefined {
  const first = term.name === "Array" ? valuesOf(term)[0] : undefined;
  return first?.name === "String" ? first : undefined;
}
