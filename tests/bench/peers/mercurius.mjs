// mercurius with graphql-jit as its documentation sets it up: loaders against N + 1, plain SQL through pg's pool.
// No row-level security: every statement says the org. The schema is the part of ours that is asked about.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';
import { readFileSync } from 'node:fs';
import { callers } from './caller.mjs';
import { given, pool } from './given.mjs';
import * as sql from './statements.mjs';

pg.types.setTypeParser(pg.types.builtins.DATE, String);

const database = new pg.Pool({ connectionString: given.url, ...pool });
const orgOf = callers(given);

// Named, so that PostgreSQL plans it once for each connection.
async function rows(name, values) {
  return (await database.query({ name, text: sql[name], values })).rows;
}

const money = (amount, currency) => (amount === null || currency === null ? null : { amount, currency });

const contractOf = (row) => ({ ...row, totalValue: money(row.amount, row.currency) });

// Loads the rows of all parents that a level of the answer asks about, and deals them out.
function grouped(name, made = (row) => row) {
  return {
    async loader(queries, { org }) {
      const first = Math.max(...queries.map(({ params }) => params.first));
      const found = await rows(name, [org, queries.map(({ obj }) => obj.id), first]);
      const groups = new Map(queries.map(({ obj }) => [obj.id, []]));
      for (const row of found) groups.get(row.parent).push(made(row));
      return queries.map(({ obj, params }) => ({ nodes: groups.get(obj.id).slice(0, params.first) }));
    },
    // Caching would write each parent as JSON to know it again: within a request none comes twice.
    opts: { cache: false }
  };
}

const cursorOf = ({ day, id }) =>
  Buffer.from(JSON.stringify([given.digest, day, id]).replaceAll(',', ', ')).toString('base64url');

async function page(org, first, after) {
  if (after === null || after === undefined) return rows('firstPage', [org, first + 1]);
  const [, day, id] = JSON.parse(Buffer.from(after, 'base64url').toString());
  return day === null
    ? rows('pageAfterDays', [org, first + 1, id])
    : rows('pageAfterDay', [org, first + 1, id, day]);
}

// A text for LIKE: its own wildcards are none.
const within = (text) => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

async function portfolioOf(org) {
  const cells = await rows('portfolio', [org]);
  const totals = (status) =>
    cells.filter((cell) => !cell.ofAll && cell.currency !== null && cell.status === status);
  const states = cells.filter((cell) => !cell.ofAllStates && cell.ofAll);
  return {
    count: cells.find((cell) => cell.ofAllStates && cell.ofAll).count,
    totals: totals(null),
    byStatus: states.map(({ status, count }) => ({ status, count, totals: totals(status) }))
  };
}

const app = Fastify({ logger: false, keepAliveTimeout: 0 });

app.register(mercurius, {
  schema: readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'),
  jit: 1,
  graphiql: false,
  context: async (request) => ({ org: await orgOf(request.headers.authorization) }),
  resolvers: {
    Query: {
      opportunity: async (_, { salesforceId }, { org }) =>
        (await rows('opportunity', [org, salesforceId]))[0] ?? null,
      portfolio: (_, __, { org }) => portfolioOf(org),
      contracts: async (_, { first, after, filter }, { org }) => {
        const text = filter?.text;
        const found = await (text
          ? rows('found', [org, first + 1, within(text)])
          : page(org, first, after));
        const nodes = found.slice(0, first).map(contractOf);
        const last = nodes.at(-1);
        const endCursor = last ? cursorOf({ day: last.expirationDate, id: last.id }) : null;
        return { nodes, pageInfo: { hasNextPage: found.length > first, endCursor } };
      }
    }
  },
  loaders: {
    Opportunity: { contracts: grouped('contracts', contractOf) },
    Contract: {
      parties: grouped('parties'),
      amendments: grouped('amendments', (row) => ({ ...row, valueChange: money(row.amount, row.currency) })),
      documents: grouped('documents'),
      obligations: grouped('obligations')
    }
  }
});

await app.listen({ port: Number(given.port), host: '127.0.0.1' });
process.once('SIGTERM', () => process.exit(0));
