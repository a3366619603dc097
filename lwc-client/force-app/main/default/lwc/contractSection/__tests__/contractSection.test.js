import { createElement } from 'lwc';
import ContractSection from 'c/contractSection';
import { denial, settled } from '../../../../../test/panel';

function show(properties) {
  const element = createElement('c-contract-section', { is: ContractSection });
  Object.assign(element, { label: 'Documents' }, properties);
  document.body.appendChild(element);
  return element;
}
const textOf = (element) => element.shadowRoot.querySelector('section').textContent;
const button = (element) => element.shadowRoot.querySelector('button');

describe('c-contract-section', () => {
  it('opens and closes', async () => {
    const element = show({ list: { totalCount: 1, nodes: [{}] } });
    expect(button(element).textContent).toContain('Documents (1)');
    expect(element.shadowRoot.querySelector('slot')).toBeNull();
    button(element).click();
    await settled();
    expect(button(element).getAttribute('aria-expanded')).toBe('true');
    expect(element.shadowRoot.querySelector('slot')).not.toBeNull();
    button(element).click();
    await settled();
    expect(button(element).getAttribute('aria-expanded')).toBe('false');
    await expect(element).toBeAccessible();
  });

  it('says how many of how many are shown', () => {
    const element = show({ open: true, list: { totalCount: 34, nodes: [{}, {}] } });
    expect(textOf(element)).toContain('2 of 34 shown');
  });

  it('says that there is nothing', async () => {
    const element = show({ open: true, list: { totalCount: 0, nodes: [] } });
    expect(textOf(element)).toContain('None on record');
    await expect(element).toBeAccessible();
  });

  it('says so where a list is absent and nothing hides it', () => {
    const element = show({ open: true, list: null, access: { state: 'empty' } });
    expect(textOf(element)).toContain('Documents (0)');
    expect(textOf(element)).toContain('None on record');
  });

  it('says why the whole list is hidden', async () => {
    const access = { state: 'hidden', ...denial('Contract.documents') };
    const element = show({ open: true, list: null, access });
    expect(textOf(element)).toContain('Not shown to your role');
    expect(textOf(element)).toContain('Contract.documents is for LEGAL');
    await expect(element).toBeAccessible();
  });
});
