// The API's answer as the components take it: contracts by urgency, and what the policy says of each field.
import { byRank } from 'c/contractFormat';

const FINISHED = new Set(['TERMINATED', 'RENEWED']);
const LAST = '9999-12-31';
const SAID = {
  acknowledgeRenewal: 'renewalAcknowledgements',
  flagValue: 'valueFlags',
  requestAccess: 'accessRequests'
};

// What of a field is shown, masked or hidden. Where a rule concerns some records only, nobody can tell of an
// absent value whether it is hidden, and neither is claimed.
export class Access {
  constructor({ denied = [], masked = [] } = {}, { subject, commands = [] } = {}) {
    this.user = subject;
    this.commands = commands;
    this.denied = new Map(denied.map((each) => [each.field, each]));
    this.masked = new Map(masked.map((each) => [each.field, each]));
  }

  of(coordinate, value) {
    const absent = value === null || value === undefined;
    const rule = absent ? this.denied.get(coordinate) : this.masked.get(coordinate);
    if (!rule) {
      return { state: absent ? 'empty' : 'shown', ...this.may('flagValue') };
    }
    const state = absent ? (rule.records === 'all' ? 'hidden' : 'maybe') : 'masked';
    const command = state === 'maybe' ? {} : this.may('requestAccess');
    return { state, reason: rule.reason, rule: rule.rule, mask: rule.mask, ...command };
  }

  may(command) {
    return { command, allowed: this.commands.includes(command) };
  }

  // What was said of a field, or of the coming renewal; of requests only the user's own.
  said(command, contract, field) {
    return (contract[SAID[command]]?.nodes ?? []).filter(
      (each) =>
        each.field === field &&
        (!each.renewalDate || each.renewalDate === contract.renewalDate) &&
        (command !== 'requestAccess' || each.by?.salesforceId === this.user)
    );
  }
}

// Who must act soonest comes first: in the notice window, then in force by the next date, then the rest.
export function urgency(contract) {
  const date = contract.noticeDeadline ?? contract.expirationDate ?? LAST;
  const finished = FINISHED.has(contract.status) || contract.daysToExpiration < 0;
  return `${contract.inNoticeWindow ? 0 : finished ? 2 : 1}${date}${contract.number ?? ''}`;
}

const contractsOf = ({ data, extensions }, there, list) => ({
  access: new Access(extensions?.access, data.viewer),
  isThere: Boolean(there),
  isUnsure: extensions?.access?.salesforce,
  contracts: list?.nodes ?? [],
  total: list?.totalCount ?? 0
});

export function readPanel(text) {
  const answer = JSON.parse(text);
  const record = answer.data.opportunity ?? answer.data.account;
  const panel = contractsOf(answer, record, record?.contracts);
  panel.contracts.sort(byRank(urgency));
  return panel;
}

export function readRenewals(text) {
  const answer = JSON.parse(text);
  const { contracts } = answer.data;
  return contractsOf(answer, contracts, contracts);
}

// Where a value comes from: null where no event told it, undefined where nobody can tell.
export function provenanceOf({ provenance }, field) {
  const { nodes = [], totalCount } = provenance ?? {};
  const isWhole = totalCount <= nodes.length;
  return nodes.find((each) => each.field === field) ?? (isWhole ? null : undefined);
}

export const readChanges = (text) => ({ changes: JSON.parse(text).data.contract?.changes?.nodes });

// The record that a mutation made, or found.
export const readSaid = (text) => Object.values(Object.values(JSON.parse(text).data)[0])[0];

// Asks for a component, which is told in `member` what was read or in `failure` why not. Of two answers under way
// the later question counts. Returns whether it was answered.
export async function ask(component, member, question, read) {
  component.asked = question;
  component.isLoading = true;
  let answer, failure;
  try {
    answer = read(await question);
  } catch (error) {
    failure = readFailure(error);
  }
  if (component.asked === question) {
    Object.assign(component, { [member]: answer, failure, isLoading: false });
  }
  return !failure;
}

// What is shown instead of contracts, undefined where they are shown.
export function stateOf(failure, answer, empty) {
  if (failure || !answer) {
    return failure?.kind ?? 'LOADING';
  }
  const nothing = answer.isUnsure ? 'NOT_SAID' : answer.isThere ? empty : 'NO_ACCESS';
  return answer.contracts.length ? undefined : nothing;
}

// A failure as Apex sends it, in JSON; of anything else what Salesforce says is for the user.
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
