import { createElement } from 'lwc';
import getPanel from '@salesforce/apex/ContractGraphController.getPanel';
import ContractPanel from 'c/contractPanel';
import { refreshPage, registered } from 'lightning/refresh';
import { RECORD, answer, contract, denial, failure, settled } from '../../../../../test/panel';

const mockFormFactor = jest.fn(() => 'Large');
jest.mock(
  '@salesforce/client/formFactor',
  () => ({
    __esModule: true,
    get default() {
      return mockFormFactor();
    }
  }),
  { virtual: true }
);
jest.mock('@salesforce/apex/ContractGraphController.getPanel', () => ({ default: jest.fn() }), {
  virtual: true
});
jest.mock(
  '@salesforce/apex/ContractGraphController.getProvenance',
  () => ({ default: jest.fn() }),
  { virtual: true }
);

async function show(properties) {
  const element = createElement('c-contract-panel', { is: ContractPanel });
  Object.assign(element, { recordId: RECORD }, properties);
  document.body.appendChild(element);
  await settled();
  return element;
}
const find = (element, selector) => element.shadowRoot.querySelector(selector);
const findAll = (element, selector) => [...element.shadowRoot.querySelectorAll(selector)];
const state = (element) => find(element, 'c-contract-state')?.kind;
const title = (element) => find(element, 'h2')?.textContent;

const notSaid = (data) =>
  `{"data":${data},"extensions":{"access":{"salesforce":{"state":"ASKING","reason":"ask again"}}}}`;

describe('c-contract-panel', () => {
  beforeEach(() => getPanel.mockResolvedValue(answer([contract()])));

  it('asks once, and shows all of the contract', async () => {
    const element = await show();
    expect(getPanel.mock.calls).toEqual([[{ recordId: RECORD }]]);
    expect(title(element)).toBe('Order Form 1');
    expect(findAll(element, 'c-contract-section').map((each) => each.label)).toEqual([
      'Parties',
      'Documents',
      'Amendments',
      'Obligations',
      'Service levels',
      'Lines'
    ]);
    expect(find(element, 'lightning-combobox')).toBeNull();
    expect(find(element, '[slot="footer"]').textContent).toContain('Last changed Nov 27, 2026');
    await expect(element).toBeAccessible();
  });

  it('shows a skeleton until the answer is there', async () => {
    getPanel.mockReturnValue(new Promise(() => {}));
    const element = await show();
    expect(state(element)).toBe('LOADING');
    expect(find(element, 'lightning-button-icon').disabled).toBe(true);
    await expect(element).toBeAccessible();
  });

  it('asks nothing before the page has told its record', async () => {
    const element = await show({ recordId: undefined });
    expect(getPanel).not.toHaveBeenCalled();
    element.recordId = RECORD;
    await settled();
    expect(getPanel).toHaveBeenCalledTimes(1);
  });

  it('lets one of several be picked, the most urgent first', async () => {
    const urgent = { id: 'c2', number: null, inNoticeWindow: true, title: 'Support' };
    getPanel.mockResolvedValue(
      answer([contract(), contract({ ...urgent, noticeDeadline: '2026-12-01' })])
    );
    const element = await show();
    const picker = find(element, 'lightning-combobox');
    expect(title(element)).toBe('Support');
    expect(picker.label).toBe('2 contracts, the most urgent first');
    expect(picker.options[0].label).toBe('Support');
    expect(picker.options[0].description).toMatch(/^Notice due /);
    expect(picker.options[1]).toMatchObject({
      label: 'OF-1',
      description: 'Order Form 1 · Active'
    });
    picker.dispatchEvent(new CustomEvent('change', { detail: { value: 'c1' } }));
    await settled();
    expect(title(element)).toBe('Order Form 1');
    expect(getPanel).toHaveBeenCalledTimes(1);
    await expect(element).toBeAccessible();
  });

  it('says that there are more than it shows', async () => {
    const more = JSON.parse(answer([contract(), contract({ id: 'c2' })]));
    more.data.opportunity.contracts.totalCount = 40;
    getPanel.mockResolvedValue(JSON.stringify(more));
    const element = await show();
    expect(find(element, 'lightning-combobox').label).toContain('The 2 last changed of 40');
  });

  it('passes on what the policy hides', async () => {
    const denied = [denial('Contract.lines'), denial('Contract.riskLevel')];
    getPanel.mockResolvedValue(answer([contract({ lines: null, riskLevel: null })], { denied }));
    const element = await show();
    const lines = findAll(element, 'c-contract-section').at(-1);
    expect(lines.access).toMatchObject({ state: 'hidden', reason: 'Contract.lines is for LEGAL' });
    await expect(element).toBeAccessible();
  });

  it.each([
    ['EMPTY', answer([])],
    ['NO_ACCESS', '{"data":{"opportunity":null}}'],
    ['NOT_SAID', notSaid('{"opportunity":null}')]
  ])('says %s where no contract is to be seen', async (kind, given) => {
    getPanel.mockResolvedValue(given);
    const element = await show();
    expect(state(element)).toBe(kind);
    await expect(element).toBeAccessible();
  });

  it('says what happened, and tries again', async () => {
    getPanel.mockRejectedValueOnce(failure('UNAVAILABLE', 'The service is away.', 'r-7'));
    const element = await show();
    const shown = find(element, 'c-contract-state');
    expect(shown).toMatchObject({
      kind: 'UNAVAILABLE',
      failure: { message: 'The service is away.', requestId: 'r-7' }
    });
    await expect(element).toBeAccessible();
    shown.dispatchEvent(new CustomEvent('retry'));
    await settled();
    expect(title(element)).toBe('Order Form 1');
  });

  it('says that an answer could not be read', async () => {
    getPanel.mockResolvedValue('<html>');
    expect(state(await show())).toBe('ERROR');
  });

  it('asks again when the page refreshes, and keeps what was picked', async () => {
    const both = answer([contract(), contract({ id: 'c2', title: 'Second', number: 'OF-2' })]);
    getPanel.mockResolvedValue(both);
    const element = await show();
    find(element, 'lightning-combobox').dispatchEvent(
      new CustomEvent('change', { detail: { value: 'c2' } })
    );
    expect(await refreshPage()).toEqual([true]);
    await settled();
    expect(getPanel).toHaveBeenCalledTimes(2);
    expect(title(element)).toBe('Second');
    getPanel.mockRejectedValue(failure('UNAVAILABLE'));
    expect(await refreshPage()).toEqual([false]);
  });

  it('asks again when one comes back after a while, not at each glance', async () => {
    const element = await show();
    window.dispatchEvent(new CustomEvent('focus'));
    expect(getPanel).toHaveBeenCalledTimes(1);
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    window.dispatchEvent(new CustomEvent('focus'));
    await settled();
    expect(getPanel).toHaveBeenCalledTimes(2);
    jest.restoreAllMocks();
    element.remove();
  });

  it('takes the answer to the latest question', async () => {
    let late;
    getPanel.mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
    const element = await show();
    getPanel.mockResolvedValue(answer([contract({ title: 'New' })]));
    element.recordId = '001xxNL00000001ADA';
    await settled();
    late(answer([contract({ title: 'Old' })]));
    await settled();
    expect(title(element)).toBe('New');
  });

  it('leaves nothing behind', async () => {
    const before = registered();
    const element = await show();
    expect(registered()).toBe(before + 1);
    element.remove();
    expect(registered()).toBe(before);
  });

  it('shows the renewal and the first facts where it is compact', async () => {
    const element = await show({ density: 'compact' });
    expect(findAll(element, 'c-contract-section')).toEqual([]);
    expect(find(element, 'c-contract-key-facts').compact).toBe(true);
  });

  it('shows the parts that the page wants', async () => {
    const element = await show({
      showPath: false,
      showRisk: false,
      showRenewal: false,
      showFacts: false,
      showParties: false,
      showServiceLevels: false
    });
    expect(findAll(element, 'c-contract-section').map((each) => each.label)).toEqual([
      'Documents',
      'Amendments',
      'Obligations',
      'Lines'
    ]);
    for (const gone of ['status-path', 'risk', 'renewal', 'key-facts']) {
      expect(find(element, `c-contract-${gone}`)).toBeNull();
    }
  });

  it('lets the coming renewal be acknowledged, and asks again once it was', async () => {
    const acted = JSON.parse(answer([contract()]));
    acted.data.viewer = { subject: '005me', commands: ['acknowledgeRenewal'] };
    getPanel.mockResolvedValue(JSON.stringify(acted));
    const element = await show();
    const action = find(element, 'c-contract-action');
    expect(action).toMatchObject({
      command: 'acknowledgeRenewal',
      allowed: true,
      said: [],
      contractId: 'c1'
    });
    action.dispatchEvent(new CustomEvent('acted', { bubbles: true, composed: true }));
    await settled();
    expect(getPanel).toHaveBeenCalledTimes(2);
  });

  it('offers nothing to acknowledge where no renewal is ahead', async () => {
    getPanel.mockResolvedValue(answer([contract({ renewalDate: null })]));
    expect(find(await show(), 'c-contract-action')).toBeNull();
  });

  it('shows a contract of which little is known', async () => {
    getPanel.mockResolvedValue(
      answer([contract({ number: null, type: null, status: null, updatedAt: null })])
    );
    const element = await show();
    expect(find(element, '.head p').textContent).toBe('No number');
    expect(find(element, 'c-contract-status-path')).toBeNull();
    expect(find(element, '[slot="footer"]')).toBeNull();
  });
});
