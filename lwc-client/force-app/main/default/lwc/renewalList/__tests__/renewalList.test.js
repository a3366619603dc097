import { createElement } from 'lwc';
import getRenewals from '@salesforce/apex/ContractGraphController.getRenewals';
import RenewalList from 'c/renewalList';
import { visited } from 'lightning/navigation';
import { refreshPage } from 'lightning/refresh';
import { denial, failure, money, settled } from '../../../../../test/panel';

jest.mock('@salesforce/apex/ContractGraphController.getRenewals', () => ({ default: jest.fn() }), {
  virtual: true
});

const SOON = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
const row = (id, changes) => ({
  id,
  number: `N-${id}`,
  title: `Contract ${id}`,
  renewalType: 'AUTO_RENEW',
  noticeDeadline: '2099-01-01',
  totalValue: money('10.00'),
  account: { name: 'Brightwater', salesforceId: '001A' },
  opportunity: null,
  ...changes
});
const ROWS = [
  row('a', { totalValue: money('10.00') }),
  row('b', {
    noticeDeadline: SOON,
    totalValue: money('900.00'),
    opportunity: { salesforceId: '006B' }
  }),
  row('c', { noticeDeadline: '2098-01-01', totalValue: null, account: null }),
  row('d', {
    noticeDeadline: '2098-06-01',
    totalValue: money('5.00', 'GBP'),
    account: { name: 'Aegir', salesforceId: '001D' }
  })
];
const given = (nodes, access) =>
  JSON.stringify({
    data: { contracts: { totalCount: nodes.length + 3, nodes } },
    extensions: { access }
  });

async function show(properties) {
  const element = createElement('c-renewal-list', { is: RenewalList });
  Object.assign(element, properties);
  document.body.appendChild(element);
  await settled();
  return element;
}
const find = (element, selector) => element.shadowRoot.querySelector(selector);
const titles = (element) =>
  [...element.shadowRoot.querySelectorAll('.what')].map((each) =>
    each.querySelector('button, span').textContent.trim()
  );
const state = (element) => find(element, 'c-contract-state')?.kind;

async function choose(element, place, value) {
  const box = element.shadowRoot.querySelectorAll('lightning-combobox')[place];
  box.dispatchEvent(new CustomEvent('change', { detail: { value } }));
  await settled();
}

const notSaid = (data) =>
  `{"data":${data},"extensions":{"access":{"salesforce":{"state":"ASKING","reason":"ask again"}}}}`;

describe('c-renewal-list', () => {
  beforeEach(() => getRenewals.mockResolvedValue(given(ROWS)));

  it('shows my contracts in their notice window, the next deadline first', async () => {
    const element = await show();
    expect(getRenewals).toHaveBeenCalledWith({ mine: true, pageSize: 20 });
    expect(titles(element)).toEqual(['Contract b', 'Contract c', 'Contract d', 'Contract a']);
    expect(find(element, '.urgent').textContent).toBe('in 5 days');
    expect(find(element, '.slds-m-top_x-small').textContent).toBe('4 of 7 contracts');
    await expect(element).toBeAccessible();
  });

  it('sorts by value within a currency, and by account', async () => {
    const element = await show();
    await choose(element, 1, 'value');
    expect(titles(element)).toEqual(['Contract b', 'Contract a', 'Contract d', 'Contract c']);
    await choose(element, 1, 'account');
    expect(titles(element)[1]).toBe('Contract d');
  });

  it('shows one whose deadline is hidden last', async () => {
    getRenewals.mockResolvedValue(given([row('x', { noticeDeadline: null }), ...ROWS]));
    const element = await show();
    expect(titles(element).at(-1)).toBe('Contract x');
  });

  it('asks for those of all where one wants them', async () => {
    const element = await show({ pageSize: 5 });
    await choose(element, 0, 'all');
    expect(getRenewals).toHaveBeenLastCalledWith({ mine: false, pageSize: 5 });
  });

  it('leads to the opportunity, or else to the account', async () => {
    const element = await show();
    visited.length = 0;
    element.shadowRoot.querySelectorAll('button').forEach((each) => each.click());
    expect(visited.map((each) => each.attributes.recordId)).toEqual(['006B', '001D', '001A']);
  });

  it('says that a value is approximate', async () => {
    getRenewals.mockResolvedValue(given(ROWS, { masked: [denial('Contract.totalValue')] }));
    const element = await show();
    expect(find(element, '.figures').textContent).toContain('≈ €900');
  });

  it('says that a value is hidden', async () => {
    const denied = [denial('Contract.totalValue')];
    getRenewals.mockResolvedValue(given([row('a', { totalValue: null })], { denied }));
    const element = await show();
    expect(find(element, '.figures').textContent).toContain('Restricted');
    await expect(element).toBeAccessible();
  });

  it.each([
    ['NO_RENEWALS', given([])],
    ['NO_ACCESS', '{"data":{"contracts":null}}'],
    ['NOT_SAID', notSaid('{"contracts":{"nodes":[],"totalCount":0}}')],
    ['ERROR', '<html>']
  ])('says %s', async (kind, answer) => {
    getRenewals.mockResolvedValue(answer);
    expect(state(await show())).toBe(kind);
  });

  it('shows a skeleton until the answer is there', async () => {
    getRenewals.mockReturnValue(new Promise(() => {}));
    expect(state(await show())).toBe('LOADING');
  });

  it('says what happened, tries again, and follows the page', async () => {
    getRenewals.mockRejectedValueOnce(failure('UNAVAILABLE', 'away', 'r-9'));
    const element = await show();
    expect(find(element, 'c-contract-state')).toMatchObject({
      failure: { message: 'away', requestId: 'r-9' }
    });
    await expect(element).toBeAccessible();
    find(element, 'c-contract-state').dispatchEvent(new CustomEvent('retry'));
    await settled();
    expect(titles(element)).toHaveLength(4);
    expect(await refreshPage()).toEqual([true]);
    element.remove();
    expect(await refreshPage()).toEqual([]);
  });
});
