import { createElement } from 'lwc';
import ContractKeyFacts from 'c/contractKeyFacts';
import { Access } from 'c/contractAnswer';
import { RECORD, contract, denial, settled } from '../../../../../test/panel';

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

  it('gives a line of its own to what is opened, of this contract', async () => {
    const element = show();
    const row = () => element.shadowRoot.querySelector('.fact');
    const tell = (isOpen) =>
      factsOf(element).totalValue.dispatchEvent(
        new CustomEvent('opening', { bubbles: true, detail: { isOpen } })
      );
    tell(true);
    await settled();
    expect(row().classList).toContain('open');
    tell(false);
    await settled();
    expect(row().classList).not.toContain('open');
    tell(true);
    element.contract = contract({ id: 'c2' });
    await settled();
    expect(row().classList).not.toContain('open');
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
