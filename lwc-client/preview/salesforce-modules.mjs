// What an org gives components by import: labels, Apex methods, the user's locale. Read from the project's own
// files, so that a label or a method that is missing fails the build here as it fails a deployment.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const VIRTUAL = '\0salesforce:';
const SHIMS = ['navigation', 'refresh'];
const I18N = { lang: 'en-US', dir: 'ltr', currency: 'USD', timeZone: 'Europe/London' };
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };

// SFDX has no folder `c`: each bundle is named one by one.
export const bundles = (folder) =>
  fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name: `c/${name}`, path: path.join(folder, name, `${name}.js`) }));

// They must stand before lightning-base-components, whose own versions need an org.
export const shims = SHIMS.map((name) => ({
  name: `lightning/${name}`,
  path: path.join(here, 'shims', `${name}.js`)
}));

export function readLabels(file) {
  const labels = fs.readFileSync(file, 'utf8').matchAll(/<labels>([\s\S]*?)<\/labels>/g);
  const text = (xml, tag) =>
    new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`)
      .exec(xml)[1]
      .replace(/&\w+;/g, (entity) => ENTITIES[entity]);
  return new Map([...labels].map(([, xml]) => [text(xml, 'fullName'), text(xml, 'value')]));
}

export function readOperations(file) {
  const constants = fs.readFileSync(file, 'utf8').matchAll(/String (\w+) =\s+'([^']+)'/g);
  return Object.fromEntries([...constants].map(([, name, id]) => [name, id]));
}

export function salesforceModules(root) {
  const labels = readLabels(path.join(root, 'labels/CustomLabels.labels-meta.xml'));
  const operations = readOperations(path.join(root, 'classes/ContractGraphOperations.cls'));
  const text = (value) => `export default ${JSON.stringify(value)};`;

  function apex(name, fail) {
    const [cls, method] = name.split('.');
    const source = fs.readFileSync(path.join(root, 'classes', `${cls}.cls`), 'utf8');
    if (!new RegExp(`@AuraEnabled[^;{]*\\b${method}\\s*\\(`).test(source)) {
      fail(`${cls}.cls has no @AuraEnabled method ${method}`);
    }
    const shim = JSON.stringify(path.join(here, 'shims/apex.js'));
    return (
      `import { method } from ${shim};\n` +
      `export default method(${JSON.stringify(method)}, ${JSON.stringify(operations)});`
    );
  }

  return {
    name: 'salesforce-modules',
    resolveId(id, importer) {
      const ours = !importer?.includes('node_modules');
      const isOrgs = /^@salesforce\/(apex|label|client)\//.test(id) && ours;
      return isOrgs || /^@salesforce\/i18n\/(locale|lang|dir|currency|timeZone)$/.test(id)
        ? VIRTUAL + id
        : null;
    },
    load(id) {
      if (!id.startsWith(VIRTUAL)) {
        return null;
      }
      const [, kind, name] = id.slice(VIRTUAL.length).split('/');
      switch (kind) {
        case 'apex':
          return apex(name, (told) => this.error(told));
        case 'label':
          if (!labels.has(name.slice(2))) {
            this.error(`there is no custom label ${name.slice(2)}`);
          }
          return text(labels.get(name.slice(2)));
        case 'client':
          return 'export default window.innerWidth < 480 ? "Small" : "Large";';
        default:
          return name === 'locale'
            ? 'export default new Intl.NumberFormat().resolvedOptions().locale;'
            : text(I18N[name]);
      }
    }
  };
}
