'use strict';

const js = require('@eslint/js');
const lwc = require('@salesforce/eslint-config-lwc/recommended');
const jest = require('eslint-plugin-jest');
const { defineConfig } = require('eslint/config');
const globals = require('globals');

const BUNDLES = 'force-app/main/default/lwc/**/*';

module.exports = defineConfig([
  { ignores: ['preview/dist/**', 'coverage/**'] },
  { files: [`${BUNDLES}.js`], extends: [lwc] },
  {
    files: [`${BUNDLES}.test.js`, 'force-app/test/**/*.js'],
    plugins: { jest },
    extends: ['jest/recommended'],
    languageOptions: {
      sourceType: 'module',
      globals: { ...globals.node, ...globals.browser, ...jest.environments.globals.globals }
    }
  },
  {
    files: ['preview/**/*.{js,mjs}', 'checks/**/*.mjs'],
    plugins: { js },
    extends: ['js/recommended'],
    languageOptions: {
      ecmaVersion: 'latest',
      sourceType: 'module',
      globals: { ...globals.node, ...globals.browser }
    }
  }
]);
