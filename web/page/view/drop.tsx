import { useEffect, useState } from "preact/hooks";
import { openFiles } from "../files.js";

/** Files may be dropped anywhere on the page. */
export function Drop() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const files = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent) => {
      if (!files(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!files(event)) return;
      event.preventDefault();
      event.stopPropagation();
      setOver(false);
      void openFiles([...event.dataTransfer!.files]);
    };
    // before an editor takes the file as text
    const options = { capture: true };
    addEventListener("dragenter", enter, options);
    addEventListener("dragover", enter, options);
    addEventListener("dragleave", leave, options);
    addEventListener("drop", drop, options);
    return () => {
      removeEventListener("dragenter", enter, options);
      removeEventListener("dragover", enter, options);
      removeEventListener("dragleave", leave, options);
      removeEventListener("drop", drop, options);
    };
  }, []);
  return over ? <div class="drop">a policy, a catalog or a ledger</div> : null;
}
