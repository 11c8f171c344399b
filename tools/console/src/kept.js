// What the browser keeps for us between visits (language, theme, the last customer): small texts, and none where storage is off.
export function recall(name) {
	try {
		return localStorage.getItem("nudged." + name);
	} catch {
		return null;
	}
}

export function keep(name, value) {
	try {
		if (value === null || value === undefined)
			localStorage.removeItem("nudged." + name);
		else
			localStorage.setItem("nudged." + name, value);
	} catch {
		// a browser that keeps nothing: it is asked anew each time
	}
}
