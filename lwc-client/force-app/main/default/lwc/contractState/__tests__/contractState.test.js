import { createElement } from 'lwc';
import ContractState from 'c/contractState';

function show(properties) {
  const element = createElement('c-contract-state', { is: ContractState });
  Object.assign(element, properties);
  document.body.appendChild(element);
  return element;
}
const textOf = (element) => element.shadowRoot.querySelector('[role]').textContent;

describe('c-contract-state', () => {
  it('says that contracts are being loaded', async () => {
    const element = show({ kind: 'LOADING' });
    const place = element.shadowRoot.querySelector('[role="status"]');
    expect(place.getAttribute('aria-busy')).toBe('true');
    expect(textOf(element)).toContain('Loading contracts');
    await expect(element).toBeAccessible();
  });

  it.each([
    ['EMPTY', 'No contract yet', 'status'],
    ['NO_RENEWALS', 'Nothing to decide', 'status'],
    ['NO_ACCESS', 'Contracts are not shown to you', 'status'],
    ['NOT_SAID', 'Salesforce has not said yet what you may see', 'alert'],
    ['UNAVAILABLE', 'The contract service cannot be reached', 'alert'],
    ['ERROR', 'The contracts could not be loaded', 'alert'],
    ['SOMETHING_NEW', 'The contracts could not be loaded', 'alert']
  ])('%s: says what it is and what to do', async (kind, title, role) => {
    const element = show({ kind });
    expect(textOf(element)).toContain(title);
    expect(element.shadowRoot.querySelector(`[role="${role}"]`)).not.toBeNull();
    expect(Boolean(element.shadowRoot.querySelector('lightning-button'))).toBe(role === 'alert');
    await expect(element).toBeAccessible();
  });

  it('shows the message and the id by which the request is found', () => {
    const element = show({ kind: 'ERROR', failure: { message: 'It broke.', requestId: 'r-1' } });
    expect(textOf(element)).toContain('It broke.');
    expect(textOf(element)).toContain('Request r-1');
  });

  it('asks for another try', () => {
    const element = show({ kind: 'UNAVAILABLE' });
    const onRetry = jest.fn();
    element.addEventListener('retry', onRetry);
    element.shadowRoot.querySelector('lightning-button').click();
    expect(onRetry).toHaveBeenCalledTimes(1);
  });
});
