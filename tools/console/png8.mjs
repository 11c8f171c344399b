// png8.mjs: a screenshot with at most 256 colours: a fifth of its size, and the same to the eye, since pages have few.
import { deflateSync } from "node:zlib";

const CRC = Array.from({ length: 256 }, (_, n) => {
	for (let k = 0; k < 8; k++)
		n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
	return n >>> 0;
});

function chunk(type, data) {
	const body = Buffer.concat([Buffer.from(type, "latin1"), data]), length = Buffer.alloc(4), sum = Buffer.alloc(4);
	length.writeUInt32BE(data.length);
	sum.writeUInt32BE((body.reduce((crc, byte) => CRC[(crc ^ byte) & 255] ^ (crc >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0);
	return Buffer.concat([length, body, sum]);
}

// The commonest colours, those that are nearly the same as one.
function paletteOf(pixels) {
	const seen = new Map();
	for (let at = 0; at < pixels.length; at += 4) {
		const key = ((pixels[at] >> 3) << 10) | ((pixels[at + 1] >> 3) << 5) | (pixels[at + 2] >> 3);
		const sum = seen.get(key) ?? seen.set(key, { exact: new Map(), count: 0 }).get(key);
		const exact = (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
		sum.exact.set(exact, (sum.exact.get(exact) ?? 0) + 1);
		sum.count++;
	}
	const common = [...seen.values()].sort((a, b) => b.count - a.count).slice(0, 256);
	return common.map(({ exact }) => [...exact].sort((a, b) => b[1] - a[1])[0][0]);
}

function nearestIn(palette) {
	const known = new Map();
	return (r, g, b) => {
		const key = (r << 16) | (g << 8) | b;
		if (!known.has(key)) {
			const far = (c) => (r - (c >> 16)) ** 2 + (g - ((c >> 8) & 255)) ** 2 + (b - (c & 255)) ** 2;
			known.set(key, palette.reduce((best, c, at) => (far(c) < far(palette[best]) ? at : best), 0));
		}
		return known.get(key);
	};
}

// pixels: RGBA, row by row.
export function png8(pixels, width, height) {
	const palette = paletteOf(pixels), nearest = nearestIn(palette), rows = Buffer.alloc((width + 1) * height);
	for (let y = 0; y < height; y++)
		for (let x = 0; x < width; x++) {
			const at = (y * width + x) * 4;
			rows[y * (width + 1) + x + 1] = nearest(pixels[at], pixels[at + 1], pixels[at + 2]);
		}
	const head = Buffer.alloc(13);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	head.set([8, 3], 8); // eight bits, of a palette
	const colors = Buffer.from(palette.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
	return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("PLTE", colors),
		chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
