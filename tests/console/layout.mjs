// layout.mjs: what does not fit on the page, in words: anything that makes it scroll sideways, reaches over its edge, or spills out
// of or is cut off in its box. Tables fold where they are narrow; a report, with columns of its own, scrolls in its box.
export async function misfits(page) {
	return page.evaluate(async () => {
		await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
		const root = document.documentElement, found = [], name = (e) => `${e.tagName.toLowerCase()}.${e.className} “${e.innerText?.trim().slice(0, 60)}”`;
		const shown = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility() && !e.closest(".unseen, .skip, .report .as-link"));
		if (root.scrollWidth > root.clientWidth)
			found.push(`the page scrolls sideways by ${root.scrollWidth - root.clientWidth}`);
		for (const e of shown(".panel, .notice, .button, .badge, h1, h2, h3, input, select, blockquote, .figure, .strip, .bar > *, .plot"))
			if (!e.closest(".report") && (e.getBoundingClientRect().right > root.clientWidth + 0.5 || e.getBoundingClientRect().left < -0.5))
				found.push(`over the edge: ${name(e)}`);
		for (const e of shown(".table-box:not(.report), .panel > .body, .panel > header, .button, .badge, .figure, .notice, .tab-list, .narrow, .bar nav, td, dd, h1, h2, h3"))
			if (!e.closest(".report") && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline")
				found.push(`too narrow by ${e.scrollWidth - e.clientWidth}: ${name(e)}`);
		return found;
	});
}
