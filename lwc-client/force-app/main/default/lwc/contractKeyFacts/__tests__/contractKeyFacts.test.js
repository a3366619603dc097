import { createElement } from 'lwc';
import ContractKeyFacts from 'c/contractKeyFacts';
import { Access } from 'c/contractAnswer';
import { RECORD, contract, denial } from '../../../../../test/panel';

jest.mock(
  '@salesforce/apex/ContractGraphController.getProvenance',
  () => ({ default: jest.fn() }),
  { virtual: true }
);

function show(properties) {
  const element = createElement('c-contract-key-facts', { is: ContractKeyFacts });
  Object.assign(
    element,
    { contract: contract(), access: new Access(), recordId: RECORD },
    properties
  );
  document.body.appendChild(element);
  return element;
}
const factsOf = (element) =>
  Object.fromEntries(
    [...element.shadowRoot.querySelectorAll('c-contract-field')].map((each) => [each.name, each])
  );

describe('c-contract-key-facts', () => {
  it("formats each value in the user's locale", async () => {
    const element = show();
    const facts = factsOf(element);
    expect(facts.totalValue.text).toBe('€569,320');
    expect(facts.expirationDate.text).toBe('Jan 30, 2029');
    expect(facts.discountPercent.text).toBe('12.5%');
    expect(facts.billingFrequency.text).toBe('Yearly');
    expect(facts.contractOwner.text).toBe('Maren');
    expect(facts.governingLaw.access.state).toBe('empty');
    await expect(element).toBeAccessible();
  });

  it('passes on what is hidden and masked', () => {
    const access = new Access({
      denied: [denial('Contract.liabilityCap')],
      masked: [denial('Contract.totalValue')]
    });
    const facts = factsOf(show({ access }));
    expect(facts.liabilityCap.access.state).toBe('hidden');
    expect(facts.totalValue.access.state).toBe('masked');
  });

  it('gives each value where it comes from', () => {
    const known = { field: 'totalValue', owner: 'CLM', system: 'CLM' };
    const provenance = { totalCount: 1, nodes: [known] };
    const facts = factsOf(show({ contract: contract({ provenance }) }));
    expect(facts.totalValue.provenance).toEqual(known);
    expect(facts.effectiveDate.provenance).toBeNull();
  });

  it('gives each value what was said of it', () => {
    const flags = [
      { id: 'f1', field: 'totalValue', note: '12 were agreed' },
      { id: 'f2', field: null, note: null }
    ];
    const requests = [
      { id: 'r1', field: 'liabilityCap', by: { salesforceId: '005me' } },
      { id: 'r2', field: 'liabilityCap', by: { salesforceId: '005other' } }
    ];
    const access = new Access(
      { denied: [denial('Contract.liabilityCap')] },
      { subject: '005me', commands: ['flagValue'] }
    );
    const facts = factsOf(
      show({
        access,
        contract: contract({ valueFlags: { nodes: flags }, accessRequests: { nodes: requests } })
      })
    );
    expect(facts.totalValue.access).toMatchObject({ command: 'flagValue', allowed: true });
    expect(facts.totalValue.said).toEqual([flags[0]]);
    expect(facts.arr.said).toEqual([]);
    expect(facts.liabilityCap.access).toMatchObject({ command: 'requestAccess', allowed: false });
    expect(facts.liabilityCap.said).toEqual([requests[0]]);
  });

  it('shows the first facts only where it is compact', () => {
    expect(Object.keys(factsOf(show({ compact: true })))).toEqual([
      'totalValue',
      'arr',
      'effectiveDate',
      'expirationDate'
    ]);
  });
});
