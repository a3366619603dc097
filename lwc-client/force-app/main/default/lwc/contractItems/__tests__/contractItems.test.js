import { createElement } from 'lwc';
import ContractItems from 'c/contractItems';
import { money } from '../../../../../test/panel';

function show(kind, ...items) {
  const element = createElement('c-contract-items', { is: ContractItems });
  Object.assign(element, { kind, items });
  document.body.appendChild(element);
  return element;
}
const textOf = (element) => element.shadowRoot.querySelector('ul').textContent;

describe('c-contract-items', () => {
  it('says what is sold, at what price and for which dates', async () => {
    const element = show(
      'lines',
      {
        id: '2',
        description: null,
        product: { name: 'Training day' },
        quantity: '12',
        unitPrice: '1450',
        total: null,
        startDate: '2026-03-01',
        endDate: null,
        recurring: false
      },
      {
        id: '1',
        description: 'Platform, seat',
        quantity: '400',
        unitPrice: '612',
        total: money('244800.00', 'GBP'),
        startDate: '2026-01-31',
        endDate: '2029-01-30',
        recurring: true
      },
      { id: '3', description: null, product: null, startDate: null, recurring: null }
    );
    const told = textOf(element);
    expect(told).toMatch(/—[\s\S]*Platform, seat[\s\S]*Training day/);
    expect(told).toContain('400 × £612 · Jan 31, 2026 – Jan 30, 2029 · Recurring');
    expect(told).toContain('£244,800');
    expect(told).toContain('12 × 1,450 · from Mar 1, 2026 · One-time');
    await expect(element).toBeAccessible();
  });

  it('says who owes what by when, what is open first', async () => {
    const element = show(
      'obligations',
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
    expect(textOf(element)).toMatch(/Monthly report[\s\S]*No due date[\s\S]*Fee/);
    expect(textOf(element)).toContain('Reporting · Due Dec 6, 2026 · Owed by Northlight');
    expect(element.shadowRoot.querySelector('.slds-theme_error').textContent).toBe('Overdue');
    await expect(element).toBeAccessible();
  });

  it('says what was promised and what was measured last, the worst first', async () => {
    const element = show(
      'serviceLevels',
      { id: '1', metric: 'Uptime', target: '99.9', unit: '%', state: 'ON_TRACK' },
      {
        id: '2',
        metric: 'Lost reports',
        target: '0.10',
        unit: null,
        state: 'BREACHED',
        measurements: {
          nodes: [
            { periodEnd: '2026-08-31', value: '0.08' },
            { periodEnd: '2026-10-31', value: '0.31' },
            { periodEnd: '2026-09-30', value: '0.12' }
          ]
        }
      },
      { id: '3', metric: 'Calls', target: null, state: null, measurements: { nodes: [{}] } }
    );
    expect(textOf(element)).toMatch(/Lost reports[\s\S]*Uptime/);
    expect(textOf(element)).toContain('Target 0.1 · Measured 0.31 (Oct 31, 2026)');
    expect(textOf(element)).toContain('Target 99.9 % · Not measured yet');
    await expect(element).toBeAccessible();
  });
});
