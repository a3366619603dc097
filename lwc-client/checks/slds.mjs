// Every slds- class that a component names is one of the design system.
import fs from 'node:fs';
import path from 'node:path';
import { end, find, project, read } from './files.mjs';

const STYLES =
  'node_modules/@salesforce-ux/design-system/assets/styles/salesforce-lightning-design-system.css';
const css = fs.readFileSync(path.join(project, STYLES), 'utf8');
const known = new Set([...css.matchAll(/\.(slds-[\w-]+)/g)].map((match) => match[1]));
const problems = [];
for (const name of [...find('lwc', '.html'), ...find('lwc', '.js')]) {
  for (const [, token] of read(name).matchAll(/(?<![-\w])(slds-[a-z][\w-]*)/g)) {
    if (!known.has(token)) {
      problems.push(`${name}: the design system has no class ${token}`);
    }
  }
}
end(`slds- classes, of ${known.size}`, problems);
