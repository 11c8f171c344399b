// Who it is: name, what is known of them, the members with who is on the line, and the ways to reach them.
import { useState } from "preact/hooks";
import { dateTime } from "../format.js";
import { t } from "../text.js";
import { Badge, Button, Icon, Panel } from "../ui.jsx";
import { attributeName, attributeOrder, spelled, valueText } from "../pack.js";
import { attribute, customerName, memberName, present } from "./state.js";

const FIRST = 8;

function Attributes({ list }) {
	const [all, setAll] = useState(false);
	const sorted = list.filter((h) => h.attribute.name !== "name" && h.attribute.name !== "first_name")
		.map((h) => ({ ...h, order: attributeOrder(h.attribute.name) })).sort((a, b) => a.order - b.order || 0);
	const known = sorted.filter((h) => h.order < Infinity), short = (known.length ? known : sorted).slice(0, FIRST);
	const shown = all ? sorted : short;
	return (
		<>
			<dl class="attributes">
				{shown.map((h) => (
					<div key={h.attribute.name} title={t("desk.since", { time: dateTime(h.time_ms) })}>
						<dt>{attributeName(h.attribute.name)}</dt>
						<dd>{valueText(h.attribute.name, h.attribute.value)}</dd>
					</div>
				))}
			</dl>
			{sorted.length > short.length && (
				<Button kind="quiet" small class="flush-left" icon={all ? "less" : "more"} aria-expanded={all} onClick={() => setAll(!all)}>
					{all ? t("desk.less") : t("desk.more", { count: sorted.length - short.length })}
				</Button>
			)}
		</>
	);
}

// A line or a person of the customer; with onPick one of them can be chosen.
function Member({ customer, member, checked, onPick, aliases }) {
	const role = attribute(member, "role");
	const facts = member.attributes.map((h) => h.attribute).filter((a) => !["role", "first_name"].includes(a.name) && attributeOrder(a.name) < Infinity)
		.sort((a, b) => attributeOrder(a.name) - attributeOrder(b.name)).slice(0, 4);
	const name = memberName(customer, member.id);
	const Row = onPick ? "label" : "div";
	return (
		<Row class={"member" + (checked ? " checked" : "")}>
			{onPick && <input type="radio" name="member" checked={checked} onChange={() => onPick(member.id)} />}
			<span class="name">
				{name}
				{name !== member.id && <span class="muted"> {member.id}</span>}
				{role && <Badge tone={checked ? "accent" : undefined}>{spelled("role", role) ?? role}</Badge>}
			</span>
			<span class="facts">
				{aliases.map((a) => <span class="mono" key={a.alias}>{a.alias}</span>)}
				{facts.map((a) => <span key={a.name}>{attributeName(a.name)}: {valueText(a.name, a.value)}</span>)}
			</span>
		</Row>
	);
}

function Members({ customer, member, onMember }) {
	const members = present(customer), gone = customer.members.length - members.length;
	if (!members.length)
		return null;
	const aliases = (id) => customer.aliases.filter((a) => a.member === id && !a.to_ms);
	return (
		<fieldset class={"members" + (onMember ? "" : " reading")}>
			<legend>{t(onMember ? "desk.calling" : "desk.members")}</legend>
			{members.map((m) => (
				<Member customer={customer} member={m} key={m.id} checked={Boolean(onMember) && member === m.id} aliases={aliases(m.id)} onPick={onMember} />
			))}
			{onMember && (
				<label class={"member nobody" + (member ? "" : " checked")}>
					<input type="radio" name="member" checked={!member} onChange={() => onMember("")} />
					<span class="name">{t("desk.calling.unknown")}</span>
				</label>
			)}
			{gone > 0 && <p class="muted small">{t("desk.members.left", { count: gone })}</p>}
		</fieldset>
	);
}

export function Who({ customer, member, onMember, asked }) {
	const own = customer.aliases.filter((a) => !a.member && !a.to_ms);
	return (
		<Panel class="who-panel" title={t("desk.who")} aside={<span class="mono">{customer.id}</span>}>
			<p class="full-name">{customerName(customer)}</p>
			{asked !== customer.id && customer.merged_from && <p class="muted small">{t("desk.merged", { id: customer.merged_from })}</p>}
			{own.length > 0 && <p class="aliases"><Icon name="phone" />{own.map((a) => <span class="mono" key={a.alias}>{a.alias}</span>)}</p>}
			<Members customer={customer} member={member} onMember={onMember} />
			<Attributes list={customer.attributes} />
		</Panel>
	);
}
