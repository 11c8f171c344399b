import { register, t } from "../text.js";
import words from "./words.js";
import "./rules.css";

register(words);

export function Rules() {
	return <h1>{t("rules.title")}</h1>;
}
