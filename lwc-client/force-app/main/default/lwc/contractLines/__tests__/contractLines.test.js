import { createElement } from 'lwc';
import ContractLines from 'c/contractLines';
import { money } from '../../../../../test/panel';

function show(...items) {
  const element = createElement('c-contract-lines', { is: ContractLines });
  element.items = items;
  document.body.appendChild(element);
  return element;
}

describe('c-contract-lines', () => {
  it('says what is sold, at what price and for which dates', async () => {
    const element = show(
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
    const told = element.shadowRoot.querySelector('ul').textContent;
    expect(told).toMatch(/—[\s\S]*Platform, seat[\s\S]*Training day/);
    expect(told).toContain('400 × £612 · Jan 31, 2026 – Jan 30, 2029 · Recurring');
    expect(told).toContain('£244,800');
    expect(told).toContain('12 × 1,450 · from Mar 1, 2026 · One-time');
    await expect(element).toBeAccessible();
  });
});
