// Apex type-checked without an org, by apex-ls, whose archive lies inside Code Analyzer's PMD engine.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { project } from './files.mjs';

const ARCHIVES = 'node_modules/@salesforce/code-analyzer-pmd-engine/dist/java-lib/*';
const command = [
  '-cp',
  path.join(project, ARCHIVES),
  'io.github.apexdevtools.apexls.CheckForIssues',
  '-w',
  project,
  '-n'
];
const done = spawnSync('java', command, { encoding: 'utf8' });
if (done.error?.code === 'ENOENT') {
  console.log(
    'apex: skipped, there is no java here: install a Java runtime, 11 or later (Debian: apt install default-jre-headless)'
  );
  process.exit(0);
}
process.stderr.write(done.stderr);
process.stdout.write(done.stdout);
console.log(`apex: ${done.status ? 'problems above' : '0 problems'}`);
process.exit(done.status);
