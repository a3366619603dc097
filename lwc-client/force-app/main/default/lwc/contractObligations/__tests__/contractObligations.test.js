import { createElement } from 'lwc';
import ContractObligations from 'c/contractObligations';

function show(...items) {
  const element = createElement('c-contract-obligations', { is: ContractObligations });
  element.items = items;
  document.body.appendChild(element);
  return element;
}

describe('c-contract-obligations', () => {
  it('says who owes what by when, what is open first', async () => {
    const element = show(
      { id: '1', kind: 'PAYMENT', status: 'FULFILLED', dueDate: '2020-01-01', deliverable: 'Fee' },
      { id: '2', kind: 'NOTICE', status: 'OPEN', dueDate: null, deliverable: null },
      {
        id: '3',
        kind: 'REPORTING',
        status: 'OVERDUE',
        dueDate: '2026-12-06',
        deliverable: 'Monthly report',
        responsibleParty: { legalName: 'Northlight' }
      }
    );
    const told = element.shadowRoot.querySelector('ul').textContent;
    expect(told).toMatch(/Monthly report[\s\S]*No due date[\s\S]*Fee/);
    expect(told).toContain('Reporting · Due Dec 6, 2026 · Owed by Northlight');
    expect(element.shadowRoot.querySelector('.slds-theme_error').textContent).toBe('Overdue');
    await expect(element).toBeAccessible();
  });
});
