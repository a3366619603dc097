import {
  Access,
  provenanceOf,
  readChanges,
  readFailure,
  readPanel,
  readRenewals,
  readSaid,
  urgency
} from 'c/contractAnswer';
import { answer, contract, denial, failure } from '../../../../../test/panel';

describe('c/contractAnswer', () => {
  it('puts the contract first that must be acted on first', () => {
    const panel = readPanel(
      answer([
        contract({ id: 'over', status: 'TERMINATED', noticeDeadline: '2020-01-01' }),
        contract({ id: 'later', noticeDeadline: '2030-01-01' }),
        contract({ id: 'draft', noticeDeadline: null, expirationDate: null }),
        contract({ id: 'past', daysToExpiration: -3, noticeDeadline: '2019-01-01' }),
        contract({ id: 'soon', noticeDeadline: '2028-01-01' }),
        contract({ id: 'now', inNoticeWindow: true, noticeDeadline: '2031-01-01' })
      ])
    );
    expect(panel.contracts.map(({ id }) => id)).toEqual([
      'now',
      'soon',
      'later',
      'draft',
      'past',
      'over'
    ]);
    expect(panel.total).toBe(6);
  });

  it('ranks contracts without a number', () => {
    expect(urgency({ noticeDeadline: '2030-01-01' })).toBe('12030-01-01');
  });

  it('tells a record without contracts from one that is not there', () => {
    expect(readPanel(answer([]))).toMatchObject({ isThere: true, contracts: [] });
    expect(readPanel('{"data":{"opportunity":null}}')).toMatchObject({ isThere: false, total: 0 });
    expect(readPanel('{"data":{"account":{"contracts":null}}}').isThere).toBe(true);
  });

  it('knows what is shown, masked, hidden, and what nobody can tell', () => {
    const access = new Access({
      denied: [denial('Contract.liabilityCap'), denial('Contract.arr', 'some')],
      masked: [{ ...denial('Contract.totalValue'), mask: 'one significant digit' }]
    });
    expect(access.of('Contract.title', 'MSA').state).toBe('shown');
    expect(access.of('Contract.title', null).state).toBe('empty');
    expect(access.of('Contract.liabilityCap', null)).toMatchObject({
      state: 'hidden',
      reason: 'Contract.liabilityCap is for LEGAL'
    });
    expect(access.of('Contract.liabilityCap', undefined).state).toBe('hidden');
    expect(access.of('Contract.arr', null).state).toBe('maybe');
    expect(access.of('Contract.arr', 1).state).toBe('shown');
    expect(access.of('Contract.totalValue', 1)).toMatchObject({
      state: 'masked',
      mask: 'one significant digit'
    });
    expect(new Access().of('Contract.arr', null).state).toBe('empty');
  });

  it('offers to flag what is shown, to ask for what is not, and nothing where that cannot be told', () => {
    const access = new Access(
      {
        denied: [denial('Contract.liabilityCap'), denial('Contract.mrr', 'some')],
        masked: [denial('Contract.arr')]
      },
      { subject: '005', commands: ['requestAccess'] }
    );
    const flag = { command: 'flagValue', allowed: false };
    const request = { command: 'requestAccess', allowed: true };
    expect(access.of('Contract.title', 'MSA')).toMatchObject(flag);
    expect(access.of('Contract.title', null)).toMatchObject(flag);
    expect(access.of('Contract.liabilityCap', null)).toMatchObject(request);
    expect(access.of('Contract.arr', 1)).toMatchObject(request);
    expect(access.of('Contract.mrr', null).command).toBeUndefined();
    expect(access.said(undefined, {}, 'mrr')).toEqual([]);
  });

  it('counts an acknowledgement for the renewal that it was of', () => {
    const nodes = [{ id: 'a1', renewalDate: '2028-01-30' }];
    const said = (renewalDate) =>
      new Access().said('acknowledgeRenewal', {
        renewalDate,
        renewalAcknowledgements: { nodes }
      });
    expect(said('2028-01-30')).toEqual(nodes);
    expect(said('2029-01-30')).toEqual([]);
  });

  it('reads what a mutation made', () => {
    const text = '{"data":{"flagValue":{"valueFlag":{"id":"f1"}}}}';
    expect(readSaid(text)).toEqual({ id: 'f1' });
  });

  it('reads renewals and changes, and that they are hidden', () => {
    expect(readRenewals('{"data":{"contracts":null}}')).toMatchObject({ isThere: false, total: 0 });
    expect(
      readRenewals('{"data":{"contracts":{"totalCount":1,"nodes":[{}]}}}').contracts
    ).toHaveLength(1);
    expect(readChanges('{"data":{"contract":{"changes":null}}}').changes).toBeUndefined();
    expect(readChanges('{"data":{"contract":{"changes":{"nodes":[]}}}}').changes).toEqual([]);
  });

  it('tells of each value its provenance, that none is on record, or that nobody can tell', () => {
    const known = { field: 'arr', system: 'CLM' };
    const whole = { provenance: { totalCount: 1, nodes: [known] } };
    expect(provenanceOf(whole, 'arr')).toBe(known);
    expect(provenanceOf(whole, 'totalValue')).toBeNull();
    const cut = { provenance: { totalCount: 101, nodes: [known] } };
    expect(provenanceOf(cut, 'totalValue')).toBeUndefined();
    expect(provenanceOf({ provenance: null }, 'arr')).toBeUndefined();
    expect(provenanceOf({}, 'arr')).toBeUndefined();
  });

  it('reads failures of Apex, and whatever else is thrown', () => {
    expect(readFailure(failure('UNAVAILABLE', 'No answer'))).toEqual({
      kind: 'UNAVAILABLE',
      message: 'No answer',
      requestId: 'r-1'
    });
    expect(readFailure({ body: { message: 'Apex CPU time limit' } })).toEqual({
      kind: 'ERROR',
      message: 'Apex CPU time limit'
    });
    expect(readFailure({ body: { message: '{}' } }).kind).toBe('ERROR');
    expect(readFailure(new TypeError('broken')).message).toBeUndefined();
    expect(readFailure(undefined)).toEqual({ kind: 'ERROR', message: undefined });
  });
});
