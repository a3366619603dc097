// Builds the components as they are, with the LWC engine and Salesforce's base components, into preview/dist.
// What is built there is under Salesforce's terms: it is never committed and never published.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import lwc from '@lwc/rollup-plugin';
import resolve from '@rollup/plugin-node-resolve';
import replace from '@rollup/plugin-replace';
import { bundles, salesforceModules, shims } from './salesforce-modules.mjs';
import { usedIcons } from './used-icons.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '../force-app/main/default');
const packages = path.join(here, '../node_modules');
const slds = path.join(packages, '@salesforce-ux/design-system/assets');

const styles = {
  name: 'styles',
  writeBundle({ dir }) {
    const css = 'styles/salesforce-lightning-design-system.min.css';
    fs.mkdirSync(path.join(dir, 'styles'), { recursive: true });
    fs.copyFileSync(path.join(slds, css), path.join(dir, css));
  }
};

export default {
  input: path.join(here, 'main.js'),
  output: {
    dir: path.join(here, 'dist'),
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js'
  },
  onLog(level, log, handler) {
    if (log.code === 'UNRESOLVED_IMPORT') {
      throw new Error(log.message);
    }
    if (!(log.id ?? log.loc?.file ?? '').includes('node_modules')) {
      handler(level, log);
    }
  },
  plugins: [
    salesforceModules(root),
    usedIcons([root, path.join(packages, 'lightning-base-components/src/lightning')]),
    lwc({
      apiVersion: 66,
      enableDynamicComponents: true,
      rootDir: here,
      modules: [...bundles(path.join(root, 'lwc')), ...shims, { npm: 'lightning-base-components' }]
    }),
    resolve({ browser: true }),
    replace({
      'import.meta.env.SSR': 'false',
      'process.env.NODE_ENV': '"production"',
      // Needs native shadow; of the gates the package has only this one breaks without it.
      'features.enableComboboxElementInternals': 'false',
      preventAssignment: true
    }),
    styles
  ]
};
