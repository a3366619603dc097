// PostGraphile 5 as its documentation sets it up: Grafserv on node:http, the org in pgSettings, RLS does the rest.
import { createServer } from 'node:http';
import { makePgService } from 'postgraphile/adaptors/pg';
import { lambda, object } from 'postgraphile/grafast';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { addPgTableOrderBy, extendSchema, orderByAscDesc } from 'postgraphile/utils';
import { postgraphile } from 'postgraphile';
import { PostGraphileConnectionFilterPreset } from 'postgraphile-plugin-connection-filter';
import { callers } from './caller.mjs';
import { given, pool } from './given.mjs';
import { inNoticeWindow, noticeDeadline, today } from './notice.mjs';

const derived = extendSchema((build) => {
  const { TYPES } = build.dataplanPg;
  const { sql } = build;
  const row = ($contract) => $contract.getClassStep().alias;
  const deadline = ($contract) => $contract.select(noticeDeadline(sql, row($contract)), TYPES.date);
  return {
    typeDefs: /* GraphQL */ `
      extend type Contract {
        noticeDeadline: Date
        inNoticeWindow: Boolean
        daysToExpiration: Int
      }
    `,
    objects: {
      Contract: {
        plans: {
          noticeDeadline: deadline,
          inNoticeWindow: ($contract) =>
            lambda(
              object({
                status: $contract.get('status'),
                renewalType: $contract.get('renewal_type'),
                expirationDate: $contract.get('expiration_date'),
                noticeWindowDays: $contract.get('notice_window_days'),
                deadline: deadline($contract)
              }),
              inNoticeWindow,
              true
            ),
          daysToExpiration: ($contract) =>
            $contract.select(sql`${row($contract)}.expiration_date - ${today(sql)}`, TYPES.int)
        }
      }
    }
  };
});

// A cursor among days that may be absent would lose those without: after a day, PostGraphile 5.1 asks for none of
// them. Absent days are therefore ordered as a last one, by an index of their own (index.sql).
const byExpiration = addPgTableOrderBy({ schemaName: 'public', tableName: 'contract' }, ({ sql, dataplanPg }) =>
  orderByAscDesc('EXPIRATION', (contract) => ({
    fragment: sql`coalesce(${contract}.expiration_date, '9999-12-31'::date)`,
    codec: dataplanPg.TYPES.date
  }))
);

const orgOf = callers(given);

const preset = {
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
  plugins: [derived, byExpiration],
  // An order by days that have no index of their own is asked for, too.
  disablePlugins: ['PgIndexBehaviorsPlugin'],
  schema: { defaultBehavior: '+list +connection', pgOrderByNullsLast: true, connectionFilterRelations: true },
  pgServices: [
    makePgService({ connectionString: given.url, schemas: ['public'], poolConfig: pool, pubsub: false })
  ],
  grafast: {
    explain: false,
    context: async ({ node }) => ({
      pgSettings: { 'app.org': await orgOf(node.req.headers.authorization) }
    })
  },
  grafserv: {
    graphqlPath: '/graphql',
    graphiql: false,
    watch: false,
    websockets: false
  }
};

const serv = postgraphile(preset).createServ(grafserv);
const server = createServer();
server.keepAliveTimeout = 0;
await serv.addTo(server);
server.listen(Number(given.port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
