// What the project's files say of each other: classes, components, labels, fields, credentials, and the size of our own code.
import fs from 'node:fs';
import path from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { end, find, read, root } from './files.mjs';

// What a page's users load: the panel and its list, and apart from it the page for administrators.
const MOST_BYTES = new Map([
  [/^lwc\/contract|^lwc\/renewal/, 60_000],
  [/^lwc\/sync/, 20_000]
]);
const WRITTEN_BY_RULE = /contractLabels|contractOwners|syncLabels/;
const TARGETS = new Set(['lightning__RecordPage', 'lightning__AppPage', 'lightning__HomePage']);
const STANDARD = /^(force|flexipage|record_flexipage):/;

const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false });
const problems = [];
const parse = (name) => Object.values(parser.parse(read(name))).at(-1);
const list = (value) => (value === undefined ? [] : [value].flat());
const exists = (name) => fs.existsSync(path.join(root, name));
const require = (is, told) => is || problems.push(told);

const sources = find('.', '.js').concat(find('.', '.cls'), find('.', '.html'));
const text = sources.map(read).join('\n');
const bundles = new Map(
  find('lwc', '.js-meta.xml').map((name) => [path.basename(name, '.js-meta.xml'), parse(name)])
);

for (const name of find('classes', '.cls')) {
  require(exists(`${name}-meta.xml`), `${name} has no -meta.xml`);
}
for (const folder of fs.readdirSync(path.join(root, 'lwc'))) {
  require(bundles.has(folder), `lwc/${folder} has no .js-meta.xml`);
}

const labels = new Set(
  list(parse('labels/CustomLabels.labels-meta.xml').labels).map((each) => each.fullName)
);
const used = new Set(
  [...text.matchAll(/(?:@salesforce\/label\/c|System\.Label)\.(\w+)/g)].map((match) => match[1])
);
used.forEach((name) => require(labels.has(name), `there is no label ${name}`));
labels.forEach((name) => require(used.has(name), `the label ${name} is used nowhere`));

for (const list of ['contractLabels', 'syncLabels']) {
  const texts = read(`lwc/${list}/${list}.js`);
  const [, members] = /export const LABELS = \{([^}]*)\}/.exec(texts);
  const rest = text.replace(texts, '');
  for (const [name] of members.matchAll(/\w+/g)) {
    // A section of the panel is named as its list is.
    const isUsed = new RegExp(`\\b(LABELS|COMMON|labels)\\.${name}\\b|'${name}'`).test(rest);
    require(isUsed, `the text ${name} of ${list} is used nowhere`);
  }
}

for (const [name, bundle] of bundles) {
  const targets = list(bundle.targets?.target);
  targets.forEach((each) => require(TARGETS.has(each), `${name}: unknown target ${each}`));
  require(bundle.isExposed === 'false' || targets.length, `${name} is exposed and has no target`);
  const script = exists(`lwc/${name}/${name}.js`) ? read(`lwc/${name}/${name}.js`) : '';
  for (const config of list(bundle.targetConfigs?.targetConfig)) {
    config['@_targets']
      .split(',')
      .forEach((each) =>
        require(targets.includes(each), `${name}: configures ${each}, which is no target of it`)
      );
    for (const property of list(config.property)) {
      const declared = new RegExp(`@api (get )?${property['@_name']}\\b`).test(script);
      require(declared, `${name} has no public property ${property['@_name']}`);
    }
  }
}

for (const name of find('permissionsets', '.xml')) {
  const set = parse(name);
  for (const { apexClass } of list(set.classAccesses)) {
    require(exists(`classes/${apexClass}.cls`), `${name}: no class ${apexClass}`);
  }
  for (const { field } of list(set.fieldPermissions)) {
    const [object, api] = field.split('.');
    const file = `objects/${object}/fields/${api}.field-meta.xml`;
    require(exists(file), `${name}: no field ${field}`);
    require(!exists(file) ||
      parse(file).required !== 'true', `${name}: ${field} is required, no permission may name it`);
  }
  for (const { externalCredentialPrincipal } of list(set.externalCredentialPrincipalAccesses)) {
    const [credential, principal] = externalCredentialPrincipal.split('-');
    const file = `externalCredentials/${credential}.externalCredential-meta.xml`;
    const groups = exists(file)
      ? list(parse(file).externalCredentialParameters)
          .filter((each) => each.parameterType.endsWith('Principal'))
          .map((each) => each.parameterGroup)
      : [];
    require(groups.includes(principal), `${name}: no principal ${externalCredentialPrincipal}`);
  }
}

for (const name of find('namedCredentials', '.xml')) {
  for (const { externalCredential } of list(parse(name).namedCredentialParameters)) {
    const file = `externalCredentials/${externalCredential}.externalCredential-meta.xml`;
    require(!externalCredential ||
      exists(file), `${name}: no external credential ${externalCredential}`);
  }
}
for (const [, credential] of text.matchAll(/callout:(\w+)/g)) {
  require(exists(
    `namedCredentials/${credential}.namedCredential-meta.xml`
  ), `no named credential ${credential}`);
}

for (const name of find('flexipages', '.xml')) {
  for (const region of list(parse(name).flexiPageRegions)) {
    for (const { componentInstance } of list(region.itemInstances)) {
      const { componentName, componentInstanceProperties } = componentInstance;
      const isOurs = !STANDARD.test(componentName);
      require(!isOurs || bundles.has(componentName), `${name}: no component ${componentName}`);
      const configs = isOurs ? list(bundles.get(componentName)?.targetConfigs?.targetConfig) : [];
      const known = configs.flatMap((each) => list(each.property)).map((each) => each['@_name']);
      for (const property of isOurs ? list(componentInstanceProperties) : []) {
        require(known.includes(property.name), `${name}: ${componentName} has no ${property.name}`);
      }
    }
  }
}

const ours = [...find('lwc', '.js'), ...find('lwc', '.html'), ...find('lwc', '.css')].filter(
  (name) => !WRITTEN_BY_RULE.test(name)
);
const sizes = [...MOST_BYTES].map(([names, most]) => {
  const bytes = ours
    .filter((name) => names.test(name))
    .reduce((sum, name) => sum + Buffer.byteLength(read(name)), 0);
  require(bytes < most, `components of ${names} are ${bytes} bytes, more than ${most}`);
  return bytes;
});
ours.forEach((name) =>
  require([...MOST_BYTES.keys()].some((names) =>
    names.test(name)
  ), `${name} is in no page's budget`)
);
end(
  `references of ${sources.length} sources, ${sizes.join(' + ')} bytes of components beside the lists of labels and owners`,
  problems
);
