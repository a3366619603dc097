import { createElement } from 'lwc';
import ContractParties from 'c/contractParties';
import { Access } from 'c/contractAnswer';
import { contract, denial } from '../../../../../test/panel';

const [party] = contract().parties.nodes;

function show(items, access = new Access()) {
  const element = createElement('c-contract-parties', { is: ContractParties });
  Object.assign(element, { items, access });
  document.body.appendChild(element);
  return element;
}
const textOf = (element) => element.shadowRoot.querySelector('ul').textContent;
const link = (element) => element.shadowRoot.querySelector('a');

describe('c-contract-parties', () => {
  it('names each party with whom to speak to', async () => {
    const element = show([party]);
    expect(textOf(element)).toContain('Brightwater');
    expect(textOf(element)).toContain('Customer · United Kingdom');
    expect(textOf(element)).toContain('Hazel, Buyer');
    expect(link(element).href).toBe('mailto:hazel@brightwater.example');
    await expect(element).toBeAccessible();
  });

  it('shows a masked address as text: nobody can be written to by it', () => {
    const email = '…@brightwater.example';
    const masked = [{ ...denial('Contact.email'), mask: 'domain' }];
    const primaryContact = { ...party.primaryContact, email };
    const element = show([{ ...party, primaryContact }], new Access({ masked }));
    expect(textOf(element)).toContain(email);
    expect(link(element)).toBeNull();
  });

  it('shows a lock where the address is hidden', async () => {
    const denied = [denial('Contact.email')];
    const primaryContact = { ...party.primaryContact, email: null };
    const element = show([{ ...party, primaryContact }], new Access({ denied }));
    expect(textOf(element)).toContain('Restricted');
    expect(element.shadowRoot.querySelector('[title="Contact.email is for LEGAL"]')).not.toBeNull();
    await expect(element).toBeAccessible();
  });

  it('needs no contact', () => {
    const element = show([{ ...party, country: null, primaryContact: null }]);
    expect(textOf(element)).toContain('Customer');
    expect(link(element)).toBeNull();
  });
});
