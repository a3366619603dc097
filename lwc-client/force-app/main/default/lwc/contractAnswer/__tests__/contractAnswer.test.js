import {
  Access,
  readChanges,
  readFailure,
  readPanel,
  readRenewals,
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

  it('reads renewals and changes, and that they are hidden', () => {
    expect(readRenewals('{"data":{"contracts":null}}')).toMatchObject({ isShown: false, total: 0 });
    expect(
      readRenewals('{"data":{"contracts":{"totalCount":1,"nodes":[{}]}}}').contracts
    ).toHaveLength(1);
    expect(readChanges('{"data":{"contract":{"changes":null}},"extensions":{}}').hidden).toBe(true);
    expect(readChanges('{"data":{"contract":{"changes":{"nodes":[]}}}}')).toEqual({
      changes: [],
      hidden: false
    });
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
