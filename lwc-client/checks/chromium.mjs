// The browser of the tests: CHROMIUM, one that is installed, or the one that comes as a package.
import { execFileSync } from 'node:child_process';
import packaged from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
// It shows pages of this machine only; as root, as in a container, it starts without its sandbox or not at all.
const FLAGS = [
  '--disable-background-networking',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-sandbox',
  '--no-zygote'
];

function installed() {
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // the next one
    }
  }
  return undefined;
}

export async function launch() {
  const path = process.env.CHROMIUM ?? installed() ?? (await packaged.executablePath());
  try {
    return await puppeteer.launch({ executablePath: path, headless: 'shell', args: FLAGS });
  } catch (error) {
    const [why] = error.message.split('\n');
    console.error(
      `no Chromium starts here (${path}: ${why}): install one (Debian, Ubuntu: apt install chromium), or name it, CHROMIUM=/path`
    );
    return process.exit(3);
  }
}
