import "./update.js"; // first: the worker gets ready while the page does
import { render } from "preact";
import "./style.css";
import { keepWork, restoreWork } from "./keep.js";
import { openLink } from "./share.js";
import { App } from "./view/app.js";

if (!(await openLink())) restoreWork();
keepWork();
addEventListener("hashchange", () => void openLink());

render(<App />, document.getElementById("page")!);
