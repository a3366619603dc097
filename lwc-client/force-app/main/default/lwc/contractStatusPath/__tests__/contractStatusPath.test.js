import { createElement } from 'lwc';
import ContractStatusPath from 'c/contractStatusPath';

function show(status) {
  const element = createElement('c-contract-status-path', { is: ContractStatusPath });
  element.status = status;
  document.body.appendChild(element);
  return element;
}
const stepsOf = (element) =>
  [...element.shadowRoot.querySelectorAll('lightning-progress-step')].map((each) => each.label);

describe('c-contract-status-path', () => {
  it('leads from draft to active', async () => {
    const element = show('IN_REVIEW');
    expect(stepsOf(element)).toEqual(['Draft', 'In review', 'In signature', 'Executed', 'Active']);
    expect(element.shadowRoot.querySelector('.narrow').textContent).toContain('Step 2 of 5');
    await expect(element).toBeAccessible();
  });

  it('ends with where the contract stands after that', () => {
    const element = show('AMENDED');
    expect(stepsOf(element).at(-1)).toBe('Amended');
    expect(element.shadowRoot.querySelector('.narrow').textContent).toContain('Step 6 of 6');
  });
});
