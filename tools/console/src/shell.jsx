// The bar with the views, language, theme and who is logged in; the view below it; the login where one is wanted.
import { useEffect, useRef, useState } from "preact/hooks";
import { Desk } from "./desk/Desk.jsx";
import { Login } from "./login.jsx";
import { Operations } from "./operations/Operations.jsx";
import { go, href, useRoute } from "./route.js";
import { Rules } from "./rules/Rules.jsx";
import { begin, logOut, may, useSession } from "./session.js";
import { LANGUAGES, language, register, setLanguage, t, useLanguage } from "./text.js";
import { THEMES, setTheme, theme, useShownTheme } from "./theme.js";
import { Badge, Button, Empty, Field, Icon, Loading, Notice } from "./ui.jsx";
import words from "./words.js";

register(words);

// role: without which the view would show refusals only.
const VIEWS = [
	{ name: "desk", title: "desk.title", Component: Desk, role: "read" },
	{ name: "rules", title: "rules.title", Component: Rules, role: "read" },
	{ name: "operations", title: "operations.title", Component: Operations, role: "read" },
];

function Settings() {
	useShownTheme();
	return (
		<div class="settings">
			<Field label={t("app.language")} unseenLabel value={language()} options={Object.entries(LANGUAGES)}
				onChange={(event) => setLanguage(event.target.value)} />
			<Field label={t("app.theme")} unseenLabel value={theme()} options={THEMES.map((name) => [name, t("app.theme." + name)])}
				onChange={(event) => setTheme(event.target.value)} />
		</div>
	);
}

function Bar({ view, session }) {
	return (
		<header class="bar">
			<a class="brand" href={href("desk")}>nudged</a>
			<nav aria-label={t("app.views")}>
				{session.state === "in" && VIEWS.map((v) => (
					<a href={href(v.name)} key={v.name} aria-current={v.name === view ? "page" : undefined}
						class={may(v.role) ? "" : "may-not"}>
						<Icon name={may(v.role) ? v.name : "lock"} />
						{t(v.title)}
					</a>
				))}
			</nav>
			{session.simulated && <Badge tone="warn" icon="clock" title={t("app.simulated")}>{t("app.simulated")}</Badge>}
			<Settings />
			{session.roles && (
				<div class="who">
					<span>{session.name}</span>
					<Button kind="quiet" icon="out" aria-label={t("app.logout")} title={t("app.logout")} onClick={logOut} />
				</div>
			)}
		</header>
	);
}

function View({ route, session }) {
	const view = VIEWS.find((v) => v.name === route[0]);
	if (session.state === "asking")
		return <Loading />;
	if (session.state === "unreachable")
		return <Notice tone="bad" live>{t("app.unreachable")}</Notice>;
	if (session.state === "out")
		return <Login over={session.over} />;
	if (!session.serving)
		return <Notice tone="warn" live>{t("app.not-serving")}</Notice>;
	if (!view)
		return <Empty title={t("app.nowhere")}>{t("app.nowhere.more")}</Empty>;
	if (!may(view.role))
		return <Empty title={t("app.may-not")}>{t("app.may-not.more", { role: view.role, name: session.name })}</Empty>;
	return <view.Component params={route.slice(1)} />;
}

export function App() {
	const route = useRoute(), session = useSession(), main = useRef(), [was, setWas] = useState(null);
	useLanguage();
	useEffect(() => {
		begin();
	}, []);
	const name = route[0] ?? "desk";
	useEffect(() => {
		if (!route.length)
			go("desk");
		else if (was && was !== name)
			main.current.focus(); // a reader begins at the new view's top
		setWas(name);
		document.title = `${VIEWS.some((v) => v.name === name) ? t(name + ".title") + " · " : ""}nudged`;
	}, [name, language()]);
	const skip = (event) => {
		event.preventDefault();
		main.current.focus();
	};
	return (
		<>
			<a class="skip" href="#main" onClick={skip}>{t("app.skip")}</a>
			<Bar view={name} session={session} />
			<main id="main" tabIndex={-1} ref={main}>
				<View route={route.length ? route : ["desk"]} session={session} />
			</main>
		</>
	);
}
