// The project's files, and how a check ends.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
export const root = path.join(project, 'force-app/main/default');

export const find = (folder, ending) =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(ending) && !name.includes('__tests__'))
    .map((name) => path.join(folder, name))
    .sort();

export const read = (name) => fs.readFileSync(path.join(root, name), 'utf8');

export function end(what, problems) {
  problems.forEach((problem) => console.error(problem));
  console.log(`${what}: ${problems.length} problems`);
  process.exit(problems.length ? 1 : 0);
}
