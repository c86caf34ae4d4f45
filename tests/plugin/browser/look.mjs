// Opens pages of a site in Chromium and says what is wrong with them.
// Standard input: {modules, chromium, url, cookies: [{name, value}], folder, pages: [{name, path, width, act}]}; `act` is a list
// of [verb, selector, text] (click, fill, press, wait, choose). Standard output: a list of {name, status, axe, noise, text}.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const told = JSON.parse(readFileSync(0, 'utf8'));
const need = createRequire(`${told.modules}/index.js`);
const { chromium } = need('playwright-core');
const axe = readFileSync(need.resolve('axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({ executablePath: told.chromium, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const found = [];
try {
	const left = [...told.pages];
	const eye = async () => {
		for (let page = left.shift(); page; page = left.shift()) found.push(await look(page));
	};
	await Promise.all([eye(), eye(), eye()]);
} finally {
	await browser.close();
}
process.stdout.write(JSON.stringify(found));

async function look(page) {
	const context = await browser.newContext({ viewport: { width: page.width ?? 1280, height: 900 } });
	await context.addCookies(told.cookies.map((one) => ({ ...one, url: told.url })));
	// pictures of people and news lie elsewhere: nothing is asked for outside
	await context.route(
		(url) => url.origin !== told.url,
		(route) => route.fulfill({ status: 200, body: '' }),
	);
	const tab = await context.newPage();
	const noise = [];
	tab.on('console', (one) => one.type() === 'error' && noise.push(`${one.text()} (${one.location().url})`));
	tab.on('pageerror', (one) => noise.push(String(one)));
	tab.on('dialog', (one) => one.accept());
	try {
		const answer = await tab.goto(told.url + page.path);
		for (const [verb, selector, text] of page.act ?? []) {
			const one = tab.locator(selector).first();
			if (verb === 'click') await Promise.all([tab.waitForLoadState('load'), one.click()]);
			if (verb === 'fill') await one.fill(text);
			if (verb === 'press') await one.press(text);
			if (verb === 'choose') await one.selectOption(text);
			if (verb === 'wait') await one.waitFor({ timeout: 20000 });
		}
		await tab.waitForLoadState('load');
		await tab.evaluate(axe);
		const region = page.region ?? '.wrap';
		const axed = await tab.evaluate(
			(where) => window.axe.run(where, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }),
			region,
		);
		const wrong = axed.violations.map((one) => ({
			rule: one.id,
			impact: one.impact,
			nodes: one.nodes.slice(0, 5).map((node) => `${node.html.slice(0, 200)} :: ${node.failureSummary?.split('\n')[1] ?? ''}`),
		}));
		const wide = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
		const text = await tab.locator(region).first().innerText();
		if (wrong.length || noise.length || page.shot) await tab.screenshot({ path: `${told.folder}/${page.name}.png`, fullPage: true });
		return { name: page.name, status: answer.status(), axe: wrong, passed: axed.passes.length, noise, wide, text, address: tab.url() };
	} catch (trouble) {
		await tab.screenshot({ path: `${told.folder}/${page.name}.png`, fullPage: true }).catch(() => {});
		return { name: page.name, status: 0, axe: [], passed: 0, noise: [...noise, String(trouble)], wide: 0, text: '', address: tab.url() };
	} finally {
		await context.close();
	}
}
