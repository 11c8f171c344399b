import { register, t } from "../text.js";
import words from "./words.js";
import "./desk.css";

register(words);

export function Desk() {
	return <h1>{t("desk.title")}</h1>;
}
