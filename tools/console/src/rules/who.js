// Who activated a pack: in the client's word, else whose process; and by which way it came.
import { t } from "../text.js";

export function whoOf(activation) {
	const who = activation.by || (activation.uid_plus_one ? t("rules.uid", { uid: String(activation.uid_plus_one - 1) }) : "");
	return [who, activation.origin && t(`rules.origin.${activation.origin}`)].filter(Boolean).join(", ") || t("rules.unknown");
}
