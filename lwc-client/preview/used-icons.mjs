// Compiling all ~1,900 icon templates is most of the build: only names that occur in source are kept.
import fs from 'node:fs';
import path from 'node:path';

const NAME = /\b(utility|standard|action|custom|doctype):([a-zA-Z]\w*)/g;

function* sources(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!/^(iconSvgTemplates|__)/.test(entry.name)) {
        yield* sources(place);
      }
    } else if (/\.(js|html)$/.test(entry.name)) {
      yield place;
    }
  }
}

export function usedIcons(folders) {
  const used = new Set();
  for (const folder of folders) {
    for (const file of sources(folder)) {
      for (const [, set, name] of fs.readFileSync(file, 'utf8').matchAll(NAME)) {
        used.add(`${set}_${name}`);
      }
    }
  }
  return {
    name: 'used-icons',
    load(id) {
      const templates = /iconSvgTemplates(\w+)[\\/]buildTemplates[\\/]templates\.js$/.exec(id);
      if (!templates) {
        return null;
      }
      if (templates[1].endsWith('Rtl')) {
        return 'export default {};';
      }
      const imports = fs
        .readFileSync(id, 'utf8')
        .split('\n')
        .map((line) => [line, line.match(/^import \{ default as (\w+) \}/)?.[1]])
        .filter(([, name]) => used.has(name));
      const names = imports.map(([, name]) => name).join(', ');
      return `${imports.map(([line]) => line).join('\n')}\nexport default { ${names} };`;
    }
  };
}
