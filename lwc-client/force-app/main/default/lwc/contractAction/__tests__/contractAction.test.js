import { createElement } from 'lwc';
import acknowledgeRenewal from '@salesforce/apex/ContractGraphController.acknowledgeRenewal';
import flagValue from '@salesforce/apex/ContractGraphController.flagValue';
import requestAccess from '@salesforce/apex/ContractGraphController.requestAccess';
import ContractAction from 'c/contractAction';
import { RECORD, failure, settled } from '../../../../../test/panel';

jest.mock(
  '@salesforce/apex/ContractGraphController.acknowledgeRenewal',
  () => ({ default: jest.fn() }),
  { virtual: true }
);
jest.mock('@salesforce/apex/ContractGraphController.flagValue', () => ({ default: jest.fn() }), {
  virtual: true
});
jest.mock(
  '@salesforce/apex/ContractGraphController.requestAccess',
  () => ({ default: jest.fn() }),
  { virtual: true }
);

const BY = { by: { name: 'Tess' }, at: '2026-11-27T10:00:00Z' };
const FLAG = { id: 'f1', field: 'totalValue', note: '12 were agreed', ...BY };
const answered = (name, record) => JSON.stringify({ data: { [name]: { record } } });
const ABOUT = { recordId: RECORD, contractId: 'c1', allowed: true };

function show(command, more) {
  const element = createElement('c-contract-action', { is: ContractAction });
  Object.assign(element, ABOUT, { command }, more);
  document.body.appendChild(element);
  return element;
}
const find = (element, selector) => element.shadowRoot.querySelector(selector);
const buttons = (element) => [...element.shadowRoot.querySelectorAll('lightning-button')];
const labels = (element) => buttons(element).map(({ label }) => label);
const said = (element) => find(element, '.said').textContent;

async function press(element, label) {
  buttons(element)
    .find((each) => each.label === label)
    .click();
  await settled();
}

async function write(element, text) {
  const event = new CustomEvent('change', { detail: { value: text } });
  find(element, 'lightning-input').dispatchEvent(event);
  await settled();
}

describe('c-contract-action', () => {
  it('acknowledges a renewal with one press, and says who did and when', async () => {
    acknowledgeRenewal.mockResolvedValue(answered('acknowledgeRenewal', { id: 'a1', ...BY }));
    const element = show('acknowledgeRenewal');
    const onActed = jest.fn();
    document.body.addEventListener('acted', onActed);
    await expect(element).toBeAccessible();
    await press(element, 'Acknowledge renewal');
    const [[asked]] = acknowledgeRenewal.mock.calls;
    expect(asked).toEqual({ recordId: RECORD, contractId: 'c1', key: asked.key });
    expect(asked.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(said(element)).toMatch(/^Renewal acknowledged by Tess, Nov 27, 2026/);
    expect(labels(element)).toEqual([]);
    expect(onActed).toHaveBeenCalledTimes(1);
    document.body.removeEventListener('acted', onActed);
    await expect(element).toBeAccessible();
  });

  it('says honestly who acknowledged it before, and offers nothing more', () => {
    const element = show('acknowledgeRenewal', { said: [{ id: 'a1', ...BY, by: null }] });
    expect(said(element)).toMatch(/^Renewal acknowledged by —, /);
    expect(labels(element)).toEqual([]);
  });

  it('says what came of what was said, and lets whoever was refused ask again', () => {
    const answer = 'the amendment was missing';
    const flag = { ...FLAG, outcome: 'CORRECTED', answer };
    expect(said(show('flagValue', { said: [flag] }))).toMatch(
      /: 12 were agreed · Put right · the amendment was missing$/
    );
    const refused = { id: 'r1', ...BY, outcome: 'REFUSED', answer: 'legal negotiates it' };
    const element = show('requestAccess', { said: [refused] });
    expect(said(element)).toMatch(/ · Refused · legal negotiates it$/);
    expect(labels(element)).toEqual(['Ask for access']);
    element.said = [refused, { id: 'r2', ...BY }];
    return settled().then(() => expect(labels(element)).toEqual([]));
  });

  it('asks what is wrong before it flags a value', async () => {
    flagValue.mockResolvedValue(answered('flagValue', FLAG));
    const element = show('flagValue', { field: 'totalValue' });
    await press(element, 'Flag as wrong');
    expect(find(element, 'lightning-input').label).toBe('What is wrong?');
    await expect(element).toBeAccessible();
    await press(element, 'Send');
    expect(flagValue).not.toHaveBeenCalled();
    await write(element, ' 12 were agreed ');
    await press(element, 'Send');
    expect(flagValue.mock.calls[0][0]).toMatchObject({
      field: 'totalValue',
      text: '12 were agreed'
    });
    expect(said(element)).toContain('Flagged as wrong by Tess');
    expect(said(element)).toContain(': 12 were agreed');
    expect(labels(element)).toEqual(['Flag as wrong']);
    // The panel asks again, and has the same flag: it is told once.
    element.said = [FLAG];
    await settled();
    expect(element.shadowRoot.querySelectorAll('.said p')).toHaveLength(1);
  });

  it('shows that it is sending, and nothing as done before it is', async () => {
    let answer;
    requestAccess.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const element = show('requestAccess', { field: 'liabilityCap' });
    await press(element, 'Ask for access');
    await write(element, 'the customer asks');
    await press(element, 'Send');
    expect(said(element)).toBe('Sending… the customer asks');
    expect(labels(element)).toEqual([]);
    await expect(element).toBeAccessible();
    answer(answered('requestAccess', { id: 'r1', field: 'liabilityCap', ...BY }));
    await settled();
    expect(said(element)).toMatch(/^Access asked for by Tess, /);
    expect(labels(element)).toEqual([]);
  });

  it('takes back what failed, says why with the request, and tries again under the same key', async () => {
    flagValue.mockRejectedValueOnce(failure('UNAVAILABLE', 'The service is away.', 'r-7'));
    flagValue.mockResolvedValue(answered('flagValue', FLAG));
    const element = show('flagValue', { field: 'totalValue' });
    await press(element, 'Flag as wrong');
    await write(element, '12 were agreed');
    await press(element, 'Send');
    expect(find(element, '[role="alert"]').textContent).toBe(
      'Not saved: The service is away. · Request r-7'
    );
    expect(said(element)).toBe('');
    expect(find(element, 'lightning-input').value).toBe('12 were agreed');
    await expect(element).toBeAccessible();
    await press(element, 'Try again');
    const [[first], [second]] = flagValue.mock.calls;
    expect(second).toEqual(first);
    expect(said(element)).toContain('12 were agreed');
    expect(find(element, '[role="alert"]')).toBeNull();
  });

  it('takes another key for another text', async () => {
    flagValue.mockRejectedValue(failure('ERROR', undefined, null));
    const element = show('flagValue', { field: 'totalValue' });
    await press(element, 'Flag as wrong');
    await write(element, 'one');
    await press(element, 'Send');
    await write(element, 'two');
    await press(element, 'Try again');
    const [[first], [second]] = flagValue.mock.calls;
    expect(second.key).not.toBe(first.key);
    expect(find(element, '[role="alert"]').textContent).toMatch(/^Not saved: [^·]+$/);
  });

  it('leaves everything as it was where one thinks better of it', async () => {
    const element = show('flagValue', { field: 'totalValue' });
    await press(element, 'Flag as wrong');
    await write(element, 'nothing');
    await press(element, 'Cancel');
    expect(find(element, 'lightning-input')).toBeNull();
    expect(labels(element)).toEqual(['Flag as wrong']);
    expect(flagValue).not.toHaveBeenCalled();
  });

  it('tells what was said to whom it is not offered', async () => {
    const element = show('flagValue', { allowed: false, said: [FLAG] });
    expect(said(element)).toContain('12 were agreed');
    expect(labels(element)).toEqual([]);
    await expect(element).toBeAccessible();
  });
});
