// Line icons on a grid of 16, drawn here: a font or a library would weigh more than the page.
const PATHS = {
	desk: "M3 13v-1.5a3 3 0 0 1 3-3h4a3 3 0 0 1 3 3V13M8 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
	rules: "M5 2.5h8.5v11H5a2 2 0 0 1 0-4h8.5M5 2.5a2 2 0 0 0-2 2v7M6.5 5.5h4",
	operations: "M2 8.5h2.5l2-5 3 9 2-4H14",
	search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.5 10.5l3 3",
	close: "M4 4l8 8M12 4l-8 8",
	check: "M3 8.5l3.5 3.5L13 4.5",
	alert: "M8 2.5l6 11H2zM8 6.5v3M8 11.5v.2",
	info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 7.5V11M8 5v.2",
	clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.5V8l2.5 1.5",
	up: "M8 12.5v-9M4 7.5l4-4 4 4",
	down: "M8 3.5v9M4 8.5l4 4 4-4",
	more: "M4 6l4 4 4-4",
	less: "M4 10l4-4 4 4",
	right: "M6 3.5L10.5 8 6 12.5",
	phone: "M4 2.5h2.5l1 3L6 7a8 8 0 0 0 3 3l1.5-1.5 3 1V12a1.5 1.5 0 0 1-1.5 1.5A9.5 9.5 0 0 1 2.5 4 1.5 1.5 0 0 1 4 2.5",
	refresh: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
	out: "M9.5 2.5h-6v11h6M6.5 8h7M11 5.5L13.5 8 11 10.5",
	back: "M12.5 8h-9M7.5 4l-4 4 4 4",
	lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
	chat: "M2.5 3h11v8H7l-3 2.5V11H2.5z",
};

export function Icon({ name, class: more = "" }) {
	return (
		<svg class={`icon ${more}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
			<path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
		</svg>
	);
}
