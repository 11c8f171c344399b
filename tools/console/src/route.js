// Where we are: location.hash as a list of decoded parts, "#/desk/household-nguyen" -> ["desk", "household-nguyen"].
import { useEffect, useState } from "preact/hooks";

export function parts() {
	return location.hash
		.replace(/^#\/?/, "")
		.split("/")
		.filter(Boolean)
		.map((part) => {
			try {
				return decodeURIComponent(part);
			} catch {
				return part;
			}
		});
}

export function href(...path) {
	return "#/" + path.map(encodeURIComponent).join("/");
}

export function go(...path) {
	location.hash = href(...path);
}

export function useRoute() {
	const [route, setRoute] = useState(parts);
	useEffect(() => {
		const changed = () => setRoute(parts());
		addEventListener("hashchange", changed);
		return () => removeEventListener("hashchange", changed);
	}, []);
	return route;
}
