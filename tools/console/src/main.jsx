// The page: a bar that is always there, and the view that the address names (#/desk/CUSTOMER). Each view is a folder.
import { render } from "preact";
import { App } from "./shell.jsx";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import "./shell.css";

render(<App />, document.getElementById("app"));
