/** Numbers that JSON has no text for, written as the command writes them. */

/** A double: infinite ones are `"inf"` and `"-inf"`, NaN is `"NaN"`, a zero has no sign. */
export function finiteOrText(value: number): number | "inf" | "-inf" | "NaN" {
  if (Number.isFinite(value)) return value + 0;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
}

/** A cost as a number; as its digits where a double does not hold it. */
export function costNumber(cost: bigint): number | string {
  return cost <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(cost) : String(cost);
}
