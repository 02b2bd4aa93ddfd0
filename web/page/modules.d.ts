declare module "*.css";

/** A worker whose code travels in the script that starts it. */
declare module "*?worker&inline" {
  const Inline: new () => Worker;
  export default Inline;
}

declare module "*?raw" {
  const text: string;
  export default text;
}
