// In the place of the Apex controllers: asks the API as whoever signed in on the page, with the documents that
// Apex would name. Of Apex it repeats what the components meet: an answer as text, a failure as JSON in a message.
const said = (id, contractId, idempotencyKey, more) => [
  id,
  { input: { contractId, idempotencyKey, ...more } }
];
const decided = (id, ids, reason, idempotencyKey) => [
  id,
  { input: { ids, reason, idempotencyKey } }
];
const QUESTIONS = {
  getPanel: ({ recordId }, ids) => [
    ids.PANEL,
    { record: recordId, onAccount: recordId.startsWith('001') }
  ],
  getProvenance: ({ contractId, fields }, ids) => [
    ids.PROVENANCE,
    { contract: contractId, fields }
  ],
  acknowledgeRenewal: ({ contractId, key }, ids) => said(ids.ACKNOWLEDGE_RENEWAL, contractId, key),
  flagValue: ({ contractId, field, text, key }, ids) =>
    said(ids.FLAG_VALUE, contractId, key, { field, note: text }),
  requestAccess: ({ contractId, field, text, key }, ids) =>
    said(ids.REQUEST_ACCESS, contractId, key, { field, reason: text }),
  getHeld: ({ first, after }, ids) => [ids.HELD, { first, after }],
  replayHeld: ({ ids: held, reason, key }, ids) => decided(ids.REPLAY_HELD, held, reason, key),
  discardHeld: ({ ids: held, reason, key }, ids) => decided(ids.DISCARD_HELD, held, reason, key),
  getSyncHealth: ({ minutes }, ids) => [ids.SYNC_HEALTH, { minutes }],
  getRenewals: ({ mine, pageSize }, ids) => [
    ids.RENEWALS,
    { first: pageSize, ...(mine ? { person: { eq: window.preview.user() } } : {}) }
  ]
};
const KINDS = {
  401: 'NO_ACCESS',
  403: 'NO_ACCESS',
  404: 'ERROR',
  429: 'UNAVAILABLE',
  503: 'UNAVAILABLE'
};

const failure = (kind, message, requestId) => ({
  body: { message: JSON.stringify({ kind, message, requestId }) }
});

async function ask([documentId, variables]) {
  const requestId = crypto.randomUUID();
  let response;
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      credentials: 'omit',
      cache: 'no-store',
      headers: {
        accept: 'application/graphql-response+json',
        authorization: `Bearer ${await window.preview.token()}`,
        'content-type': 'application/json',
        'x-request-id': requestId
      },
      body: JSON.stringify({ documentId, variables })
    });
  } catch {
    throw failure('UNAVAILABLE', undefined, requestId);
  }
  if (response.ok) {
    return response.text();
  }
  const kind = KINDS[response.status] ?? 'ERROR';
  const answer = await response.json().catch(() => undefined);
  throw failure(kind, answer?.errors?.[0]?.message, requestId);
}

export const method = (name, ids) => (asked) => ask(QUESTIONS[name](asked, ids));
