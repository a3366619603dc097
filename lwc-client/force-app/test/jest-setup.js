const { randomUUID } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { registerSa11yMatcher } = require('@sa11y/jest');

registerSa11yMatcher();

// Every browser has it, and jsdom has not.
window.crypto.randomUUID = randomUUID;

// The labels as an org has them, so that tests read what a user reads.
const file = path.join(__dirname, '../main/default/labels/CustomLabels.labels-meta.xml');
const LABEL = /<fullName>(\w+)<\/fullName>[\s\S]*?<value>([\s\S]*?)<\/value>/g;
for (const [, name, value] of fs.readFileSync(file, 'utf8').matchAll(LABEL)) {
  jest.doMock(`@salesforce/label/c.${name}`, () => ({ default: value }), { virtual: true });
}

// jsdom reads no @container, and says so for every component that is styled by its room.
const tell = console.error;
console.error = (first, ...rest) =>
  /Could not parse CSS/.test(first) ? undefined : tell(first, ...rest);

afterEach(() => {
  document.body.replaceChildren();
  jest.clearAllMocks();
});
