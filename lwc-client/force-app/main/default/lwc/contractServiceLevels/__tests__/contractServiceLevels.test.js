import { createElement } from 'lwc';
import ContractServiceLevels from 'c/contractServiceLevels';

function show(...items) {
  const element = createElement('c-contract-service-levels', { is: ContractServiceLevels });
  element.items = items;
  document.body.appendChild(element);
  return element;
}

describe('c-contract-service-levels', () => {
  it('says what was promised and what was measured last, the worst first', async () => {
    const element = show(
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
    const told = element.shadowRoot.querySelector('ul').textContent;
    expect(told).toMatch(/Lost reports[\s\S]*Uptime/);
    expect(told).toContain('Target 0.1 · Measured 0.31 (Oct 31, 2026)');
    expect(told).toContain('Target 99.9 % · Not measured yet');
    await expect(element).toBeAccessible();
  });
});
