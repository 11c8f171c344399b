// What went wrong, in the language of the page: by its code, and by what it is about. The daemon says it in English, with the
// value and the limit: that stands beside it where nothing better is known here.
import { has, t } from "./text.js";

// {title, text, detail}: detail is in the daemon's words.
export function inWords(problem) {
	const { code, field } = problem;
	if (code === "unreachable")
		return { title: t("ui.unreachable") };
	const title = has("problem." + code) ? t("problem." + code) : problem.title || t("problem.other");
	const key = [`problem.${code}.${field}`, `problem.${code}.any`].find(has);
	if (key)
		return { title, text: t(key) };
	return { title, text: field && t("problem.field", { field }), detail: problem.detail || (problem.status ? "" : problem.message) };
}

// All of it in one line.
export function inOneLine(problem) {
	const { title, text, detail } = inWords(problem);
	return [title, text, detail].filter(Boolean).join(". ");
}
