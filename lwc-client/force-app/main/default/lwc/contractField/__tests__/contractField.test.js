import { createElement } from 'lwc';
import getProvenance from '@salesforce/apex/ContractGraphController.getProvenance';
import ContractField from 'c/contractField';
import { RECORD, failure, settled } from '../../../../../test/panel';

jest.mock(
  '@salesforce/apex/ContractGraphController.getProvenance',
  () => ({ default: jest.fn() }),
  { virtual: true }
);

const KNOWN = {
  field: 'totalValue',
  owner: 'CLM',
  system: 'CLM',
  source: 'agreements',
  claimedAt: '2026-05-12T10:00:00Z',
  recordedAt: '2026-05-13T10:00:00Z'
};
const REASON = 'Contract.liabilityCap is for LEGAL';

function show(properties) {
  const element = createElement('c-contract-field', { is: ContractField });
  Object.assign(
    element,
    { name: 'totalValue', text: '€12', recordId: RECORD, contractId: 'c1' },
    properties
  );
  document.body.appendChild(element);
  return element;
}
const textOf = (element) => element.shadowRoot.textContent;

async function open(element) {
  element.shadowRoot.querySelector('button').click();
  await settled();
}

const answered = (changes) =>
  getProvenance.mockResolvedValue(
    JSON.stringify({ data: { contract: { changes } }, extensions: {} })
  );

describe('c-contract-field', () => {
  it('shows the value with its label', async () => {
    const element = show();
    expect(textOf(element)).toContain('Total value');
    expect(textOf(element)).toContain('€12');
    await expect(element).toBeAccessible();
  });

  it('shows a dash where there is no value', () => {
    expect(textOf(show({ text: '', access: { state: 'empty' } }))).toContain('—');
  });

  it('claims neither where a value may be hidden or absent', () => {
    const element = show({ text: '', access: { state: 'maybe', reason: REASON } });
    expect(textOf(element)).toContain('Empty or restricted');
  });

  it('shows a lock in the place of a hidden value, and on a click the reason', async () => {
    const element = show({
      name: 'liabilityCap',
      text: '',
      access: { state: 'hidden', reason: REASON, rule: 'sales_rep.LEGAL = deny' }
    });
    const button = element.shadowRoot.querySelector('button');
    expect(textOf(element)).toContain('Restricted');
    expect(button.title).toBe('Why Liability cap is restricted');
    expect(button.getAttribute('aria-expanded')).toBe('false');
    await open(element);
    expect(button.getAttribute('aria-expanded')).toBe('true');
    expect(textOf(element)).toContain(REASON);
    expect(textOf(element)).toContain('Rule: sales_rep.LEGAL = deny');
    expect(getProvenance).not.toHaveBeenCalled();
    await expect(element).toBeAccessible();
  });

  it('says that a masked value is approximate, and how', async () => {
    const access = { state: 'masked', mask: 'one significant digit', reason: REASON };
    const element = show({ access });
    const icon = element.shadowRoot.querySelector('lightning-icon');
    expect(icon.alternativeText).toBe('Approximate: one significant digit');
    await expect(element).toBeAccessible();
  });

  it('tells on demand who claimed the value, and which system owns it', async () => {
    answered({
      nodes: [
        {
          id: 'x',
          claimedBy: 'ironclad',
          claimedAt: '2026-05-12T10:00:00Z',
          decision: 'ACCEPTED',
          reason: 'the owner says so'
        },
        {
          id: 'y',
          claimedBy: 'salesforce',
          claimedAt: null,
          recordedAt: '2026-05-11T10:00:00Z',
          decision: 'REFUSED',
          reason: null
        }
      ]
    });
    const element = show();
    expect(getProvenance).not.toHaveBeenCalled();
    await open(element);
    expect(getProvenance).toHaveBeenCalledWith({
      recordId: RECORD,
      contractId: 'c1',
      fields: ['totalValue', 'total_value', 'total_value_id']
    });
    expect(textOf(element)).toContain(
      'Salesforce owns it until it is signed, then the contract system.'
    );
    expect(textOf(element)).toMatch(/Accepted: ironclad, May 12, 2026/);
    expect(textOf(element)).toContain(' · the owner says so');
    expect(textOf(element)).toMatch(/Refused: salesforce, May 11, 2026/);
    await expect(element).toBeAccessible();
  });

  it('tells which connection a value came by, and when', async () => {
    answered(null);
    const element = show({ provenance: KNOWN });
    expect(element.shadowRoot.querySelector('lightning-icon').iconName).toBe('utility:info');
    await open(element);
    expect(textOf(element)).toContain('The contract system owns it once it is signed.');
    expect(textOf(element)).toMatch(
      /Contract system, connection agreements: claimed May 12, 2026, .+, recorded here May 13, 2026, /
    );
  });

  it.each([
    ['an edit that was refused', '€12', 'shown'],
    ['one that would have filled it', '', 'empty']
  ])(
    'marks a value with %s, and says who tried and why it was not accepted',
    async (_, text, state) => {
      answered({ nodes: [] });
      const refused = {
        refusedSystem: 'SALESFORCE',
        refusedAt: '2026-05-14T10:00:00Z',
        refusedBecause: 'the contract system owns totalValue once it is signed'
      };
      const element = show({ text, access: { state }, provenance: { ...KNOWN, ...refused } });
      const icon = element.shadowRoot.querySelector('lightning-icon');
      expect(icon.alternativeText).toBe('An edit by Salesforce was not accepted');
      await open(element);
      expect(textOf(element)).toMatch(
        /Tried May 14, 2026, .+: the contract system owns Total value once it is signed\./
      );
      await expect(element).toBeAccessible();
    }
  );

  it.each([
    ['totalValue', null, true],
    ['arr', null, false],
    ['totalValue', undefined, false]
  ])(
    'says of %s with the provenance %s whether no event is on record',
    async (name, provenance, is) => {
      answered({ nodes: [] });
      const element = show({ name, provenance });
      await open(element);
      expect(textOf(element).includes('No event on record names it')).toBe(is);
    }
  );

  it.each(['masked', 'hidden', 'maybe'])(
    'tells of a %s value its owner and no more',
    async (state) => {
      const provenance = { ...KNOWN, refusedSystem: 'SALESFORCE', refusedAt: KNOWN.claimedAt };
      const element = show({ access: { state, mask: 'roughly' }, provenance });
      await open(element);
      expect(textOf(element)).toContain('Salesforce owns it until it is signed, then');
      expect(textOf(element)).not.toMatch(/agreements|accepted|No event/);
      expect(getProvenance).not.toHaveBeenCalled();
    }
  );

  it('asks once, however often it is opened', async () => {
    answered({ nodes: [] });
    const element = show();
    await open(element);
    await open(element);
    await open(element);
    expect(getProvenance).toHaveBeenCalledTimes(1);
  });

  it('says that the history is not for this role', async () => {
    answered(null);
    const element = show();
    await open(element);
    expect(textOf(element)).toContain('The history of values is not shown to your role.');
  });

  it('says why the history could not be had', async () => {
    getProvenance.mockRejectedValue(failure('UNAVAILABLE', 'The service is away.'));
    const element = show();
    await open(element);
    expect(textOf(element)).toContain('The service is away.');
  });

  it('takes a line of its own while it is open', async () => {
    answered({ nodes: [] });
    const element = show();
    await open(element);
    expect(element.classList).toContain('open');
    await open(element);
    expect(element.classList).not.toContain('open');
  });

  it.each([
    ['flagValue', 'shown'],
    ['requestAccess', 'hidden']
  ])('offers %s where a value is %s, once it is open', async (command, state) => {
    answered({ nodes: [] });
    const access = { state, command, allowed: true };
    const element = show({ access, said: [] });
    const action = () => element.shadowRoot.querySelector('c-contract-action');
    expect(action()).toBeNull();
    await open(element);
    expect(action()).toMatchObject({
      command,
      allowed: true,
      recordId: RECORD,
      contractId: 'c1',
      field: 'totalValue'
    });
    await expect(element).toBeAccessible();
  });

  it('offers nothing where nobody can tell whether there is a value', async () => {
    answered({ nodes: [] });
    const element = show({ text: '', access: { state: 'maybe', reason: REASON } });
    await open(element);
    expect(element.shadowRoot.querySelector('c-contract-action')).toBeNull();
  });
});
