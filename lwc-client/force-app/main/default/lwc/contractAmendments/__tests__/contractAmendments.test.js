import { createElement } from 'lwc';
import ContractAmendments from 'c/contractAmendments';
import { Access } from 'c/contractAnswer';
import { denial, money } from '../../../../../test/panel';

function show(...items) {
  return showWith(new Access(), items);
}
function showWith(access, items) {
  const element = createElement('c-contract-amendments', { is: ContractAmendments });
  Object.assign(element, { items, access });
  document.body.appendChild(element);
  return element;
}
const textOf = (element) => element.shadowRoot.querySelector('ol').textContent;

const extension = {
  id: 'a3',
  number: 'A3',
  kind: 'TERM',
  signedDate: '2026-09-18',
  effectiveDate: '2026-09-23',
  rationale: 'One more year',
  valueChange: money('244800.00'),
  changes: {
    nodes: [
      { id: 'x', field: 'total_value', before: '324520.00 GBP', after: '569320.00 GBP' },
      { id: 'y', field: 'expiration_date', before: null, after: '2030-01-20' },
      { id: 'z', field: 'scope', before: null, after: null }
    ]
  }
};

describe('c-contract-amendments', () => {
  it('says what each changed, from what to what', async () => {
    const element = show(extension);
    expect(textOf(element)).toContain('A3 · Term');
    expect(textOf(element)).toContain('Signed Sep 18, 2026 · Effective Sep 23, 2026');
    expect(textOf(element)).toContain('Value +€244,800');
    expect(textOf(element)).toContain('Total value: from £324,520 to £569,320');
    expect(textOf(element)).toContain('End: from — to Jan 20, 2030');
    expect(textOf(element)).toContain('Scope changed');
    await expect(element).toBeAccessible();
  });

  it('says that a masked value is approximate', () => {
    const access = new Access({ masked: [denial('Amendment.valueChange')] });
    expect(textOf(showWith(access, [extension]))).toContain('Value ≈ +€244,800');
  });

  it('shows the latest first, and what is known of one that says little', () => {
    const bare = { id: 'a1', number: 'A1', kind: null, valueChange: null, changes: null };
    const less = { ...bare, id: 'a2', number: 'A2', valueChange: money('-1.00') };
    const element = show(bare, { ...less, signedDate: '2025-01-01' }, extension);
    expect(textOf(element)).toMatch(/A3[\s\S]*A2[\s\S]*A1/);
    expect(textOf(element)).toContain('Value -€1');
  });
});
