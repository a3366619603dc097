import { createElement } from 'lwc';
import getHeld from '@salesforce/apex/SyncHealthController.getHeld';
import getSyncHealth from '@salesforce/apex/SyncHealthController.getSyncHealth';
import SyncHealth from 'c/syncHealth';
import { refreshPage } from 'lightning/refresh';
import { failure, settled } from '../../../../../test/panel';

jest.mock('@salesforce/apex/SyncHealthController.getSyncHealth', () => ({ default: jest.fn() }), {
  virtual: true
});

jest.mock('@salesforce/apex/SyncHealthController.getHeld', () => ({ default: jest.fn() }), {
  virtual: true
});
const AT = '2026-11-27T12:00:00Z';
const passage = (changes) => ({
  direction: 'TO_SALESFORCE',
  object: 'Opportunity',
  done: 1200,
  perMinute: 20,
  latencyP50Ms: 350,
  latencyP99Ms: 4200,
  putOff: 3,
  held: 0,
  failureRate: 0.0025,
  accepted: 0,
  refused: 2,
  conflicts: 0,
  conflictRate: 0,
  ...changes
});
const health = (changes) => ({
  at: AT,
  minutes: 60,
  passages: [
    passage(),
    passage({ direction: 'FROM_CLM', object: 'Contract', conflicts: 4, latencyP99Ms: 3_600_000 })
  ],
  backlog: [{ queue: 'outbox', waiting: 12, lanes: 9, oldest: '2026-11-27T11:58:00Z' }],
  oldest: '2026-11-27T11:58:00Z',
  held: 3,
  quarantine: [{ queue: 'inbox', error: 'Malformed', count: 3, since: '2026-11-26T08:00:00Z' }],
  salesforce: { at: AT, limitLeft: 14000, limitAllowed: 15000, breakerOpen: false },
  replays: [],
  drift: [],
  ...changes
});
const QUIET = health({
  passages: [],
  backlog: [],
  oldest: null,
  held: 0,
  quarantine: [],
  salesforce: null
});
const given = (syncHealth) => JSON.stringify({ data: { syncHealth } });

const NOT_HELD = JSON.stringify({ data: { held: null, viewer: { commands: [] } } });

async function show(answer = health()) {
  getHeld.mockResolvedValue(NOT_HELD);
  getSyncHealth.mockResolvedValue(given(answer));
  const element = createElement('c-sync-health', { is: SyncHealth });
  document.body.appendChild(element);
  await settled();
  return element;
}
const all = (element, selector) => [...element.shadowRoot.querySelectorAll(selector)];
const state = (element) => element.shadowRoot.querySelector('c-contract-state');
const factsIn = (place) =>
  Object.fromEntries(
    [...place.querySelectorAll('dl > div')].map((each) => [
      each.querySelector('dt').textContent,
      each.querySelector('dd').textContent
    ])
  );
const urgent = (element) => all(element, '.urgent').map(({ textContent }) => textContent);

describe('c-sync-health', () => {
  it('says how it stands, and what went across by direction and object', async () => {
    const element = await show();
    expect(getSyncHealth).toHaveBeenCalledWith({ minutes: 60 });
    expect(factsIn(all(element, 'section')[0])).toEqual({
      'In quarantine': '3',
      'Oldest that waits': '2 min',
      Salesforce: 'answers',
      'Calls left today': '14,000 of 15,000'
    });
    const [outward] = all(element, 'li');
    expect(outward.querySelector('strong').textContent).toBe(
      'The graph to Salesforce · Opportunity'
    );
    expect(factsIn(outward)).toMatchObject({
      Done: '1,200',
      'A minute': '20',
      'Half within': '350 ms',
      '99 % within': '4.2 sec',
      Failures: '0.25%'
    });
    await expect(element).toBeAccessible();
  });

  it('shows what wants an eye: what is held, in conflict, or takes for ever', async () => {
    expect(urgent(await show())).toEqual(['3', '1 hr', '4']);
  });

  it('asks anew once something was decided about what is held', async () => {
    const element = await show();
    const held = element.shadowRoot.querySelector('c-sync-held');
    expect(held.at).toBe(AT);
    held.dispatchEvent(new CustomEvent('acted'));
    await settled();
    expect(getSyncHealth).toHaveBeenCalledTimes(2);
  });

  it('says that Salesforce fails, and that its calls run out', async () => {
    const salesforce = { at: AT, limitLeft: 100, limitAllowed: 15000, breakerOpen: true };
    const element = await show(health({ salesforce, held: 0, passages: [] }));
    expect(urgent(element)).toEqual(['left alone, it fails', '100 of 15,000']);
  });

  it('says that nothing waits, was held, or was ever written', async () => {
    const element = await show(QUIET);
    expect(factsIn(all(element, 'section')[0])).toEqual({
      'In quarantine': '0',
      'Oldest that waits': 'nothing waits',
      Salesforce: 'never written to'
    });
    expect(all(element, 'section > p').map(({ textContent }) => textContent)).toEqual([
      'Nothing went across in this time.',
      'Nothing waits.',
      'Nothing is in quarantine.'
    ]);
    await expect(element).toBeAccessible();
  });

  it('shows replay positions and drift where there are any', async () => {
    const replays = [{ object: 'Opportunity', position: 'AAAB', at: AT }];
    const element = await show({
      ...QUIET,
      replays,
      drift: [{ object: 'Account', count: 5, at: AT }]
    });
    const [replay, drift] = all(element, 'li').map(factsIn);
    expect(replay['Replay id']).toBe('AAAB');
    expect(drift.Values).toBe('5');
  });

  it('asks for another time', async () => {
    const element = await show();
    const box = element.shadowRoot.querySelector('lightning-combobox');
    expect(box.options.map(({ label }) => label)[0]).toBe('15 min');
    box.dispatchEvent(new CustomEvent('change', { detail: { value: '1440' } }));
    await settled();
    expect(getSyncHealth).toHaveBeenLastCalledWith({ minutes: 1440 });
  });

  it('says who may see it to whom may not', async () => {
    const element = await show(null);
    expect(element.shadowRoot.textContent).toContain('told to those who oversee it');
    expect(state(element)).toBeNull();
    await expect(element).toBeAccessible();
  });

  it('shows a skeleton until the answer is there', async () => {
    getSyncHealth.mockReturnValue(new Promise(() => {}));
    const element = createElement('c-sync-health', { is: SyncHealth });
    document.body.appendChild(element);
    await settled();
    expect(state(element).kind).toBe('LOADING');
  });

  it('says what happened, tries again, and follows the page', async () => {
    getSyncHealth.mockRejectedValueOnce(failure('UNAVAILABLE', 'away', 'r-9'));
    const element = createElement('c-sync-health', { is: SyncHealth });
    document.body.appendChild(element);
    await settled();
    expect(state(element).failure).toMatchObject({ message: 'away', requestId: 'r-9' });
    getSyncHealth.mockResolvedValue(given(health()));
    state(element).dispatchEvent(new CustomEvent('retry'));
    await settled();
    expect(state(element)).toBeNull();
    expect(await refreshPage()).toEqual([true]);
    element.remove();
    expect(await refreshPage()).toEqual([]);
  });
});
