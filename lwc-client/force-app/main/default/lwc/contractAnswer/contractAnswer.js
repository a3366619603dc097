// The API's answer as the components take it: contracts by urgency, and what the policy says of each field.

const FINISHED = new Set(['TERMINATED', 'RENEWED']);
const LAST = '9999-12-31';

// What of a field is shown, masked or hidden. A rule may concern some records only: then an absent value may
// be hidden or not there at all, and nobody can tell which, so neither is claimed.
export class Access {
  constructor({ denied = [], masked = [] } = {}) {
    this.denied = new Map(denied.map((each) => [each.field, each]));
    this.masked = new Map(masked.map((each) => [each.field, each]));
  }

  // coordinate: such as Contract.totalValue
  of(coordinate, value) {
    const absent = value === null || value === undefined;
    const rule = absent ? this.denied.get(coordinate) : this.masked.get(coordinate);
    if (!rule) {
      return { state: absent ? 'empty' : 'shown' };
    }
    const state = absent ? (rule.records === 'all' ? 'hidden' : 'maybe') : 'masked';
    return { state, reason: rule.reason, rule: rule.rule, mask: rule.mask };
  }

  isMasked(coordinate) {
    return this.masked.has(coordinate);
  }
}

// Who must act soonest comes first: in the notice window, then in force by the next date, then the rest.
export function urgency(contract) {
  const date = contract.noticeDeadline ?? contract.expirationDate ?? LAST;
  const finished = FINISHED.has(contract.status) || contract.daysToExpiration < 0;
  return `${contract.inNoticeWindow ? 0 : finished ? 2 : 1}${date}${contract.number ?? ''}`;
}

const byUrgency = (one, other) => (urgency(one) < urgency(other) ? -1 : 1);

// Returns { name, contracts, total, access }; record is false where the record itself is not the caller's.
export function readPanel(text) {
  const { data, extensions } = JSON.parse(text);
  const record = data.opportunity ?? data.account;
  const contracts = record?.contracts?.nodes ?? [];
  return {
    access: new Access(extensions?.access),
    name: record?.name,
    isThere: Boolean(record),
    contracts: [...contracts].sort(byUrgency),
    total: record?.contracts?.totalCount ?? 0
  };
}

export function readRenewals(text) {
  const { data, extensions } = JSON.parse(text);
  return {
    access: new Access(extensions?.access),
    contracts: data.contracts?.nodes ?? [],
    total: data.contracts?.totalCount ?? 0,
    isShown: Boolean(data.contracts)
  };
}

export function readChanges(text) {
  const { data, extensions } = JSON.parse(text);
  const changes = data.contract?.changes;
  return { changes: changes?.nodes ?? [], hidden: !changes && Boolean(extensions) };
}

// A failure as Apex sends it: JSON in the message of an AuraHandledException. Of anything else only
// what Salesforce says is for the user: the message of a fault of ours helps nobody.
export function readFailure(error) {
  try {
    const failure = JSON.parse(error.body.message);
    if (failure.kind) {
      return failure;
    }
  } catch {
    // told below
  }
  return { kind: 'ERROR', message: error?.body?.message };
}
