import "./live.js";
import { render } from "preact";
import "./style.css";
import { App } from "./view/app.js";

render(<App />, document.getElementById("page")!);
