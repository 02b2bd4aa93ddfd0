/** A score to six significant digits, to be compared by eye; the command's tables have as many. */
export const roundedScore = (score: number): string => scoreText(Number(score.toExponential(5)));

/** A score in the fewest digits that read back as the same double. */
export function scoreText(score: number): string {
  if (score === Infinity) return "∞";
  if (score === -Infinity) return "−∞";
  return String(score + 0).replace(/^-/, "−");
}

/** A bar, as parts of the width: where it begins, how long it is. */
export interface Bar {
  left: number;
  width: number;
  negative: boolean;
}

/** Bars from zero, over the finite scores; an infinite one has all of its side. */
export function barsOf(scores: ArrayLike<number>): (score: number) => Bar {
  let [least, greatest] = [0, 0];
  for (let at = 0; at < scores.length; at += 1) {
    const score = scores[at]!;
    if (!Number.isFinite(score)) continue;
    least = Math.min(least, score);
    greatest = Math.max(greatest, score);
  }
  // halves: the difference of two doubles may overflow
  const range = greatest / 2 - least / 2;
  const zero = range === 0 ? 0 : -least / 2 / range;
  return (score) => {
    const negative = score < 0;
    const part = range === 0 ? 0 : Math.min(1, Math.abs(score) / 2 / range);
    const width = Number.isFinite(score) ? part : negative ? zero : 1 - zero;
    return { left: negative ? zero - width : zero, width, negative };
  };
}

/** A time in microseconds, for people. */
export function timeText(micros: number): string {
  return micros < 1000 ? `${Math.round(micros)} µs` : `${(micros / 1000).toPrecision(3)} ms`;
}
