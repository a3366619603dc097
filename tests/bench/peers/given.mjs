// What a server of the benchmark is told: see tests/bench/servers.py.
import { parseArgs } from 'node:util';

const text = { type: 'string' };

export const given = parseArgs({
  options: { url: text, port: text, keys: text, issuer: text, audience: text, digest: text }
}).values;

// As many connections as the other servers have, with the settings of theirs.
export const pool = {
  max: 8,
  min: 8,
  idleTimeoutMillis: 0,
  options: '-c timezone=UTC -c datestyle=ISO -c jit=off -c plan_cache_mode=force_generic_plan'
};
