import { register, t } from "../text.js";
import words from "./words.js";
import "./operations.css";

register(words);

export function Operations() {
	return <h1>{t("operations.title")}</h1>;
}
