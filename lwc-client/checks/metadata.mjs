// Every *-meta.xml against the types of the Metadata API: elements, enumerations, truths, numbers, what is required.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { end, find, read } from './files.mjs';

const require = createRequire(import.meta.url);
const declared = fs.readFileSync(
  path.join(path.dirname(require.resolve('@salesforce/types/metadata')), 'metadata.d.ts'),
  'utf8'
);
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  ignoreDeclaration: true
});
const types = new Map();
const enums = new Map();
const problems = [];

function readProperty([, name, optional, type]) {
  const many = type.endsWith('[]');
  return [name, { optional: Boolean(optional), many, type: type.replace(/\[\]$/, '').trim() }];
}

for (const [, name, base, body] of declared.matchAll(
  /export type (\w+) = (?:(\w+) & )?\{([\s\S]*?)\n?\};/g
)) {
  const properties = [...body.matchAll(/^\s+'?(\w+)'?(\?)?: ([^;]+);/gm)].map(readProperty);
  types.set(name, { base, properties: Object.fromEntries(properties) });
}
for (const [, name, body] of declared.matchAll(/export type (\w+) = ((?:\|?\s*'[^']*'\s*)+);/g)) {
  enums.set(name, new Set([...body.matchAll(/'([^']*)'/g)].map((member) => member[1])));
}

function propertiesOf(name) {
  const type = types.get(name);
  return type ? { ...propertiesOf(type.base), ...type.properties } : {};
}

function checkValue(value, { type }, where) {
  if (enums.has(type) && !enums.get(type).has(value)) {
    problems.push(`${where}: '${value}' is not one of ${type}`);
  } else if (types.has(type)) {
    checkNode(typeof value === 'object' ? value : {}, type, where);
  } else if (type === 'boolean' && !/^(true|false)$/.test(value)) {
    problems.push(`${where}: '${value}' is no boolean`);
  } else if (type === 'number' && !/^-?[\d.]+$/.test(value)) {
    problems.push(`${where}: '${value}' is no number`);
  }
}

function checkNode(node, type, where) {
  const properties = propertiesOf(type);
  for (const [name, value] of Object.entries(node)) {
    const property = properties[name];
    if (!property) {
      problems.push(`${where}: <${name}> is no element of ${type}`);
      continue;
    }
    const values = [value].flat();
    if (values.length > 1 && !property.many) {
      problems.push(`${where}: <${name}> may occur once`);
    }
    values.forEach((each) => checkValue(each, property, `${where}/${name}`));
  }
  for (const [name, { optional, many }] of Object.entries(properties)) {
    if (!optional && !many && !(name in node) && name !== 'fullName') {
      problems.push(`${where}: <${name}> is required in ${type}`);
    }
  }
}

const files = find('.', '-meta.xml');
for (const file of files) {
  const valid = XMLValidator.validate(read(file));
  const [type, node] = valid === true ? Object.entries(parser.parse(read(file)))[0] : [];
  if (valid !== true) {
    problems.push(`${file}: ${valid.err.msg}, line ${valid.err.line}`);
  } else if (!types.has(type)) {
    problems.push(`${file}: the Metadata API has no ${type}`);
  } else {
    // The types have no form for what a bundle's targets are given; references.mjs looks into it.
    delete node.targetConfigs;
    checkNode(node, type, file);
  }
}
end(`metadata of ${files.length} files, ${types.size} types`, problems);
