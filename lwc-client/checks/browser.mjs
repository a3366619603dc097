// Drives the preview in a headless Chromium: every person on several records, every state, four widths, the keyboard
// alone, with axe. ORIGIN names the demo; with SHOTS=1 pictures of all go to shots/, which is not committed.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { launch } from './chromium.mjs';
import { project } from './files.mjs';

const require = createRequire(import.meta.url);
const { ORIGIN: origin } = process.env;
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [320, 480, 720, 1280];
const shots = path.join(project, 'shots');
const failed = [];
let passed = 0;

function expect(is, told) {
  if (is) {
    passed += 1;
  } else {
    failed.push(told);
    console.error(`FAILED ${told}`);
  }
}

const html = await (await fetch(`${origin}/preview`)).text();
const demo = JSON.parse(/id="demo">(.*?)<\/script>/s.exec(html)[1]);
const personOf = (role) => demo.people.find((each) => each.role === role);
const recordsOf = ({ org }) => demo.records[org];
const deal = (person, words) =>
  recordsOf(person).opportunities.find(({ name }) => name.includes(words)).id;

// A world of its own for what the test asks the page: in the page's, synthetic shadow hides what is in components.
const inside = (frame) => (frame.mainFrame?.() ?? frame).isolatedRealm();

async function open(browser, person) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.asked = 0;
  page.on('request', (request) => {
    page.asked += request.url().endsWith('/graphql') && request.method() === 'POST';
  });
  page.on('pageerror', (error) => expect(false, `${person.role}: ${error.message}`));
  // What it says of answers that the test makes fail is no fault.
  page.on('console', (message) => {
    const isOurs = message.type() === 'error' && !/Failed to load resource/.test(message.text());
    expect(!isOurs, `${person.role}: ${message.text()}`);
  });
  await page.goto(`${origin}/preview?as=${person.user}`, { waitUntil: 'networkidle0' });
  return page;
}

async function look(page, record, more = {}, awaited = settledIn) {
  page.asked = 0;
  const asked = new URLSearchParams({ record, width: 'wide', density: 'full', ...more });
  await page.goto(`${origin}/preview?${asked}`, { waitUntil: 'load' });
  await inside(page).waitForFunction(awaited, { timeout: 10_000 });
}

// Neither a skeleton nor nothing.
const settledIn = () =>
  Boolean(document.querySelector('#place > *')) &&
  !document.querySelector('[aria-busy="true"] .bar');

// Of what is to be seen: text that is cut off, and pieces of text that lie over each other.
function layoutFaults() {
  const faults = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) {
    faults.push(`the page is ${scrollWidth} px wide in ${clientWidth}`);
  }
  const seen = [];
  for (const element of document.querySelectorAll('#place *')) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()
    );
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const isHidden =
      box.width <= 1 ||
      box.height <= 1 ||
      style.visibility === 'hidden' ||
      Boolean(element.closest('.slds-assistive-text, .slds-path, [aria-hidden="true"]'));
    if (!own || isHidden) {
      continue;
    }
    if (element.scrollWidth > element.clientWidth + 1 && style.overflowX === 'hidden') {
      faults.push(`cut off: ${element.textContent.trim()}`);
    }
    seen.push([element, element.getClientRects()]);
  }
  seen.forEach(([one, boxes], place) => {
    for (const [other, others] of seen.slice(place + 1)) {
      const apart = !one.contains(other) && !other.contains(one);
      const over = [...boxes].some((a) =>
        [...others].some(
          (b) =>
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4
        )
      );
      if (apart && over) {
        faults.push(`overlap: ${one.textContent.trim()} / ${other.textContent.trim()}`);
      }
    }
  });
  return faults;
}

async function picture(page, name) {
  if (process.env.SHOTS) {
    await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
  }
}

async function inspect(page, name) {
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 900 });
    const faults = await inside(page).evaluate(layoutFaults);
    expect(faults.length === 0, `${name} at ${width}: ${faults.slice(0, 3).join('; ')}`);
    await picture(page, `${name}-${width}`);
  }
  await page.evaluate(AXE);
  const { violations, incomplete } = await page.evaluate(() => globalThis.axe.run('#place'));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
  expect(told.length === 0, `${name}, axe: ${told.join('; ')}`);
  incomplete.forEach(({ id, nodes }) => undecided.add(`${id}: ${nodes[0].target.flat().at(-1)}`));
}
const undecided = new Set();

const settle = (page) => page.evaluate(() => new Promise((done) => setTimeout(done, 200)));

const openAll = (page) =>
  inside(page).evaluate(() => {
    document.querySelectorAll('#place .slds-section__title-action').forEach((button) => {
      if (button.getAttribute('aria-expanded') === 'false') {
        button.click();
      }
    });
  });
const textOf = (page) => inside(page).evaluate(() => document.querySelector('#place').innerText);

async function whoHasNotSignedIn(browser) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const isInvited = () => document.querySelector('#invitation').checkVisibility();
  await page.goto(`${origin}/preview`, { waitUntil: 'networkidle0' });
  expect(await inside(page).evaluate(isInvited), 'who has not signed in is told where to');
  expect((await textOf(page)) === '', 'and is shown nothing else');
  await page.goto(`${origin}/preview?as=${demo.people[0].user}`, { waitUntil: 'networkidle0' });
  expect(!(await inside(page).evaluate(isInvited)), 'who has signed in is not told so any more');
  await context.close();
}

async function everybodyOnSeveralRecords(browser) {
  for (const person of demo.people) {
    const page = await open(browser, person);
    const { opportunities, accounts } = recordsOf(person);
    for (const { id, name } of [...opportunities.slice(0, 4), ...accounts.slice(0, 1)]) {
      await look(page, id);
      await openAll(page);
      await inspect(page, `${person.role}-${person.org.slice(0, 2)}-${id.slice(0, 15)}`);
      expect(page.asked === 1, `${person.role} on ${name}: ${page.asked} requests`);
    }
    await page.browserContext().close();
  }
}

async function reasonsOnAClick(browser) {
  const person = personOf('sales_rep');
  const page = await open(browser, person);
  await look(page, deal(person, 'Brightwater'));
  await page.click('button[title="Why Liability cap is restricted"]');
  await page.click('button[title="Reasons of the risk"]');
  await page.click('button[title="Where Total value comes from"]');
  await inside(page).waitForFunction(
    () => !document.querySelector('#place .why [role="status"]')?.textContent.includes('Loading')
  );
  const text = await textOf(page);
  expect(text.includes('Rule: sales_rep.LEGAL = deny'), 'the rule that hides the cap is named');
  expect(text.includes('Contract.riskLevel is for RISK'), 'why the risk is hidden is said');
  expect(text.includes('Salesforce owns it until it is signed'), 'who owns the value is said');
  expect(text.includes('No event on record names it'), 'that it was imported is said');
  expect(page.asked === 2, `where a value comes from is one request more: ${page.asked}`);
  await inspect(page, 'reasons');
  await page.browserContext().close();
}

const textWith = (page, words) =>
  inside(page).waitForFunction(
    (wanted) => document.querySelector('#place').innerText.includes(wanted),
    { timeout: 10_000 },
    words
  );
const press = (page, label) =>
  inside(page).evaluate(
    (wanted) =>
      [...document.querySelectorAll('#place c-contract-action button')]
        .find((button) => button.textContent.trim() === wanted)
        .click(),
    label
  );

// By the keyboard alone: the button, the text and the sending.
async function say(page, offer, text) {
  await inside(page).evaluate(
    (wanted) =>
      [...document.querySelectorAll('#place c-contract-action button')]
        .find((button) => button.textContent.trim() === wanted)
        .focus(),
    offer
  );
  await page.keyboard.press('Enter');
  await settle(page);
  const at = await inside(page).evaluate(() => document.activeElement.tagName);
  expect(at === 'INPUT', `${offer}: the focus is on ${at}, not where one writes`);
  await page.keyboard.type(text);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
}

async function actionsOfARep(browser) {
  const person = personOf('sales_rep');
  const page = await open(browser, person);
  const record = deal(person, 'Ordway');
  await look(page, record);
  await inspect(page, 'actions-offered');
  await press(page, 'Acknowledge renewal');
  await textWith(page, `Renewal acknowledged by ${person.name}`);
  await page.click('button[title="Why Liability cap is restricted"]');
  await settle(page);
  await inspect(page, 'actions-locked');
  await say(page, 'Ask for access', 'Their lawyer asks what we offered.');
  await textWith(page, `Access asked for by ${person.name}`);
  await page.click('button[title="Where Total value comes from"]');
  await settle(page);
  await say(page, 'Flag as wrong', 'The second order form is missing.');
  await textWith(page, `Flagged as wrong by ${person.name}`);
  await inspect(page, 'actions-done');
  await look(page, record);
  const text = await textOf(page);
  expect(text.includes('Renewal acknowledged by'), 'an acknowledgement is there the next time');
  expect(!text.includes('Acknowledge renewal'), 'and is not offered again');
  await page.browserContext().close();
}

async function actionsThatFail(browser) {
  const person = personOf('customer_success');
  const page = await open(browser, person);
  await look(page, deal(person, 'Ordway'));
  await page.click('button[title="Where End comes from"]');
  await settle(page);
  await page.setRequestInterception(true);
  const held = [];
  let fails = true;
  page.on('request', (request) => {
    const isAction = fails && (request.postData() ?? '').includes('idempotencyKey');
    return isAction ? held.push(request) : request.continue();
  });
  await say(page, 'Flag as wrong', 'It was extended.');
  await textWith(page, 'Sending… It was extended.');
  await inspect(page, 'actions-sending');
  held[0].respond({
    status: 503,
    contentType: 'application/json',
    body: '{"errors":[{"message":"The database is away."}]}'
  });
  await textWith(page, 'Not saved: The database is away.');
  expect(!(await textOf(page)).includes('Flagged as wrong'), 'what failed is not shown as done');
  expect((await textOf(page)).includes('Request '), 'by which the operator finds it');
  await inspect(page, 'actions-failed');
  fails = false;
  const again = page.waitForRequest((request) =>
    (request.postData() ?? '').includes('idempotencyKey')
  );
  await press(page, 'Try again');
  const keyOf = (request) => JSON.parse(request.postData()).variables.input.idempotencyKey;
  expect(keyOf(await again) === keyOf(held[0]), 'tried again it has the same key');
  await textWith(page, `Flagged as wrong by ${person.name}`);
  await page.browserContext().close();
}

async function whereAValueComesFrom(browser) {
  const person = personOf('legal');
  const page = await open(browser, person);
  await look(page, deal(person, 'Quillfeather group'));
  await page.click('button[title="Where Total value comes from"]');
  await page.waitForSelector('#place .why li');
  const text = await textOf(page);
  expect(
    /Accepted: Contract system, /.test(text),
    'who claimed the value is said to those who may know'
  );
  await openAll(page);
  expect(/Total value: from .+ to .+/.test(await textOf(page)), 'amendments say from what to what');
  await inspect(page, 'provenance');
  await page.browserContext().close();
}

const told = (path) =>
  fetch(`${origin}/demo/${path}`, { method: 'POST', headers: { 'x-demo': 'events' } });
const refresh = (page) =>
  Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/graphql')),
    page.click('#refresh')
  ]);
const MARK = 'An edit by Salesforce was not accepted';

async function refreshUntil(page, holds) {
  for (let tries = 0; tries < 50 && !(await holds()); tries += 1) {
    await settle(page);
    await refresh(page);
  }
}

// The contract system signs, then Salesforce edits what it no longer owns: a rep sees both after a refresh.
async function anEditThatIsRefused(browser) {
  const person = personOf('sales_rep');
  const page = await open(browser, person);
  await look(page, deal(person, 'bridge systems'));
  expect(!(await page.content()).includes(MARK), 'nothing is marked before anything was refused');
  await told('events/signed');
  await refreshUntil(page, async () => (await textOf(page)).includes('€118,000'));
  await new Promise((later) => setTimeout(later, 1100)); // Salesforce tells moments by the second
  await told('edit');
  const mark = `#place c-contract-field lightning-icon[title="${MARK}"]`;
  await refreshUntil(page, () => page.$(mark)); // it comes by a change event
  await page.waitForSelector(mark);
  await inspect(page, 'refused-marked');
  await page.focus('#place button[title="Where Total value comes from"]');
  await page.keyboard.press('Enter');
  await settle(page);
  const text = await textOf(page);
  for (const words of [
    '€118,000',
    MARK,
    ': Salesforce said so within 15 minutes of the signature',
    'the contract system owns Total value once it is signed: a person decides',
    'The contract system owns it once it is signed.',
    'Contract system, connection agreements: claimed'
  ]) {
    expect(text.includes(words), `a refused edit: ${words}`);
  }
  expect(!/\dT\d\d:/.test(text), 'moments are told as people read them');
  await inspect(page, 'refused-told');
  await page.browserContext().close();
}

// Who sees a value roughly only is told whose it is, and nothing of where it comes from.
async function whatIsMaskedTellsItsOwnerOnly(browser) {
  const person = personOf('customer_success');
  const page = await open(browser, person);
  await look(page, deal(person, 'bridge systems'));
  await page.click('button[title="Where Total value comes from"]');
  await settle(page);
  const text = await textOf(page);
  expect(text.includes('Salesforce owns it until it is signed, then'), 'masked: its owner');
  expect(!/agreements|not accepted/.test(text), 'masked: nothing of its source');
  expect(page.asked === 1, 'masked: nothing more is asked');
  await page.browserContext().close();
}

async function statesOfTheService(browser) {
  const person = personOf('legal');
  const record = deal(person, 'Brightwater');
  const answers = {
    unavailable: { status: 503, body: '{"errors":[{"message":"The database is away."}]}' },
    refused: { status: 403, body: '{"errors":[{"message":"Not for your role."}]}' },
    broken: { status: 200, body: '<html>' },
    away: null
  };
  const words = {
    unavailable: 'cannot be reached',
    refused: 'not shown to you',
    broken: 'could not be loaded',
    away: 'cannot be reached'
  };
  for (const [name, answer] of Object.entries(answers)) {
    const page = await open(browser, person);
    await page.setRequestInterception(true);
    let fails = true;
    page.on('request', (request) => {
      if (!request.url().endsWith('/graphql') || !fails) {
        request.continue();
      } else if (answer) {
        request.respond({ contentType: 'application/json', ...answer });
      } else {
        request.abort();
      }
    });
    await look(page, record);
    expect((await textOf(page)).includes(words[name]), `${name}: says so`);
    await inspect(page, `state-${name}`);
    const retry = await page.$('#place lightning-button button');
    expect(Boolean(retry) === (name !== 'refused'), `${name}: whether one can try again`);
    if (retry) {
      fails = false;
      await retry.click();
      await page.waitForSelector('#place h2.title');
    }
    await page.browserContext().close();
  }
}

async function loadingAndEmpty(browser) {
  const person = personOf('legal');
  const page = await open(browser, person);
  await look(page, deal(person, 'Moonrake'));
  expect((await textOf(page)).includes('No contract yet'), 'a deal without contracts says so');
  await inspect(page, 'state-empty');
  await page.setRequestInterception(true);
  const held = [];
  page.on('request', (request) =>
    request.url().endsWith('/graphql') ? held.push(request) : request.continue()
  );
  const asked = new URLSearchParams({ record: deal(person, 'Brightwater') });
  await page.goto(`${origin}/preview?${asked}`);
  await page.waitForSelector('#place [aria-busy="true"] .bar');
  await inspect(page, 'state-loading');
  held.forEach((request) => request.continue());
  await page.waitForSelector('#place h2.title');
  await page.browserContext().close();
}

async function renewalsAtHome(browser) {
  for (const role of ['legal', 'customer_success', 'security_reviewer']) {
    const page = await open(browser, personOf(role));
    await look(page, 'renewals');
    await inspect(page, `renewals-${role}`);
    await page.browserContext().close();
  }
}

async function howTheSyncGoes(browser) {
  for (const role of ['admin', 'sales_rep']) {
    const page = await open(browser, personOf(role));
    await look(page, 'sync');
    const text = await textOf(page);
    const words = role === 'admin' ? 'What went across' : 'to those who oversee it';
    expect(text.includes(words), `how the sync goes, ${role}: ${words}`);
    await inspect(page, `sync-${role}`);
    await page.browserContext().close();
  }
}

// What is in quarantine is given up by the keyboard alone, and tried again; it fails again, and is back.
async function whatIsHeld(browser) {
  const page = await open(browser, personOf('admin'));
  await look(page, 'sync');
  for (let tries = 0; tries < 50 && !(await textOf(page)).includes('Held messages'); tries += 1) {
    await settle(page);
    await refresh(page);
  }
  const count = () =>
    inside(page).evaluate(() => document.querySelectorAll('#place c-sync-held li').length);
  const before = await count();
  expect(before > 1, `what is held is listed: ${before}`);
  await inspect(page, 'held');
  for (const [name, offer, words] of [
    ['given-up', 'Give up (1)', '1 given up'],
    ['tried-again', 'Try again (1)', '1 put back into the queue']
  ]) {
    await page.focus('#place c-sync-held li input');
    await page.keyboard.press('Space');
    await page.focus('#place c-sync-held .decide input');
    await page.keyboard.type('It was looked at.');
    await page.keyboard.press('Tab');
    await inside(page).evaluate((wanted) => {
      const buttons = [...document.querySelectorAll('#place c-sync-held button')];
      buttons.find((button) => button.textContent.trim() === wanted).focus();
    }, offer);
    await page.keyboard.press('Enter');
    await textWith(page, words);
    await inspect(page, `held-${name}`);
  }
  expect((await count()) < before, 'what was given up is not there any more');
  await page.browserContext().close();
}

async function compactAndPhone(browser) {
  const person = personOf('sales_rep');
  const page = await open(browser, person);
  await look(page, deal(person, 'Ordway'), { density: 'compact' });
  expect((await page.$$('#place section')).length === 0, 'compact shows no sections');
  await inspect(page, 'compact');
  await page.setViewport({ width: 1280, height: 900 });
  await look(page, deal(person, 'Ordway'), { width: 'phone' }, () =>
    Boolean(document.querySelector('iframe'))
  );
  const phone = await (await page.$('iframe')).contentFrame();
  await phone.waitForSelector('h2.title');
  const opened = await phone.$$('.slds-section__title-action[aria-expanded="true"]');
  expect(opened.length === 0, 'on a phone the sections start closed');
  await picture(page, 'phone');
  await page.browserContext().close();
}

// From the first stop of the panel to its last by Tab alone; what is opened is opened by a key.
async function theKeyboardAlone(browser) {
  const person = personOf('sales_rep');
  const page = await open(browser, person);
  await page.setViewport({ width: 1280, height: 900 });
  await look(page, deal(person, 'Brightwater'));
  await page.focus('#refresh');
  const stops = [];
  const press = async (key) => {
    await page.keyboard.press(key);
    return inside(page).evaluate(() => {
      const { activeElement: at } = document;
      const outline = getComputedStyle(at);
      return {
        name: at.getAttribute('aria-label') || at.title || at.innerText || at.value || '',
        tag: at.tagName,
        isMarked: outline.outlineStyle !== 'none' || outline.boxShadow !== 'none',
        isInside: Boolean(at.closest('#place')),
        expanded: at.getAttribute('aria-expanded')
      };
    });
  };
  for (let place = 0; place < 60; place += 1) {
    const stop = await press('Tab');
    if (!stop.isInside) {
      break;
    }
    stops.push(stop);
    expect(stop.name.trim() !== '', `the stop ${place} (${stop.tag}) has no name`);
    expect(stop.isMarked, `the focus is not to be seen on ${stop.name}`);
    if (/Liability cap|Amendments|Reasons/.test(stop.name)) {
      const opened = await press(stop.name.includes('Amend') ? 'Enter' : 'Space');
      expect(opened.expanded === 'true', `${stop.name} does not open by a key`);
    }
  }
  expect(stops.length > 20, `Tab reached ${stops.length} stops only`);
  await look(page, deal(person, 'Brightwater'));
  await page.focus('#place lightning-combobox button, #place lightning-combobox input');
  const heading = () => document.querySelector('#place h2.title').textContent;
  const before = await inside(page).evaluate(heading);
  for (const key of ['Enter', 'ArrowDown', 'Enter']) {
    await page.keyboard.press(key);
    await settle(page);
  }
  expect((await inside(page).evaluate(heading)) !== before, 'the arrow keys pick another contract');
  await page.browserContext().close();
}

async function aRefreshOfThePage(browser) {
  const person = personOf('sales_rep');
  const page = await open(browser, person);
  await look(page, deal(person, 'Brightwater'));
  await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/graphql')),
    page.click('#refresh')
  ]);
  expect(page.asked === 2, 'the refresh event asks once more');
  await page.browserContext().close();
}

fs.rmSync(shots, { recursive: true, force: true });
fs.mkdirSync(shots);
const browser = await launch();
const parts = [
  whoHasNotSignedIn,
  everybodyOnSeveralRecords,
  reasonsOnAClick,
  actionsOfARep,
  actionsThatFail,
  whereAValueComesFrom,
  anEditThatIsRefused,
  whatIsMaskedTellsItsOwnerOnly,
  statesOfTheService,
  loadingAndEmpty,
  renewalsAtHome,
  howTheSyncGoes,
  whatIsHeld,
  compactAndPhone,
  theKeyboardAlone,
  aRefreshOfThePage
];
try {
  for (const part of parts.filter(({ name }) => new RegExp(process.env.PART ?? '').test(name))) {
    await part(browser).catch((error) => expect(false, `${part.name}: ${error.message}`));
    console.log(`${part.name}: done`);
  }
} finally {
  await browser.close();
}
undecided.forEach((each) => console.log(`axe could not decide ${each}`));
console.log(`browser: ${passed} passed, ${failed.length} failed`);
process.exit(failed.length ? 1 : 0);
