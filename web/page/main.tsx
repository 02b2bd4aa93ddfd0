import "./live.js"; // first: the worker gets ready while the page does
import { render } from "preact";
import "./style.css";
import { follow } from "./share.js";
import { App } from "./view/app.js";

await follow();
addEventListener("hashchange", () => void follow());

render(<App />, document.getElementById("page")!);
