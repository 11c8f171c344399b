// Logging in with a token.
import { useState } from "preact/hooks";
import { logIn } from "./session.js";
import { t } from "./text.js";
import { Button, Field, Notice } from "./ui.jsx";

// By the codes of problems; kept as keys, for the language may change meanwhile.
const PROBLEMS = { unreachable: "ui.unreachable", denied: "login.wrong", busy: "login.busy" };

export function Login({ over }) {
	const [busy, setBusy] = useState(false), [problem, setProblem] = useState("");
	const submit = async (event) => {
		event.preventDefault();
		const field = event.target.elements.token;
		setBusy(true);
		try {
			await logIn(field.value.trim());
		} catch (error) {
			setProblem(PROBLEMS[error.code] ?? "login.failed");
			setBusy(false);
			field.select();
		}
	};
	return (
		<form class="login" onSubmit={submit}>
			<h1>{t("login.title")}</h1>
			{over && <Notice tone="warn" live>{t("login.over")}</Notice>}
			<Field label={t("login.token")} name="token" type="password" autocomplete="off" required autofocus
				help={t("login.help")} problem={problem && t(problem)} />
			<Button kind="primary" type="submit" busy={busy}>{t("login.submit")}</Button>
		</form>
	);
}
