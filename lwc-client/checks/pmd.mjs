// Apex under PMD's rules for security: no finding of the two highest severities.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { CodeAnalyzer, CodeAnalyzerConfig } from '@salesforce/code-analyzer-core';
import { end, root } from './files.mjs';

const require = createRequire(import.meta.url);
const HIGH = 2;

if (spawnSync('java', ['-version']).error) {
  console.log(
    'pmd: skipped, there is no java here: install a Java runtime, 11 or later (Debian: apt install default-jre-headless)'
  );
  process.exit(0);
}
const analyzer = new CodeAnalyzer(CodeAnalyzerConfig.withDefaults());
await analyzer.addEnginePlugin(
  require('@salesforce/code-analyzer-pmd-engine').createEnginePlugin()
);
const rules = await analyzer.selectRules(['pmd:Security']);
const workspace = await analyzer.createWorkspace([`${root}/classes`]);
const results = await analyzer.run(rules, { workspace });
const problems = results
  .getViolations()
  .filter((found) => found.getRule().getSeverityLevel() <= HIGH)
  .map((found) => {
    const at = found.getPrimaryLocation();
    return `${at.getFile()}:${at.getStartLine()} ${found.getRule().getName()}: ${found.getMessage()}`;
  });
end(`pmd, ${rules.getCount()} rules for security`, problems);
