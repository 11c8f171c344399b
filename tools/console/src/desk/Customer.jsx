// One customer, open: who they are on the one side, the conversation in the middle, what was on the other.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, post, readState } from "../api.js";
import { number } from "../format.js";
import { keep, recall } from "../kept.js";
import { go } from "../route.js";
import { may, useSession } from "../session.js";
import { language, t } from "../text.js";
import { Badge, Button, Empty, Key, Loading, Notice, ProblemNotice, ProblemText, useAnswer } from "../ui.jsx";
import { Actions, Next } from "./Actions.jsx";
import { Alerts } from "./Alerts.jsx";
import { Before, Controls, Opening } from "./Call.jsx";
import { remember } from "./find.js";
import { useKeys } from "./Keys.jsx";
import { useChanges } from "./live.js";
import { alertText, capital, spell } from "../pack.js";
import { Past } from "./Past.jsx";
import { useRecommendation } from "./recommend.js";
import { Relation } from "./Relation.jsx";
import { customerName, enoughKnown, memberName, openAlerts, openCases, openContact, present, toneOfScore } from "./state.js";
import { Answers, Offers } from "./Support.jsx";
import { Who } from "./Who.jsx";
import { HeldBack } from "./Why.jsx";

// Who is on the line, what about: from the conversation that goes on, where there is one.
function callOf(customer, asked, contact, session) {
	const known = (id) => present(customer).some((m) => m.id === id);
	return {
		member: [asked, contact?.member].find(known) ?? "", channel: contact?.channel || recall("desk.channel") || "call", mood: "",
		topic: contact?.fields.topic ?? "", agent: recall("desk.agent") ?? (session.roles ? session.name : contact?.agent) ?? "",
	};
}

function Strip({ customer, member, head }) {
	const alerts = openAlerts(customer).length, cases = openCases(customer), late = cases.some((c) => c.missed);
	const r = customer.relationship;
	return (
		<div class="strip">
			<h1 tabIndex={-1} ref={head}>{customerName(customer)}</h1>
			{member && <span class="caller">{t("desk.strip.caller", { name: memberName(customer, member) })}</span>}
			{enoughKnown(r) && <Badge tone={toneOfScore(r.score)}>{t("desk.strip.relation", { score: number(r.score) })}</Badge>}
			{alerts > 0 && <Badge tone="bad" icon="alert">{t("desk.strip.alerts", { count: alerts })}</Badge>}
			{cases.length > 0 && <Badge tone={late ? "bad" : "warn"} icon="clock">{cases.map((c) => capital(spell("case", c.name))).join(", ")}</Badge>}
			<Button kind="quiet" small icon="back" onClick={() => go("desk")}>{t("desk.leave")}</Button>
		</div>
	);
}

function Fresh({ fresh, onTake }) {
	if (!fresh)
		return null;
	return (
		<div class="fresh">
			<Notice tone="info" action={<Button small kind="primary" aria-keyshortcuts="u" onClick={onTake}>{t("desk.fresh.take")}<Key>u</Key></Button>}>
				{t("desk.fresh")}
			</Notice>
		</div>
	);
}

// What who does not see the page is told: the last few, so that none is lost to the next.
function useSaid() {
	const [said, set] = useState([]);
	return [said, (text) => set((old) => [...old.slice(-3), [(old.at(-1)?.[0] ?? 0) + 1, text]])];
}

async function tellOutcome(customer, call, answer, choice, outcome) {
	const { ack, next } = await post("/v1/outcomes", {
		source: "desk", decision: answer.decision, customer: customer.id, member: call.member, agent: call.agent, action: choice.action,
		channel: answer.channel, language: language(), ...outcome,
	});
	if (ack.error && ack.result === "REFUSED")
		throw new Problem({ title: ack.error.code, detail: ack.error.reason, code: ack.error.code, field: ack.error.field });
	return { of: choice.action, kind: outcome.kind, say: next?.say, action: next?.action, duplicate: ack.result === "DUPLICATE" };
}

function Open({ customer, setCustomer, asked, now, note, listen, packReady }) {
	const session = useSession(), contact = openContact(customer, now), advised = may("recommend"); // else one only looks
	const [call, setCall] = useState(() => callOf(customer, asked, contact, session));
	const [done, setDone] = useState({}), [step, setStep] = useState(), [focus, setFocus] = useState(), [held, setHeld] = useState(false), [said, say] = useSaid();
	const head = useRef(), middle = useRef(), topic = useRef(), known = useRef(contact?.contact);
	const touched = () => step || held || middle.current.matches(":hover") || middle.current.contains(document.activeElement) ||
		middle.current.querySelector(".ask, .why");
	const rec = useRecommendation(customer.id, packReady && advised, call, language(), {
		touched, onTaken: () => say(t("desk.said.taken")), onFresh: () => say(t("desk.fresh") + " " + t("desk.fresh.key")),
	});
	const answer = rec.shown;
	const look = useChanges(customer.id, customer.seq, (later) => {
		setCustomer(later);
		note(later.timeline.at(-1)?.time_ms ?? 0);
		rec.refresh();
	});
	useEffect(() => note((rec.fresh ?? answer)?.time_ms ?? 0), [answer, rec.fresh]);
	useEffect(() => listen((alert) => {
		if (alert.customer !== customer.id)
			return;
		if (alert.kind === "alert")
			say(t("desk.said.alert", { text: alertText(alert) }));
		look();
	}), [customer.id]);
	useEffect(() => {
		remember(customer);
		head.current.focus({ preventScroll: true });
	}, [customer.id]);
	useEffect(() => { // a conversation has begun meanwhile: it is about this one now
		if (contact && contact.contact !== known.current)
			setCall((c) => ({ ...c, member: contact.member || c.member, topic: contact.fields.topic ?? c.topic, channel: contact.channel || c.channel }));
		known.current = contact?.contact;
	}, [contact?.contact]);
	const change = (more) => {
		setCall((c) => ({ ...c, ...more }));
		if ("agent" in more)
			keep("desk.agent", more.agent);
		if ("channel" in more)
			keep("desk.channel", more.channel);
	};
	const send = async (choice, outcome) => {
		const next = await tellOutcome(customer, call, answer, choice, outcome);
		setDone((d) => ({ ...d, [choice.action]: outcome }));
		setStep(next);
		look();
	};
	const take = () => {
		setFocus(rec.fresh.choices[0]?.action);
		rec.take();
		say(t("desk.said.taken"));
	};
	const toCard = (at) => { // at once: the next key may come before the page is drawn again
		const card = middle.current.querySelectorAll(".action")[at];
		card?.focus();
		return Boolean(card);
	};
	const goOn = (action) => {
		const has = (r) => r?.choices.some((c) => c.action === action);
		if (!has(answer))
			has(rec.fresh) ? rec.take() : rec.ask();
		setFocus(action);
		setStep(undefined);
	};
	useKeys(advised && {
		u: () => (rec.fresh ? take() : false),
		h: () => (answer ? setHeld(true) : false),
		n: () => (step?.action ? goOn(step.action) : false),
		t: () => topic.current?.focus(),
		m: () => {
			const ids = ["", ...present(customer).map((m) => m.id)];
			change({ member: ids[(ids.indexOf(call.member) + 1) % ids.length] });
		},
		...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [n, () => toCard(n - 1)])),
	});
	return (
		<>
			<Strip customer={customer} member={advised && call.member} head={head} />
			<div class={"desk-grid" + (advised ? "" : " reading")}>
				<div class="column about">
					<Who customer={customer} asked={asked} member={call.member} onMember={advised && ((member) => change({ member }))} />
					<Relation customer={customer} expects={answer?.expects ?? customer.expects} now={now} />
				</div>
				<div class="column call" ref={middle} aria-busy={rec.busy ? "true" : undefined}>
					{advised ? <Controls call={call} onCall={change} topicRef={topic} /> : <Notice>{t("desk.readonly")}</Notice>}
					{rec.problem && <ProblemNotice problem={rec.problem} onAgain={rec.ask} />}
					{!answer && !rec.problem && advised && <Loading lines={6} />}
					{answer && <Opening answer={answer} contact={contact} />}
					{answer && <Actions answer={answer} done={done} step={step && { ...step, view: <Next step={step} onGo={goOn} onClose={() => setStep(undefined)} /> }} now={now} send={send} focus={focus} onFocused={() => setFocus(undefined)} onHeld={() => setHeld(true)} />}
					<Fresh fresh={rec.fresh} onTake={take} />
				</div>
				<div class="column support">
					<Alerts alerts={openAlerts(customer)} agent={call.agent} now={now} onDone={look} />
					{answer && <Before answer={answer} />}
					{answer && <Answers answers={answer.answers} />}
					{answer && <Offers offers={answer.offers} now={now} />}
				</div>
				<div class="column side">
					<Past customer={customer} now={now} />
				</div>
			</div>
			<div class="unseen" role="log" aria-label={t("desk.said")}>{said.map(([n, text]) => <p key={n}>{text}</p>)}</div>
			{held && answer && <HeldBack decision={answer.decision} onClose={() => setHeld(false)} />}
		</>
	);
}

export function Customer({ id, ...rest }) {
	const [customer, problem, again, setCustomer] = useAnswer((signal) => readState({ customer: id }, { signal }), [id]);
	if (customer)
		return <Open customer={customer} setCustomer={setCustomer} {...rest} />;
	if (problem?.code === "missing")
		return <Empty icon="search" title={t("desk.nobody", { id })}><p><ProblemText problem={problem} /></p><p><Button onClick={() => go("desk")}>{t("desk.leave")}</Button></p></Empty>;
	return problem ? <ProblemNotice problem={problem} onAgain={again} /> : <Loading lines={6} />;
}
