import { computed, signal } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import { openFiles } from "../files.js";
import { cellOf, catalogText, type Column, columnsOf, viewOf } from "../logic/columns.js";
import { edit } from "../update.js";
import * as page from "../state.js";
import { Refused } from "./fault.js";
import { Grid } from "./grid.js";

const columns = computed(() => columnsOf(page.vocabulary.value));
const faults = computed(() => page.answer.value.faults.filter(({ part }) => part === "catalog"));
const filter = signal("");
const sort = signal<{ column: Column; descending: boolean } | undefined>(undefined);

/** The candidates, to look at and to change. Sorting and filtering do not change their order. */
export function Catalog() {
  const candidates = page.candidates.value;
  // an edit must not move the row that is edited
  const view = useMemo(
    () => viewOf(candidates, filter.value, sort.value),
    [candidates.length, page.loaded.value, filter.value, sort.value],
  );
  const all = view.length === candidates.length;
  const [fault] = faults.value;
  const wrong = fault && cellOf(fault.message);
  const add = () => {
    const provider_id = candidates.at(-1)?.provider_id ?? "provider";
    edit({ at: candidates.length, remove: 0, with: [{ provider_id, model_family: "model" }] });
    filter.value = "";
    page.shown.value = candidates.length;
  };
  return (
    <>
      <div class="sub">
        <input
          class="search" type="search" placeholder="filter" aria-label="filter candidates" value={filter.value}
          onInput={({ currentTarget }) => (filter.value = currentTarget.value)}
        />
        <span class="count">{all ? "" : `${view.length.toLocaleString("en")} shown`}</span>
        <span class="gap" />
        <button type="button" class="button small" onClick={add}>add row</button>
        <Open />
        <button type="button" class="button small" onClick={save}>save</button>
      </div>
      <Grid columns={columns.value} view={view} sort={sort} {...(wrong ? { wrong } : {})} />
      <Refused fault={fault} />
    </>
  );
}

/** Chooses files: catalogs, policies, ledgers. */
export function Open() {
  const [key, setKey] = useState(0);
  return (
    <label class="button small opener">
      open
      <input
        key={key} class="hidden" type="file" multiple aria-label="open files" accept=".json,.jsonl,application/json"
        onChange={({ currentTarget }) => {
          void openFiles([...(currentTarget.files ?? [])]);
          setKey(key + 1);
        }}
      />
    </label>
  );
}

function save() {
  const blob = new Blob([catalogText(page.candidates.peek(), page.vocabulary.peek())], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "catalog.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

